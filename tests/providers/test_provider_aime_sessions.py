"""AIME with a login: one session for each key, renewed when the server has forgotten it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.domain.errors import KeyRejected, Permanent, Transient
from bot.domain.requests import PictureRequest, TextRequest
from bot.providers.aime import Aime, open_aime
from bot.providers.aime.sessions import SESSIONS_MAX, Sessions
from bot.providers.base import Finished, Inputs, Working
from bot.sandbox.providers.aime import AimeRules, SandboxAime
from tests.providers.provider_cases import NOW, config

KEY, OTHER = SecretStr("fa4efa4e-1111-4111-8111-00000a9141e7"), SecretStr("other-key-of-somebody")
REQUEST = PictureRequest(prompt="a lighthouse", seed=7, width=128, height=128, model="flux-dev")
SESSION = "client_session_auth_key"


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxAime]:
    async with SandboxAime(AimeRules(speed=0)) as sandbox:
        sandbox.add_key(KEY.get_secret_value())
        sandbox.add_key(OTHER.get_secret_value())
        yield sandbox


@pytest.fixture
async def aime(sandbox) -> AsyncIterator[Aime]:
    settings = replace(config(sandbox.url), url=sandbox.url, has_sessions=True)
    async with open_aime(settings) as aime:
        await aime.models()
        yield aime


async def sent(aime: Aime, key: SecretStr = KEY, request=REQUEST):
    return (await aime.submit(request, key=key, inputs=Inputs(), now=NOW)).remote


def logins(sandbox: SandboxAime) -> int:
    return sum(call.fits("GET", "/{endpoint}/login") for call in sandbox.calls)


def submits(sandbox: SandboxAime) -> list[dict]:
    return [call.body for call in sandbox.calls if call.fits("POST", "/flux-dev")]


async def test_a_session_stands_for_the_key_from_login_to_picture(sandbox, aime):
    remote = await sent(aime)
    sandbox.finish(remote.id)

    seen = await aime.poll(remote, key=KEY)

    assert isinstance(seen, Finished)
    (body,) = submits(sandbox)
    assert SESSION in body
    assert "key" not in body


async def test_many_submits_at_once_log_in_once_for_each_key(sandbox, aime):
    await asyncio.gather(*(sent(aime, key) for key in (KEY, OTHER) for _ in range(5)))

    assert logins(sandbox) == 2
    assert len({body[SESSION] for body in submits(sandbox)}) == 2
    assert len(sandbox.truth.jobs) == 10


async def test_one_session_serves_every_endpoint(sandbox, aime):
    await sent(aime)
    await sent(aime, request=TextRequest(prompt="hello"))

    assert logins(sandbox) == 1


async def test_a_session_that_a_restart_lost_is_renewed_once_and_the_work_sent_once(sandbox, aime):
    await sent(aime)
    await sandbox.restart(with_memory=False)

    remote = await sent(aime)

    assert logins(sandbox) == 2
    assert len(sandbox.truth.jobs) == 2
    assert isinstance(await aime.poll(remote, key=KEY), Working)


async def test_a_key_that_was_taken_back_is_rejected_after_one_more_login(sandbox, aime):
    await sent(aime)
    await sandbox.restart(with_memory=False)
    sandbox.revoke_key(KEY.get_secret_value())

    with pytest.raises(KeyRejected):
        await sent(aime)

    assert logins(sandbox) == 2
    assert len(sandbox.truth.jobs) == 1


async def test_processes_that_share_no_sessions_are_not_asked_for_ever(sandbox, aime):
    sandbox.switch(process_count=2)  # each login reaches one, the submit after it the other

    with pytest.raises(KeyRejected):
        await sent(aime)

    assert (logins(sandbox), len(submits(sandbox))) == (2, 2)
    assert not sandbox.truth.jobs


async def test_a_key_for_other_endpoints_is_refused_at_the_door(sandbox, aime):
    sandbox.add_key("chat-only-key", endpoints=["llama4_chat"])

    with pytest.raises(KeyRejected):
        await sent(aime, SecretStr("chat-only-key"))
    await sent(aime, SecretStr("chat-only-key"), TextRequest(prompt="hello"))

    assert len(sandbox.truth.jobs) == 1


async def test_a_key_is_tried_by_logging_in(sandbox, aime):
    assert (await aime.holder(KEY)).name == "AIME key"
    with pytest.raises(KeyRejected):
        await aime.holder(SecretStr("nope"))

    assert not any(call.fits("GET", "/api/validate_key") for call in sandbox.calls)


async def test_the_older_server_wants_a_login_and_no_key(sandbox, aime):
    sandbox.switch(is_older=True)

    remote = await sent(aime, SecretStr("whatever"))
    sandbox.finish(remote.id)

    assert isinstance(await aime.poll(remote, key=SecretStr("whatever")), Finished)


async def test_an_absent_server_is_no_wrong_key_and_nothing_was_sent(sandbox, aime):
    async with sandbox.refusing():
        with pytest.raises(Transient):
            await sent(aime)

    await sent(aime)
    assert len(sandbox.truth.jobs) == 1


async def test_a_server_without_endpoints_can_try_no_key(sandbox):
    for name in ("flux-dev", "stable_diffusion_3_5", "stable_diffusion_xl_img2img", "llama4_chat"):
        sandbox.endpoint(name, outputs={})
    settings = replace(config(sandbox.url), url=sandbox.url, has_sessions=True)

    async with open_aime(settings) as aime:
        with pytest.raises(Permanent, match="offers nothing"):
            await aime.holder(KEY)


async def test_neither_key_nor_session_is_told_or_logged(sandbox, aime, caplog):
    caplog.set_level("DEBUG")
    remote = await sent(aime)
    session = submits(sandbox)[0][SESSION]
    sandbox.script.next(outcome="error", error=f"refused {session} of {KEY.get_secret_value()}")
    failing = await sent(aime)
    sandbox.finish(failing.id)

    told = repr(await aime.poll(failing, key=KEY)) + repr(remote) + caplog.text
    told += repr(aime._credentials._opened) + json.dumps([str(record) for record in caplog.records])

    assert "refused" in told
    for secret in (session, KEY.get_secret_value()):
        assert secret not in told


async def test_only_so_many_sessions_are_remembered():
    async def log_in(endpoint: str, key: SecretStr) -> SecretStr:
        return SecretStr(f"session of {key.get_secret_value()}")

    sessions = Sessions(log_in)
    for number in range(SESSIONS_MAX + 5):
        await sessions.of(SecretStr(str(number)), endpoint="flux-dev")

    assert len(sessions._opened) == SESSIONS_MAX
    assert sessions.at_hand(SecretStr("0")) == {}
    assert sessions.at_hand(SecretStr(str(SESSIONS_MAX))) != {}
