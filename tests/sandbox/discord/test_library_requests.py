"""Everything discord.py sends for us, held against Discord's own description."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import discord
import pytest
from discord.http import HTTPClient, handle_message_parameters
from discord.webhook.async_ import AsyncWebhookAdapter, interaction_response_params

from bot.sandbox.discord.openapi import OpenApiChecker
from tests.sandbox.discord.library_payloads import (
    CARD_FILES,
    Card,
    card_message,
    commands,
    embed_message,
    picking_modal,
    picture,
    poll_message,
    text_modal,
)

SPEC = Path(__file__).parents[2] / "data" / "discord-openapi.json"
JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=x"


@pytest.fixture(scope="module")
def checker() -> OpenApiChecker:
    return OpenApiChecker(SPEC)


@dataclass(kw_only=True)
class Sent:
    """One request as it would leave discord.py."""

    method: str
    path: str
    query: dict[str, str]
    content_type: str = ""
    body: Any = None
    files: list[str] = field(default_factory=list)


def sent(route: Any, params: Any, payload: Any, form: Any) -> Sent:
    path = unquote(route.url.partition("/api/v10")[2])  # as a server reads it
    query = {name: str(value) for name, value in (params or {}).items()}
    request = Sent(method=route.method, path=path, query=query)
    if form:
        request.content_type = MULTIPART
        request.body = json.loads(form[0]["value"])
        request.files = [part["name"] for part in form[1:]]
    elif payload is not None:
        request.content_type, request.body = JSON, payload
    return request


class RecordingClient(HTTPClient):
    """The library's REST client, its last step replaced: it keeps what it would send."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    async def request(self, route: Any, *, files: Any = None, form: Any = None, **more: Any) -> Any:
        self.sent.append(sent(route, more.get("params"), more.get("json"), form))


class RecordingAdapter(AsyncWebhookAdapter):
    """The same for interaction and webhook calls."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    async def request(self, route: Any, session: Any, **more: Any) -> Any:
        self.sent.append(
            sent(route, more.get("params"), more.get("payload"), more.get("multipart"))
        )


def problems_of(checker: OpenApiChecker, request: Sent) -> list[str]:
    return checker.request_problems(
        request.method,
        request.path,
        query=request.query,
        content_type=request.content_type,
        body=request.body,
        file_fields=request.files,
    )


CLIENT_CALLS: dict[str, Callable[[HTTPClient], Awaitable[Any]]] = {
    "me": lambda http: http.get_user(1),
    "application": lambda http: http.application_info(),
    "sync": lambda http: http.bulk_upsert_global_commands(1, commands()),
    "sync of a guild": lambda http: http.bulk_upsert_guild_commands(1, 2, commands()),
    "commands": lambda http: http.get_global_commands(1),
    "one command": lambda http: http.upsert_global_command(1, commands()[0]),
    "direct message": lambda http: http.start_private_message(5),
    "typing": lambda http: http.send_typing(1),
    "channel": lambda http: http.get_channel(1),
    "message": lambda http: http.get_message(1, 2),
    "deletion": lambda http: http.delete_message(1, 2),
    "entitlements": lambda http: http.get_entitlements(1, user_id=5, sku_ids=[1, 2], limit=100),
    "consumption": lambda http: http.consume_entitlement(1, 2),
    "test entitlement": lambda http: http.create_entitlement(1, 2, 3, 1),
    "history": lambda http: http.logs_from(1, 50, before=3),
}


@pytest.mark.parametrize("call", CLIENT_CALLS.values(), ids=CLIENT_CALLS)
async def test_what_the_library_asks_for_fits(checker, call):
    http = RecordingClient()

    await call(http)

    assert [problems_of(checker, request) for request in http.sent] == [[]]


@pytest.mark.parametrize("payload", [embed_message(), poll_message()], ids=["embed", "poll"])
def test_messages_as_discord_py_builds_them_fit(checker, payload):
    request = Sent(
        method="POST", path="/channels/1/messages", query={}, content_type=JSON, body=payload
    )

    assert problems_of(checker, request) == []


async def test_pictures_sent_to_a_channel_fit_new_and_edited(checker):
    http = RecordingClient()

    with handle_message_parameters(view=Card(), files=[picture()], nonce=7) as parameters:
        await http.send_message(1, params=parameters)
    with handle_message_parameters(view=Card(), attachments=[picture()]) as parameters:
        await http.edit_message(1, 2, params=parameters)

    assert [problems_of(checker, request) for request in http.sent] == [[], []]
    assert [request.files for request in http.sent] == [["files[0]"], ["files[0]"]]


async def test_interaction_answers_as_discord_py_makes_them_fit(checker):
    adapter, session = RecordingAdapter(), Any
    choices = {"choices": [{"name": "SDXL", "value": "sdxl"}]}
    answers = [(4, card_message()), (5, {"flags": 64}), (5, None), (6, None), (7, card_message())]
    answers += [(8, choices), (9, text_modal()), (9, picking_modal())]

    for kind, data in answers:
        params = interaction_response_params(kind, data)
        await adapter.create_interaction_response(1, "token", session=session, params=params)

    assert [problems_of(checker, request) for request in adapter.sent] == [[]] * len(answers)


async def test_edits_and_follow_ups_as_discord_py_makes_them_fit(checker):
    adapter, session = RecordingAdapter(), Any
    files = [picture(name) for name in CARD_FILES]

    with handle_message_parameters(view=Card(), attachments=files) as edit:
        multipart = edit.multipart
        await adapter.edit_webhook_message(
            1,
            "token",
            "@original",
            session=session,
            multipart=multipart,
            files=files,  # type: ignore[arg-type]
        )
    with handle_message_parameters(content="x", flags=discord.MessageFlags(ephemeral=True)) as new:
        await adapter.execute_webhook(1, "token", session=session, payload=new.payload, wait=True)
    await adapter.get_original_interaction_response(1, "token", session=session)
    await adapter.delete_original_interaction_response(1, "token", session=session)

    assert [problems_of(checker, request) for request in adapter.sent] == [[], [], [], []]
    assert adapter.sent[0].path.endswith("/messages/@original")
