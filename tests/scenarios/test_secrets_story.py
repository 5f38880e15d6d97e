"""Marked secrets go through everything the bot does, and come out nowhere.

What is looked at: the logs as they are written, at their most talkative; what was handed to logging
before anything was masked; every body sent to Discord and every file; the health page; what the
command line prints; the database with its log of writes, and all stored bytes.
"""

import asyncio
import base64
import csv
import io
import json
import logging
import re
import traceback

import aiohttp
import pytest

from bot import logs
from bot.bench.free_ports import free_port
from bot.sandbox.providers.horde import HordeRules
from storage.master_key import add_master_key, load_master_keys
from tests.scenarios.stage import SPEED, WAIT_S, done, titled, until, until_sent
from tests.scenarios.test_callbacks_story import announce
from tests.scenarios.test_privacy_story import everything_stored, unpacked
from tests.scenarios.test_process_story import easel, running, stopped

OPERATORS = "marked-operators-key-5c1e"
MEMBERS = "marked-members-key-77aa"
SERVERS = "marked-servers-key-e0b4"
WRONG = "marked-wrong-key-d41d"
ANSWERED_KEYS = (OPERATORS, MEMBERS, SERVERS, WRONG)
SUBMIT, CHECK, STATUS, USER = (
    "/generate/async",
    "/generate/check/*",
    "/generate/status/*",
    "/find_user",
)


class Raw(logging.Handler):
    """Keeps what was handed to logging, before our own masking."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.texts = []

    def emit(self, record):
        fault = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        extras = {name: value for name, value in vars(record).items() if name != "exc_info"}
        self.texts.append(f"{record.getMessage()} {extras} {fault}")

    @property
    def text(self):
        return "\n".join(self.texts)


@pytest.fixture
def raw(written_log):
    handler = Raw()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def horde_rules():
    return HordeRules(speed=SPEED, https_only_webhooks=False)


@pytest.fixture
async def stage(world, raw):
    port = free_port()
    world.environment |= {
        "HORDE_KEY": OPERATORS,
        "EASEL_WEB_PORT": str(port),
        "EASEL_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "EASEL_CALLBACK_POLL_S": "0.3",
    }
    world.horde.add_key(OPERATORS, username="Operator#1", kudos=10_000)
    async with world.playing():
        yield world


def everything_secret(stage):
    """Name every secret there is by now: given, made, and derived."""
    tokens = set()
    for request in stage.discord.requests:
        match = re.match(r"/(?:interactions|webhooks)/\d+/([^/]+)", request.path)
        tokens |= {match[1]} if match else set()
    hooks = {job.wish.webhook.rpartition("/")[2] for job in stage.horde.truth.jobs}
    keys = load_master_keys(stage.data_dir / "master.key")
    assert tokens
    assert hooks
    return {
        stage.discord.bot_token,
        *ANSWERED_KEYS,
        *tokens,
        *hooks,
        *(hook.partition(".")[2] for hook in hooks),
        *keys.spellings(),
        *(key.hex() for key in keys.by_id.values()),
    }


def found_in(text, secrets):
    return sorted(secret for secret in secrets if secret in text)


def sent_to_discord(stage):
    """Return everything that was written for people, and where it was sent but for its token."""
    return json.dumps(
        [[request.route, request.query, request.body] for request in stage.discord.requests]
    )


def stored(stage):
    """Return all files but the master key's own, as text; bytes stay what they are."""
    own = (stage.data_dir / "master.key").read_bytes()
    return everything_stored(stage).replace(own, b"").decode("latin-1")


async def health(stage):
    url = f"{stage.environment['EASEL_PUBLIC_URL']}/healthz"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return f"{answer.headers} {await answer.text()}"


async def brings(stage, person, command, key):
    form = await person.runs(command, provider="horde")
    answer = await person.submits(form, key=key)
    await answer.until(lambda version: not version.is_loading)
    return answer


async def asks(stage, person, prompt="a cat", **options):
    return await person.runs("/imagine", in_=stage.channel, prompt=prompt, **options)


async def draws(stage, person, **options):
    card = await asks(stage, person, **options)
    await card.until(done)
    await stage.until_settled(card)
    return card


