"""The service as an operator meets it: processes, signals, exit codes, and sentences."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from yarl import URL

from bot import app
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.providers.hosts import open_host
from tests.scenarios.stage import done, titled, until

ROOT = Path(__file__).parents[2]
OK, FAILED, UNREACHABLE, MISCONFIGURED = 0, 1, 69, 78
END_S = 30
NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody listens there


@pytest.fixture
def rules():
    return DiscordRules(identify_every_s=0)  # one process follows the other at once


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended and what it said."""

    code: int
    said: str
    complaints: str


def environment(world, **changed):
    ours = ("EASEL_", "DISCORD_", "HORDE_")
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    return (
        inherited
        | world.variables()
        | {
            "EASEL_HOME": str(world.data_dir.parent),
            "PYTHONPATH": str(ROOT),
            **changed,
        }
    )


async def start(world, *words, **changed):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "bot", *words),
        env=environment(world, **changed),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def ended(process):
    async with asyncio.timeout(END_S):
        said, complaints = await process.communicate()
    return Ended(code=process.returncode, said=said.decode(), complaints=complaints.decode())


async def easel(world, *words, **changed):
    """Run a command to its end."""
    return await ended(await start(world, *words, **changed))


@asynccontextmanager
async def running(world, **changed):
    """Run the service; whatever the story does with it, it is gone afterwards."""
    process = await start(world, "run", **changed)
    try:
        await world.discord.until_ready()
        yield process
    finally:
        if process.returncode is None:
            await stopped(process)


async def stopped(process):
    process.send_signal(signal.SIGTERM)
    return await ended(process)


def is_one_sentence(text):
    return text.startswith("easel: ") and text.count("\n") == 1 and "Traceback" not in text


async def imagine(world):
    return await world.ann.runs("/imagine", in_=world.channel, prompt="a cat")


# ---------------------------------------------------------------- stopping and starting again


async def test_told_to_stop_while_idle_it_goes_at_once(world):
    async with running(world) as process:
        end = await stopped(process)

    assert end.code == OK
    assert "Traceback" not in end.complaints
    await world.discord.until_gone()


@pytest.mark.parametrize("after_s", [0.0, 0.005, 0.01, 0.02, 0.04])
async def test_told_to_stop_before_it_is_connected_it_ends_well(world, after_s):
    stop = asyncio.Event()
    async with app.open_service(world.settings) as service:
        serving = asyncio.create_task(service.serve(stop))
        await asyncio.sleep(after_s)

        stop.set()

        async with asyncio.timeout(END_S):
            assert await serving is None


async def test_told_to_stop_amid_a_job_it_hands_over_to_the_next_start(world):
    assert (await easel(world, "sync")).code == OK
    world.horde.script.next(held=True)
    async with running(world) as first:
        card = await imagine(world)
        await card.until(titled("In the queue"))
        end = await stopped(first)
    await world.discord.until_gone()
    world.horde.finish(world.horde.truth.jobs[0].remote_id)

    async with running(world):
        shown = await card.until(done)
    audit = await easel(world, "audit", "--json")

    assert end.code == OK
    assert len(shown.attachments) == 1
    assert len(world.horde.truth.jobs) == 1
    assert [message.id for message in world.discord.messages(world.channel)] == [card.id]
    facts = json.loads(audit.said)
    assert audit.code == OK
    assert facts["problems"] == []
    assert facts["jobs"][0]["state"] == "done"
    assert facts["jobs"][0]["settled_credits"] == facts["jobs"][0]["reserved_credits"]


async def test_a_provider_that_does_not_answer_does_not_keep_it_from_stopping(world):
    await easel(world, "sync")
    world.horde.faults.add("GET", "/generate/check/*", kind="slow", delay_s=4 * END_S)
    async with running(world, EASEL_DRAIN_S="0.5") as process:
        await imagine(world)
        await until(lambda: world.horde.calls.of("GET", "/generate/check/*"))
        end = await stopped(process)

    assert end.code == OK
    assert "Traceback" not in end.complaints
    assert (await easel(world, "audit")).code == OK


