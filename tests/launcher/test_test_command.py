"""What `./easel test` makes of pytest's arguments; the tools themselves are not run here."""

import runpy
from pathlib import Path

import pytest

COMMAND = runpy.run_path(str(Path(__file__).parents[1] / "run.py"))
picks, pytest_args = COMMAND["picks"], COMMAND["pytest_args"]

SEVERAL_PROCESSES = ["-n", "4", "--dist", "worksteal"]


@pytest.mark.parametrize(
    "args",
    [
        ["-k", "cat"],
        ["-kcat"],
        ["-m", "crash"],
        ["--lf"],
        ["--help"],
        [__file__],
        ["-v", f"{__file__}::test_nothing_given_runs_everything"],
    ],
)
def test_arguments_that_pick_tests_leave_the_linters_out(args):
    assert picks(args)
    assert pytest_args(args) == args


@pytest.mark.parametrize("args", [["-x"], ["-vv", "--maxfail", "2"], ["--markers-are-not-m"]])
def test_other_arguments_leave_everything_in(args):
    assert not picks(args)
    assert pytest_args(args) == [*SEVERAL_PROCESSES, *args]


def test_nothing_given_runs_everything():
    assert not picks([])
    assert pytest_args([]) == SEVERAL_PROCESSES


@pytest.mark.parametrize(
    "args", [["-n", "0"], ["-n4"], ["-s"], ["--capture=no"], ["--pdb"], ["-p", "no:xdist"]]
)
def test_arguments_about_processes_are_respected(args):
    assert not picks(args)
    assert pytest_args(args) == args


def test_a_step_that_fails_is_shown_and_fails(capfd):
    outcome = COMMAND["run"](
        "step", "-c", "print('what went wrong'); raise SystemExit(3)", quiet=True
    )

    assert not outcome.passed
    assert "what went wrong" in capfd.readouterr().out
    assert str(outcome).startswith("step          FAILED")


def test_a_step_that_passes_says_only_that(capfd):
    outcome = COMMAND["run"]("step", "-c", "print('chatter')", quiet=True)

    assert outcome.passed
    assert capfd.readouterr().out == ""