async def draws_in_the_end(stage, person):
    """Let time pass until a job is done that does not know whether it was sent."""
    card = await asks(stage, person)
    async with asyncio.timeout(WAIT_S):
        while not card.shows("Done"):
            await asyncio.sleep(0.3)
            await stage.time_passes(70)


async def everything_goes_well(stage):
    """Let the operator's, a member's and a server's key pay, and look at all that can be looked at."""
    await draws(stage, stage.ann)
    stage.horde.add_key(MEMBERS, username=f"{MEMBERS}#77", kudos=500)
    stage.horde.add_key(SERVERS, username="Keepers#5", kudos=500)
    await brings(stage, stage.ann, "/key set", MEMBERS)
    await brings(stage, stage.chief, "/admin key set", SERVERS)
    await draws(stage, stage.ann, count=2)
    await draws(stage, stage.bob)
    for person, command, options in (
        (stage.ann, "/key list", {}),
        (stage.ann, "/key test", {"provider": "horde"}),
        (stage.ann, "/jobs", {}),
        (stage.ann, "/credits", {}),
        (stage.ann, "/about", {}),
        (stage.chief, "/admin key list", {}),
        (stage.chief, "/admin key test", {"provider": "horde"}),
        (stage.chief, "/admin audit", {}),
    ):
        card = await person.runs(command, **options)
        await card.until(lambda version: not version.is_loading)


async def everything_goes_wrong(stage):
    """Let the provider refuse and fail, and repeat the key that it was asked with."""
    for status, rc in ((401, "InvalidAPIKey"), (403, "Forbidden"), (400, "BadRequest")):
        for person, place, key in (
            (stage.ann, stage.channel, MEMBERS),
            (stage.bob, stage.channel, SERVERS),
            (stage.bob, stage.bob.dm, OPERATORS),
        ):
            body = json.dumps({"message": f"No! Not with '{key}'.", "rc": rc})
            stage.horde.faults.add("POST", SUBMIT, kind="status", status=status, body=body, times=3)
            card = await person.runs("/imagine", in_=place, prompt="a cat")
            await card.until(titled("That did not work"))
            stage.horde.faults.clear()
    for kind in (
        {"kind": "status", "status": 500, "body": f"<html>{MEMBERS}"},
        {"kind": "cut_before"},
    ):
        stage.horde.faults.add("POST", SUBMIT, times=2, **kind)
        await draws_in_the_end(stage, stage.ann)
    echo = json.dumps({"message": f"what is {MEMBERS}?", "rc": "X"})
    stage.horde.faults.add("GET", CHECK, kind="status", status=502, body=echo, times=2)
    stage.horde.faults.add(
        "GET", STATUS, kind="status", status=200, body=json.dumps(MEMBERS), times=1
    )
    await draws(stage, stage.ann)
    stage.horde.faults.add(
        "GET", USER, kind="status", status=404, times=1,
        body=json.dumps({"message": f"User with api_key '{WRONG}' not found.", "rc": "UserNotFound"}),
    )  # fmt: skip
    refused = await brings(stage, stage.bob, "/key set", WRONG)
    assert refused.shows("Please check the key")


async def callbacks_come(stage):
    """Let the Horde call back, also with nonsense, and a stranger with a wrong secret."""
    stage.horde.script.next(held=True)
    count = len(stage.horde.truth.jobs)
    card = await asks(stage, stage.ann)
    await until_sent(stage, count + 1)
    remote = stage.horde.truth.jobs[-1]
    await announce(stage, remote, img=f"https://evil.example/{MEMBERS}")
    async with aiohttp.ClientSession() as http:
        await http.post(remote.wish.webhook[:-4] + "AAAA", data=MEMBERS)
    stage.horde.finish(remote.remote_id)
    await card.until(done)
    await stage.until_settled(card)


async def things_are_taken_away(stage):
    """Take data out of the house, in all ways there are; return it."""
    card = await stage.ann.runs("/privacy export", in_=stage.channel)
    await card.until(lambda version: version.attachments)
    trail = await stage.chief.runs("/admin audit", in_=stage.channel)
    table = await stage.chief.clicks("CSV", on=trail)
    await table.until(lambda version: version.attachments)
    rows = list(csv.reader(io.StringIO(table.attachments[0].data.decode("utf-8-sig"))))
    assert len(rows) > 1
    files = unpacked(card)
    assert "data/jobs.json" in files
    return b"".join(files.values()).decode("latin-1") + str(rows)


