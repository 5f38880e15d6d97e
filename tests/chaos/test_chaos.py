"""Two seeds of chaos, small enough for every run of the tests; `./easel bench --chaos` does more."""

import os

import pytest

from bot.bench.chaos import chaos, told
from bot.bench.chaos_plan import SHORT

pytestmark = pytest.mark.crash


@pytest.mark.parametrize("seed", [4, 7])
async def test_amid_every_fault_nothing_is_lost_doubled_or_untrue(seed, tmp_path, checker):
    aftermath = await chaos(
        seed, SHORT, folder=tmp_path, inherited=dict(os.environ), checker=checker
    )

    assert aftermath.broken == (), told(aftermath)
    assert aftermath.jobs > 0
    assert aftermath.kills == 1
