"""Two seeds of chaos, small enough for every run of the tests; `./easel bench --chaos` does more."""

import os

import pytest

from bot.bench.chaos import chaos, told
from bot.bench.chaos_plan import SHORT, plan
from bot.bench.risks import RISKS

pytestmark = pytest.mark.crash

POLLING, CALLED_BACK = 9, 2


@pytest.mark.parametrize("seed", [POLLING, CALLED_BACK])
async def test_amid_every_fault_nothing_is_lost_doubled_or_untrue(seed, tmp_path, checker):
    aftermath = await chaos(
        seed, SHORT, folder=tmp_path, inherited=dict(os.environ), checker=checker
    )

    assert aftermath.broken == (), told(aftermath)
    assert aftermath.jobs > 0
    assert aftermath.kills == 1
    assert set(aftermath.taken) == set(RISKS)


def test_one_of_them_polls_and_the_other_is_called_back():
    assert not plan(POLLING, SHORT).house.calls_back
    assert plan(CALLED_BACK, SHORT).house.calls_back
