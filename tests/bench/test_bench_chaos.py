"""How a run of chaos is told, and what the service under it expects of the small providers."""

import io
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import provider_setup
from bot.bench import hurry, options
from bot.bench.chaos import Aftermath
from bot.domain.jobs import JobState
from bot.jobs import running
from bot.providers.ai_client import provider as ai_client

WELL = Aftermath(
    seed=7,
    house="polling",
    broken=(),
    jobs=3,
    states={JobState.DONE: 2, JobState.FAILED: 1},
    unanswered=0,
    unbegun=0,
    kills=1,
    taken={"horde": 3},
)
BROKEN = "Job 1 is still running."


async def told(monkeypatch, aftermath):
    async def chaos(seed, size, *, folder, inherited):
        (folder / "chaos.log").write_text("what the service said")
        return aftermath

    monkeypatch.setattr(options, "chaos", chaos)
    out, progress = io.StringIO(), io.StringIO()
    code = await options.run(
        options.BenchOptions(chaos_seed=7), out=out, progress=progress, inherited={}
    )
    return code, out.getvalue(), progress.getvalue()


async def test_a_run_that_went_well_says_so(monkeypatch):
    code, said, progress = await told(monkeypatch, WELL)

    assert code == 0
    assert "3 jobs: 2 done, 1 failed." in said
    assert "Nothing lost" in said
    assert "log and data" not in progress


async def test_a_broken_run_names_its_seed_and_keeps_its_log(monkeypatch):
    aftermath = replace(WELL, broken=(BROKEN,))

    code, said, progress = await told(monkeypatch, aftermath)

    kept = Path(progress.rpartition("log and data of this run: ")[2].strip())
    assert code == 1
    assert f"BROKEN: {BROKEN}" in said
    assert "Replay it: ./easel bench --chaos 7" in said
    assert (kept / "chaos.log").read_text() == "what the service said"
    shutil.rmtree(kept)


@pytest.fixture
def unhurried(monkeypatch):
    """Put back what `hurry` changes for the whole process."""
    for module, name in (*hurry.LASTING, *hurry.FREQUENT):
        monkeypatch.setattr(module, name, getattr(module, name))


def test_a_service_in_a_hurry_waits_as_much_less_and_asks_as_much_more_often(unhurried):
    hurry.hurry(20.0)

    assert pytest.approx(0.5) == ai_client.FIND_LAG_S
    assert timedelta(seconds=1.5) == running.STALLED_MAX
    assert provider_setup.QUIET_SUBMITS_PER_S == 20
