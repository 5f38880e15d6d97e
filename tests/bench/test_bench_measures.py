"""The measurements themselves, as small as they can be: they work, and say what they measured."""

import os
from dataclasses import replace

import pytest

from bot.bench import cpu, deliveries, waiting
from bot.bench.chaos import Aftermath
from bot.bench.crash_matrix import crash_row, kills_row
from bot.bench.floors import bare_client
from bot.bench.ledger import CALLERS, ledger_rows
from bot.bench.town import DISCORD_RULES, open_town
from bot.bench.ways import Way, ways
from bot.domain.jobs import JobState
from bot.sandbox.providers.horde import HordeRules

DISTANCE_S = 0.02


@pytest.fixture
async def town(tmp_path):
    rules = HordeRules(https_only_webhooks=False, speed=4.0, distance_s=DISTANCE_S)
    async with open_town(
        tmp_path,
        inherited=dict(os.environ),
        discord_rules=replace(DISCORD_RULES, distance_s=DISTANCE_S),
        horde_rules=rules,
    ) as opened:
        yield opened


async def test_reserve_and_settle_has_a_row_for_each_number_of_callers(tmp_path):
    rows = await ledger_rows(tmp_path, for_s=0.05)

    assert [row.name for row in rows] == [f"reserve + settle, {n} at once" for n in CALLERS]
    assert all(row.values["per s"] > 0 and row.floor["per s"] > 0 for row in rows)


@pytest.mark.parametrize("way", ways())
async def test_a_delivery_is_measured_beside_the_bare_client(town, way):
    run = await deliveries.deliver(town, jobs=1, way=way)
    async with bare_client(town, people=1) as bare:
        floor_s = await deliveries.floor_of(bare, run)
        cpu_row = cpu.row_of(run, floor_ms=await cpu.floor_of(bare, run))
        looked_again = [
            call for call in town.horde.calls if call.path.startswith("/generate/check/")
        ][-run.provider_calls :]

    posted, *_, provider, discord = deliveries.rows_of(run, floor_s=floor_s)
    assert len(posted.samples) == len(floor_s) == 1
    assert 2 * DISTANCE_S <= posted.floor["p50"] < posted.values["p50"]
    assert provider.values["mean"] >= 2
    assert discord.values["mean"] >= 2
    assert cpu_row.values["mean"] > 0
    assert [call.status for call in looked_again] == [200] * run.provider_calls


async def test_jobs_that_wait_are_all_taken_up_by_a_restart(tmp_path):
    async with open_town(
        tmp_path,
        inherited=dict(os.environ),
        discord_rules=waiting.UNLIMITED,
        horde_rules=HordeRules(limited=False),
    ) as town:
        found = await waiting.wait_with(town, 30)

    assert found.looked_at == 30
    assert 0 < found.taken_over_s <= found.looked_at_s
    assert town.discord.violations == []


def test_the_crash_tests_are_counted_by_name():
    row = crash_row()

    assert row.values["cases"] >= 20
    assert "a job killed at any step" in row.note


def test_what_a_kill_broke_is_said_in_the_row():
    facts = {"seed": 1, "house": "polling", "jobs": 3, "states": {JobState.DONE: 2}, "kills": 4}
    counts = {"unanswered": 1, "unbegun": 0, "taken": {"horde": 2, "aime": 1}}
    well = kills_row(Aftermath(**facts, **counts, broken=()))
    ill = kills_row(Aftermath(**facts, **counts, broken=("Job 7 is still running.",)))

    assert (well.is_met, ill.is_met) == (True, False)
    assert "2 done" in well.note
    assert ill.note == "Job 7 is still running."
    assert ill.values == {"broken": 1.0, "of": 3.0}


def test_polling_is_always_measured():
    assert Way.POLLING in ways()
