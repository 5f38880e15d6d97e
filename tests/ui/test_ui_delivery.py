import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import discord
import pytest
from aiohttp import web

from bot.domain.errors import CardDelayed, CardLost, FilesRefused
from bot.ui.cards import card
from bot.ui.delivery import Sender
from bot.ui.discord_refusals import meaning
from bot.ui.editor import FilesTooLarge
from bot.ui.rate_headers import channel_place, token_place
from tests.ui.ui_fakes import NOON, TurnedClock, discord_says, job_with, picture_file

ME = {"id": "1", "username": "easel", "discriminator": "0", "avatar": None}
TOKEN_PATH = "/webhooks/1/interaction-token/messages/@original"
CHANNEL_PATH = "/channels/2/messages/3"
TARGET = job_with().target


@dataclass(frozen=True)
class Request:
    """One edit as it came over the wire."""

    path: str
    body: dict[str, Any]
    files: dict[str, bytes]


@dataclass
class Wire:
    """Discord's REST, as far as an edit goes: a script of refusals, and a memory."""

    script: list[tuple[int, int] | None] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.seen]

    async def take(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/users/@me":
            return answer(ME)
        self.seen.append(await read(request))
        refusal = self.script.pop(0) if self.script else (200, 0)
        if refusal is None:
            request.transport.close()
            return web.Response()
        status, code = refusal
        if status != 200:
            body = {"code": code, "message": "scripted", "retry_after": 0.01}
            return answer(body, status=status)
        return answer(message(self.seen[-1]))


def answer(body: dict[str, Any], *, status: int = 200) -> web.Response:
    # discord.py reads JSON only where no character set stands behind the type.
    return web.Response(
        body=json.dumps(body).encode(), status=status, content_type="application/json"
    )


async def read(request: web.Request) -> Request:
    if request.content_type == "application/json":
        return Request(request.path, await request.json(), {})
    form = await request.post()
    files = {
        part.filename: part.file.read() for name, part in form.items() if name != "payload_json"
    }
    return Request(request.path, json.loads(form["payload_json"]), files)


def message(edit: Request) -> dict[str, Any]:
    attachments = [
        {
            "id": str(700 + number),
            "filename": name,
            "size": 1,
            "url": "http://x/",
            "proxy_url": "http://x/",
        }
        for number, name in enumerate(edit.files)
    ]
    return {
        "id": "3",
        "channel_id": "2",
        "author": ME,
        "content": "",
        "timestamp": NOON.isoformat(),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": attachments,
        "embeds": [],
        "pinned": False,
        "type": 0,
        "components": [],
        "flags": 1 << 15,
    }


@pytest.fixture
async def wire(monkeypatch):
    """Discord on loopback; discord.py's address is a class attribute, so it is put back after."""
    wire = Wire()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", wire.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    monkeypatch.setattr(discord.http.Route, "BASE", f"http://{host}:{port}")
    yield wire
    await runner.cleanup()


@pytest.fixture
async def sender(wire):
    async with discord.Client(intents=discord.Intents(guilds=True)) as client:
        await client.http.static_login("bot-token")
        yield Sender(client, TurnedClock())


async def edit(sender: Sender, target=TARGET, *, files=(), kept=None, is_last=False):
    view = card(job_with(), files=files)
    return await sender.edit(target, view=view, files=files, kept=kept or {}, is_last=is_last)


async def test_a_young_target_is_edited_by_its_token(wire, sender):
    await edit(sender)

    assert wire.paths == [TOKEN_PATH]
    assert wire.seen[0].body["components"][0]["type"] == 17


async def test_an_old_target_is_edited_in_its_channel(wire, sender):
    sender._clock.time += timedelta(minutes=14)

    await edit(sender)

    assert wire.paths == [CHANNEL_PATH]


@pytest.mark.parametrize("is_old", [True, False])
async def test_no_edit_ever_mentions_anybody(wire, sender, is_old):
    sender._clock.time += timedelta(minutes=14 if is_old else 0)
    sender._bot._connection.allowed_mentions = discord.AllowedMentions.none()

    await edit(sender)

    assert wire.seen[0].body["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("status,code", [(404, 10062), (404, 10015), (401, 50027)])
async def test_a_dead_token_is_asked_once_and_then_never_again(wire, sender, status, code):
    wire.script = [(status, code)]

    with pytest.raises(CardDelayed) as delayed:
        await edit(sender)
    await edit(sender)
    await edit(sender)

    assert delayed.value.retry_after_s == 0
    assert wire.paths == [TOKEN_PATH, CHANNEL_PATH, CHANNEL_PATH]


async def test_an_edit_counts_where_it_would_go(wire, sender):
    assert sender.place(TARGET) == token_place("interaction-token")

    wire.script = [(401, 50027)]
    with pytest.raises(CardDelayed):
        await edit(sender)

    assert sender.place(TARGET) == channel_place(TARGET.channel_id)


async def test_files_are_sent_again_when_the_way_changes(wire, sender):
    wire.script = [(401, 50027)]

    with pytest.raises(CardDelayed):
        await edit(sender, files=[picture_file(1, size=50)])
    names = await edit(sender, files=[picture_file(1, size=50)])

    assert [len(request.files["easel-1.webp"]) for request in wire.seen] == [50, 50]
    assert names == {"easel-1.webp": 700}


async def test_kept_attachments_are_listed_by_id_and_new_ones_uploaded(wire, sender):
    await edit(sender, files=[picture_file(1), picture_file(2)], kept={"easel-1.webp": 701})

    [request] = wire.seen
    kept, new = request.body["attachments"]
    assert kept == {"id": 701}
    assert new["filename"] == "easel-2.webp"
    assert new["description"] == "a cat in a boat"
    assert list(request.files) == ["easel-2.webp"]


async def test_an_answer_for_one_member_dies_with_its_token(wire, sender):
    sender._clock.time += timedelta(minutes=14)

    with pytest.raises(CardLost):
        await edit(sender, replace(TARGET, is_ephemeral=True))

    assert wire.seen == []


async def test_a_dropped_connection_is_worth_another_try(wire, sender):
    wire.script = [None]

    with pytest.raises(CardDelayed):
        await edit(sender)


@pytest.mark.parametrize(
    "status,code,kind",
    [
        (404, 10008, CardLost),
        (404, 10003, CardLost),
        (403, 50001, CardLost),
        (403, 50013, FilesRefused),
        (403, 50083, CardLost),
        (400, 50035, CardLost),
        (400, 50006, CardLost),
        (413, 0, FilesTooLarge),
        (413, 40005, FilesTooLarge),
        (400, 30046, CardDelayed),
        (429, 0, CardDelayed),
        (401, 0, CardDelayed),
        (403, 0, CardDelayed),
        (404, 0, CardDelayed),
        (403, 99999, CardLost),
        (500, 0, CardDelayed),
        (503, 0, CardDelayed),
        (520, 0, CardDelayed),
        (523, 0, CardDelayed),
    ],
)
def test_each_refusal_says_what_to_do(status, code, kind):
    assert type(meaning(discord_says(status, code))) is kind


async def test_of_a_body_that_discord_refuses_only_the_shape_is_logged(wire, sender, caplog):
    wire.script = [(400, 50035)]

    with pytest.raises(CardLost):
        await edit(sender)

    [record] = [r for r in caplog.records if r.name == "bot.ui.delivery"]
    assert record.code == 50035
    assert record.shape[0] == "Container"
    assert "a cat in a boat" not in str(record.__dict__)