async def test_a_second_process_on_the_same_database_is_turned_away(world):
    await easel(world, "sync")
    async with running(world):
        second = await easel(world, "run")
        card = await imagine(world)
        await card.until(done)

    assert second.code == MISCONFIGURED
    assert is_one_sentence(second.complaints)
    assert "Another Easel is running" in second.complaints


# ---------------------------------------------------------------- what keeps it from starting


async def test_a_wrong_token_is_said_once_and_not_tried_again(world):
    end = await easel(world, "run", DISCORD_TOKEN="mistyped")

    assert end.code == MISCONFIGURED
    assert is_one_sentence(end.complaints.splitlines(keepends=True)[-1])
    assert "Discord does not take DISCORD_TOKEN" in end.complaints
    assert "mistyped" not in end.complaints
    assert [request.status for request in world.discord.requests] == [401]


async def test_without_discord_it_says_so(world):
    end = await easel(world, "run", DISCORD_API_URL=NOWHERE)

    assert end.code == UNREACHABLE
    assert "Traceback" not in end.complaints
    assert "Discord cannot be reached" in end.complaints


async def test_without_a_gateway_it_says_so(world):
    world.discord.faults.add("GET", "/gateway/bot", status=503, times=9)

    end = await easel(world, "run")

    assert end.code == UNREACHABLE
    assert "Traceback" not in end.complaints
    assert "Discord cannot be reached" in end.complaints


async def test_without_a_token_it_says_where_to_put_one(world):
    end = await easel(world, "run", DISCORD_TOKEN="")

    assert end.code == MISCONFIGURED
    assert is_one_sentence(end.complaints)
    assert "DISCORD_TOKEN is not set" in end.complaints


async def test_every_fault_of_the_configuration_is_told_at_once(world):
    end = await easel(
        world,
        "run",
        EASEL_POLL_INTERVAL_S="often",
        EASEL_WEB_PORT="99999",
        EASEL_DATADIR="/somewhere",
        HORDE_URL="aihorde.net",
        EASEL_AFTER_UNSURE_SUBMIT="twice",
    )

    faults = end.complaints.splitlines()
    assert end.code == MISCONFIGURED
    assert len(faults) == 5
    assert all(is_one_sentence(f"{fault}\n") for fault in faults)
    assert "did you mean EASEL_DATA_DIR?" in end.complaints