async def test_no_secret_comes_out_whatever_happens(stage, written_log, raw):
    await everything_goes_well(stage)
    await everything_goes_wrong(stage)
    await callbacks_come(stage)
    before = load_master_keys(stage.data_dir / "master.key")
    add_master_key(stage.data_dir / "master.key")
    rotation = next(keeper for keeper in stage.service.keepers if hasattr(keeper, "_sealer"))
    await rotation.look()
    taken = await things_are_taken_away(stage)
    health_page = await health(stage)

    secrets = everything_secret(stage) | {*before.spellings()}
    assert len(raw.texts) > 50
    assert "job accepted" in written_log.getvalue()
    assert {job.key for job in stage.horde.truth.jobs} == {OPERATORS, MEMBERS, SERVERS}
    assert found_in(written_log.getvalue(), secrets) == []
    assert found_in(raw.text, secrets) == []
    assert found_in(sent_to_discord(stage), secrets) == []
    assert found_in(stored(stage), secrets) == []
    assert found_in(taken, secrets) == []
    assert found_in(health_page, secrets) == []
    for key in load_master_keys(stage.data_dir / "master.key").by_id.values():
        assert key.decode("latin-1") not in stored(stage)


async def test_a_mistake_of_ours_that_has_a_key_in_its_text_is_masked(
    stage,
    written_log,
    raw,
    monkeypatch,
):
    """What no code of ours should do: an exception that holds the key, at the worst places."""
    stage.horde.add_key(MEMBERS, username="Ann#77", kudos=500)
    await brings(stage, stage.ann, "/key set", MEMBERS)
    horde = stage.service.dispatch._advance.__self__._tools.providers["horde"]

    async def breaks(*_, key, **__):
        raise RuntimeError(f"broken with {key.get_secret_value()} and {stage.discord.bot_token}")

    async def breaks_too(key):
        await breaks(key=key)

    monkeypatch.setattr(horde, "estimate", breaks)
    monkeypatch.setattr(horde, "holder", breaks_too)
    tested = await stage.ann.runs("/key test", provider="horde")
    await tested.until(lambda version: version.shows("quote incident"))
    card = await asks(stage, stage.ann)
    shown = await card.until(titled("That did not work"))

    assert shown.shows("name incident")
    assert MEMBERS in raw.text  # it did hold the key
    assert "RuntimeError" in written_log.getvalue()
    assert found_in(written_log.getvalue(), {MEMBERS, stage.discord.bot_token}) == []
    assert found_in(sent_to_discord(stage), {MEMBERS, stage.discord.bot_token}) == []
    assert found_in(stored(stage), {MEMBERS, stage.discord.bot_token}) == []


async def test_the_command_line_prints_no_secret(world):
    master = base64.b64encode(b"k" * 32).decode()
    world.environment |= {
        "HORDE_KEY": OPERATORS,
        "EASEL_MASTER_KEY": master,
        "EASEL_LOG_LEVEL": "DEBUG",
    }
    world.horde.add_key(OPERATORS, username=f"{OPERATORS}#1", kudos=10_000)
    ends = [await easel(world, "check"), await easel(world, "sync")]
    async with running(world) as process:
        card = await world.ann.runs("/imagine", in_=world.channel, prompt="a cat")
        await card.until(done)
        ends += [
            await easel(world, "check"),
            await easel(world, "audit", "--json"),
            await easel(world, "rotate-keys"),
            await stopped(process),
        ]
    ends.append(await easel(world, "check", DISCORD_TOKEN="marked-wrong-token", HORDE_KEY=WRONG))
    ends.append(await easel(world, "run", EASEL_MASTER_KEY=f"{master},{WRONG}"))

    printed = "\n".join(end.said + end.complaints for end in ends)
    await until(lambda: world.horde.truth.jobs)
    secrets = {world.discord.bot_token, OPERATORS, WRONG, master, "marked-wrong-token"}
    assert len(printed) > 1000
    assert found_in(printed, secrets) == []


def test_the_marks_are_long_enough_to_be_masked():
    assert all(len(mark) >= logs.SECRET_CHARS_MIN for mark in ANSWERED_KEYS)
