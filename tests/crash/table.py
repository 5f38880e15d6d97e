"""Run the kill matrix and print it: a line for each step, a column for each way.

.venv/bin/python -P -m tests.crash.table
"""

import re
import sys
from collections import defaultdict

import pytest

from tests.crash.ways import WAYS

TITLES = {
    "test_a_job_killed_at_any_step_is_delivered_once_and_paid_once": "",
    "test_killed_amid_a_call_that_draws_that_picture_is_given_up_and_not_paid_for": "given up: ",
    "test_a_failure_is_refunded_once_and_told": "a failure: ",
    "test_a_cancel_is_carried_out_after_the_restart_or_asked_again": "a cancel: ",
}
_CASE = re.compile(r"::(?P<test>\w+)\[(?P<way>.+), (?P<when>inside|after) (?P<step>\S+)\]$")


class Cells:
    """Listens to pytest and remembers how each case ended."""

    def __init__(self):
        self.found = defaultdict(dict)

    def pytest_runtest_logreport(self, report):
        case = _CASE.search(report.nodeid)
        if case is None or (report.when != "call" and report.passed):
            return
        line = f"{TITLES[case['test']]}{case['when']} {case['step']}"
        self.found[line][case["way"]] = "ok" if report.passed else "BROKEN"

    def lines(self):
        yield ["killed", *WAYS]
        yield ["---"] * (len(WAYS) + 1)
        for line, cells in self.found.items():
            yield [line, *(cells.get(way, "–") for way in WAYS)]


def main():
    cells = Cells()
    code = pytest.main(["tests/crash/test_kill_matrix.py", "-q", "-n", "2"], plugins=[cells])
    for line in cells.lines():
        print("| " + " | ".join(line) + " |")
    return code


if __name__ == "__main__":
    sys.exit(main())