async def test_a_database_that_stays_locked_is_told(world):
    await easel(world, "migrate")
    other = sqlite3.connect(world.settings.database_path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        end = await easel(world, "run")
    finally:
        other.close()

    assert end.code == FAILED
    assert "Traceback" not in end.complaints
    assert "locked" in end.complaints


async def test_a_file_that_is_no_database_is_told(world):
    world.data_dir.mkdir()
    world.settings.database_path.write_text("my diary, please do not read" * 200)

    end = await easel(world, "run")

    assert end.code == MISCONFIGURED
    assert "Traceback" not in end.complaints
    assert "not an Easel database" in end.complaints


# ---------------------------------------------------------------- the other commands


async def test_check_is_content_with_a_good_world(world):
    end = await easel(
        world,
        "check",
        HORDE_CLIENT_AGENT="easel:0.1.0:ann@example.org",
        EASEL_CREDIT_MAKERS="81000000000000001",
    )

    lines = end.said.splitlines()
    assert end.code == OK
    assert all(line.startswith(("good  ", "note  ")) for line in lines)
    assert "Discord knows the token" in end.said
    assert "The AI Horde answers and says OK" in end.said
    assert world.discord.bot_token not in end.said


async def test_check_asks_every_provider_that_is_offered(world):
    async with open_host("aime") as aime:
        good = await easel(world, "check", **aime.settings)
        bad = await easel(world, "check", **aime.settings | {"AIME_KEY": "mistyped-key-0123"})

    assert "good  AIME answers, with" in good.said
    assert "FAIL  AIME" in bad.said
    assert bad.code == 1
    assert "mistyped-key-0123" not in bad.said + bad.complaints


async def test_check_says_who_is_to_be_offered_and_cannot_be(world):
    end = await easel(world, "check", EASEL_PROVIDERS="nobody,horde")

    assert "FAIL  EASEL_PROVIDERS names nobody, which is not set up." in end.said
    assert end.code == 1


async def test_check_tells_everything_that_is_wrong_at_once(world):
    world.horde.switch(heartbeat="DOWN")

    end = await easel(world, "check", DISCORD_TOKEN="mistyped", HORDE_KEY="unknown-key")

    wrong = [line for line in end.said.splitlines() if line.startswith("FAIL  ")]
    assert end.code == FAILED
    assert len(wrong) == 3
    assert "reset the token in the developer portal" in end.said
    assert "does not know HORDE_KEY" in end.said
    assert "unknown-key" not in end.said + end.complaints


async def test_check_tells_what_cannot_be_reached(world):
    end = await easel(world, "check", DISCORD_API_URL=NOWHERE, HORDE_URL=NOWHERE)

    wrong = [line for line in end.said.splitlines() if line.startswith("FAIL  ")]
    assert end.code == FAILED
    assert len(wrong) == 2
    assert all("cannot be reached" in line for line in wrong)


async def test_sync_tells_discord_only_what_it_does_not_know(world):
    first = await easel(world, "sync")
    second = await easel(world, "sync")

    told = [request for request in world.discord.requests if request.method == "PUT"]
    assert (first.code, second.code) == (OK, OK)
    assert "were told to Discord" in first.said
    assert "are known to Discord already" in second.said
    assert len(told) == 1


async def test_sync_and_backup_and_audit_work_beside_the_running_bot(world, tmp_path):
    copy = tmp_path / "copy.db"
    async with running(world):
        synced = await easel(world, "sync")
        card = await imagine(world)
        await card.until(done)
        backup = await easel(world, "backup", str(copy))
        again = await easel(world, "backup", str(copy))
        live = await easel(world, "audit")
        await (await imagine(world)).until(done)
    restored = await easel(world, "audit", "--json", EASEL_DATABASE_URL=f"sqlite:///{copy}")

    assert [end.code for end in (synced, backup, live, restored)] == [OK] * 4
    assert live.said == "The ledger is exact.\n"
    assert again.code == MISCONFIGURED
    assert "exists already" in again.complaints
    facts = json.loads(restored.said)
    assert facts["problems"] == []
    assert len(facts["jobs"]) == 1


async def test_the_service_runs_on_a_restored_backup(world, tmp_path):
    copy = tmp_path / "copy.db"
    assert (await easel(world, "migrate")).code == OK
    assert (await easel(world, "backup", str(copy))).code == OK
    world.environment["EASEL_DATABASE_URL"] = f"sqlite:///{copy}"

    async with running(world):
        assert (await easel(world, "sync")).code == OK
        card = await imagine(world)
        await card.until(done)

    assert (await easel(world, "audit")).code == OK


async def test_audit_without_a_database_says_so(world):
    end = await easel(world, "audit")

    assert end.code == MISCONFIGURED
    assert is_one_sentence(end.complaints)


async def test_no_secret_is_in_anything_that_was_printed(world):
    world.environment["EASEL_LOG_LEVEL"] = "DEBUG"
    synced = await easel(world, "sync")
    async with running(world) as process:
        card = await imagine(world)
        await card.until(done)
        await until(lambda: card.shows("Done"))
        end = await stopped(process)

    printed = synced.said + synced.complaints + end.said + end.complaints
    assert world.discord.bot_token not in printed
    assert "a cat" not in printed
    assert all(job.remote_id not in printed for job in world.horde.truth.jobs)


# ---------------------------------------------------------------- signals at any moment


async def told(world, *, when, signals=(signal.SIGTERM,), **changed):
    """Start the service, send it signals once that is so; return its end and how long it took."""
    process = await start(world, "run", **changed)
    try:
        await until(lambda: when(world.discord.requests))
        began = time.monotonic()
        for number in signals:
            process.send_signal(number)
            await asyncio.sleep(0.1)
        return await ended(process), time.monotonic() - began
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def asked_for(path):
    return lambda requests: any(request.path.endswith(path) for request in requests)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("path", ["/users/@me", "/gateway/bot"])
async def test_told_to_stop_while_discord_keeps_it_waiting_it_goes_at_once(world, path, number):
    world.discord.faults.add("GET", f"*{path}", delay_s=4 * END_S)

    end, took_s = await told(world, when=asked_for(path), signals=[number])

    assert end.code == OK
    assert took_s < 5
    assert "Traceback" not in end.complaints


EARLY = """
import os, signal, sys, time
from bot import __main__, settings

def load():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)

settings.load = load
sys.exit(__main__.main(["run"]))
"""


async def test_told_to_stop_before_anything_is_open_it_ends_well(world):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", EARLY),
        cwd=ROOT,
        env=environment(world),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    end = await ended(process)

    assert (end.code, end.complaints) == (OK, "")


def edits_of(world):
    return [one for one in world.discord.requests if one.method == "PATCH"]


AMID = {
    "a last edit": lambda world: world.discord.faults.add("PATCH", "*", delay_s=60, times=9),
    "a submit": lambda world: world.horde.faults.add(
        "POST", "/generate/async", kind="slow", delay_s=60
    ),
    "a look": lambda world: world.horde.faults.add(
        "GET", "/generate/check/*", kind="slow", delay_s=60
    ),
    "a download": lambda world: world.horde.faults.add("GET", "/images/*", kind="slow", delay_s=60),
}
SEEN = {
    "a last edit": edits_of,
    "a submit": lambda world: world.horde.calls.of("POST", "/generate/async"),
    "a look": lambda world: world.horde.calls.of("GET", "/generate/check/*"),
    "a download": lambda world: world.horde.calls.of("GET", "/images/*"),
}


@pytest.mark.parametrize("what", AMID)
async def test_told_to_stop_several_times_amid_anything_it_keeps_its_time(world, what):
    await easel(world, "sync")
    AMID[what](world)
    async with running(world, EASEL_DRAIN_S="1") as process:
        card = await imagine(world)
        await until(lambda: SEEN[what](world))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            process.send_signal(number)
            await asyncio.sleep(0.05)
        end = await ended(process)
    took_s = time.monotonic() - began
    world.discord.faults.clear()
    world.horde.faults.clear()

    async with running(world):
        await card.until(lambda version: version.shows("Done"))
    audit = await easel(world, "audit")

    assert end.code == OK
    assert took_s < 4
    assert "Traceback" not in end.complaints
    assert audit.code == OK


async def test_told_to_stop_it_takes_nothing_new_while_it_ends_what_runs(world):
    await easel(world, "sync")
    world.horde.faults.add("GET", "/generate/check/*", kind="slow", delay_s=60)
    async with running(world, EASEL_DRAIN_S="4") as process:
        await imagine(world)
        await until(lambda: SEEN["a look"](world))
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        late = await world.bob.runs("/imagine", in_=world.channel, prompt="a dog")
        await late.until(lambda version: version.shows("I am restarting"))
        end = await ended(process)

    assert end.code == OK
    assert len(world.horde.truth.jobs) == 1


@asynccontextmanager
async def a_way_that_may_end(url):
    """Give an address that leads to another one, and an event after which it leads nowhere."""
    goes, target, under_way, ends = asyncio.Event(), URL(url), [], []
    goes.set()

    async def pass_on(reader, writer):
        while goes.is_set() and (data := await reader.read(65536)):
            if goes.is_set():
                writer.write(data)
        await asyncio.Event().wait()  # neither end hears of it

    async def lead(reader, writer):
        other_reader, other_writer = await asyncio.open_connection(target.host, target.port)
        for source, sink in ((reader, other_writer), (other_reader, writer)):
            under_way.append(asyncio.create_task(pass_on(source, sink)))
            ends.append(sink)

    server = await asyncio.start_server(lead, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield str(target.with_host("127.0.0.1").with_port(port)), goes
        assert under_way, "nobody went here"
        for task, end in zip(under_way, ends, strict=True):
            task.cancel()
            end.close()


async def test_told_to_stop_when_the_network_is_gone_it_goes_all_the_same(world):
    async with a_way_that_may_end(world.discord.gateway_url) as (way, goes):
        world.discord._application.gateway_url = way  # where the bot is told to go
        async with running(world, EASEL_DRAIN_S="1") as process:
            goes.clear()
            began = time.monotonic()
            end = await stopped(process)

    assert end.code == OK
    assert time.monotonic() - began < 8
    assert "Traceback" not in end.complaints
