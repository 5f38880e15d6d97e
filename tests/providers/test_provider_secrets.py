"""Marked secrets go through every call and every fault, and must come out nowhere."""

import logging
import traceback
from collections.abc import Awaitable, Callable

import pytest

from bot.domain.errors import BotError
from bot.domain.jobs import Remote
from bot.providers.base import Finished, Inputs, Provider
from tests.providers.provider_cases import (
    CASES,
    KEY,
    NOW,
    REMOTE_ID,
    SIGNATURE,
    WEBP,
    Case,
    item,
    link,
)
from tests.providers.scripted_host import Delivery, Reply, ScriptedHost, as_json

SECRETS = (KEY.get_secret_value(), REMOTE_ID, SIGNATURE)
ECHO = {
    "message": f"key '{SECRETS[0]}' id '{REMOTE_ID}' https://images.example/?Signature={SIGNATURE}",
    "id": REMOTE_ID,
}
FAULTS = {
    **{f"echo {status}": as_json(ECHO, status=status) for status in (200, 400, 401, 403, 429)},
    **{
        f"echo {status} {rc}": as_json({**ECHO, "rc": rc}, status=status)
        for status, rc in (
            (400, "BadRequest"),
            (400, "CorruptPrompt"),
            (400, "MaintenanceMode"),
            (401, "InvalidAPIKey"),
            (403, "KudosUpfront"),
            (403, "SharedKeyExpired"),
            (403, "TimeoutIP"),
            (403, "Forbidden"),
            (404, "RequestNotFound"),
            (404, "UserNotFound"),
        )
    },
    "echo in a validation": as_json({"message": "no", "errors": {SECRETS[0]: ECHO["message"]}}, status=400),
    **{
        f"echo in a detail {status}": as_json({"detail": ECHO["message"]}, status=status)
        for status in (400, 403, 404, 422)
    },
    "echo in a list": as_json({"detail": [{"loc": ["body", SECRETS[0]], "msg": ECHO["message"]}]}, status=422),
    **{
        f"echo in an error {status} {type(error).__name__}": as_json(
            {"success": False, "error": error}, status=status
        )
        for status, error in (
            (200, ECHO["message"]),
            (400, ECHO["message"]),
            (400, [ECHO["message"], SECRETS[0]]),
            (401, [ECHO["message"]]),
            (402, [ECHO["message"]]),
        )
    },
    "echo in an object": as_json(
        {"status": "error", "error": {"code": SECRETS[0], "message": ECHO["message"], "details": {SECRETS[0]: REMOTE_ID}}},
        status=400,
    ),
    "echo in a good status": as_json({"status": "failed", "message": ECHO["message"], "data": []}),
    "echo in an entry's base64": as_json({"status": "success", "data": [{"b64_json": ECHO["message"]}]}),
    "echo in a result": as_json({"job_state": "done", "job_result": {"error": ECHO["message"]}}),
    "echo in a state": as_json({"job_state": SECRETS[0], "progress": {"auth_key": SECRETS[0]}}),
    "echo in an entry": as_json({"data": [{"guid": "1", "type": "response", "error": ECHO["message"]}]}),
    "echo in a field": as_json({"message": "no", "errors": {SECRETS[0]: [ECHO["message"]]}}, status=422),
    "echo in a status": as_json({"job_status": SECRETS[0]}),
    "echo in a type": as_json({"id": [REMOTE_ID], "done": SECRETS[0], "username": None}),
    "echo in text": Reply(status=500, body=str(ECHO).encode()),
    "cut": Reply(delivery=Delivery.CUT_AFTER),
    "silent": Reply(delivery=Delivery.SILENT),
    "truncated": Reply(body=b"{", delivery=Delivery.TRUNCATED),
    "redirect": Reply(status=302, headers={"Location": f"https://x.example/{SECRETS[0]}"}),
    "bad header": Reply(headers={"X-Bad\0": REMOTE_ID}),
}  # fmt: skip

Ask = Callable[[Provider, Case, str], Awaitable[object]]
CALLS: dict[str, Ask] = {
    "submit": lambda p, c, _: p.submit(c.request, key=KEY, inputs=c.inputs, now=NOW),
    "poll": lambda p, c, _: p.poll(c.remote, key=KEY),
    "collect": lambda p, c, _: p.collect(c.remote, key=KEY),
    "cancel": lambda p, c, _: p.cancel(c.remote, key=KEY),
    "find": lambda p, c, _: p.find(c.request, key=KEY, known=(), now=NOW),
    "estimate": lambda p, c, _: p.estimate(c.request, key=KEY, inputs=Inputs()),
    "holder": lambda p, c, _: p.holder(KEY),
    "fetch": lambda p, c, url: p.fetch(item(url)),
}


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def leaks(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


async def told(ask: Ask, case: Case, host: ScriptedHost, reply: Reply | None = None) -> str:
    """Return what a careless caller would print: the answer, or the error with its traceback."""
    async with case.open(host, reply=reply) as provider:
        try:
            return repr(await ask(provider, case, link(host)))
        except BotError as error:
            return "".join(traceback.format_exception(error)) + repr(error)


def logged(records: list[logging.LogRecord]) -> str:
    plain = logging.Formatter()
    return "\n".join(f"{plain.format(record)} {record.__dict__}" for record in records)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_no_fault_brings_a_secret_to_light(case, host, caplog, call, fault):
    caplog.set_level(logging.DEBUG)
    host.always_says(FAULTS[fault])

    seen = await told(CALLS[call], case, host, FAULTS[fault])

    assert leaks(seen) == []
    assert leaks(logged(caplog.records)) == []


@pytest.mark.parametrize("call", CALLS)
async def test_nobody_listening_brings_no_secret_to_light(case, host, caplog, call):
    caplog.set_level(logging.DEBUG)
    await host.stop()

    seen = await told(CALLS[call], case, host)

    assert leaks(seen) == []
    assert leaks(logged(caplog.records)) == []


async def test_success_brings_no_secret_to_light_either(case, host, caplog):
    caplog.set_level(logging.DEBUG)
    host.says(case.accepted, *case.over(link(host)), Reply(body=WEBP))

    async with case.open(host) as provider:
        accepted = await provider.submit(case.request, key=KEY, inputs=case.inputs, now=NOW)
        seen = accepted.finished or await provider.poll(accepted.remote, key=KEY)
        assert isinstance(seen, Finished)
        await provider.fetch(seen.items[0])

    assert isinstance(accepted.remote, Remote)
    assert leaks(repr(accepted) + repr(seen) + repr(provider)) == []
    assert leaks(logged(caplog.records)) == []
