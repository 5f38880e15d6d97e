"""The adapter against the sandbox AIME server: whole lives of requests, with that server's habits."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from bot.domain.capabilities import Ability
from bot.domain.errors import (
    Ambiguous,
    InvalidRequest,
    KeyRejected,
    Permanent,
    ProviderError,
    Transient,
)
from bot.domain.jobs import Remote
from bot.domain.requests import BlobId, PictureRequest, Role, Source, TextRequest, Turn
from bot.jobs.turns import SENT_AT_ONCE_MAX
from bot.providers.aime import Aime, open_aime
from bot.providers.base import Ended, Ending, Finished, Inputs, Item, Makes, Observation, Working
from bot.providers.config import ProviderConfig
from bot.providers.downloads import sniff
from bot.providers.http import CONNECTIONS_MAX
from bot.sandbox.providers.aime import AimeRules, SandboxAime
from tests.providers.provider_cases import Kept

NOW = datetime(2026, 11, 20, tzinfo=UTC)
KEY = SecretStr("fa4efa4e-1111-4111-8111-00000a9141e7")
REQUEST = PictureRequest(prompt="a lighthouse", seed=7, width=128, height=128)
SOURCE = Source(picture=BlobId("ab" * 32), strength=0.5)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxAime]:
    """An AIME server whose time stands still unless a test moves it."""
    async with SandboxAime(AimeRules(speed=0)) as sandbox:
        sandbox.add_key(KEY.get_secret_value())
        yield sandbox


@pytest.fixture
async def aime(sandbox) -> AsyncIterator[Aime]:
    config = ProviderConfig(
        url=sandbox.url,
        client_name="easel:test:tests@example.invalid",
        download_hosts=(),
        submits_per_s=2,
        submits_per_min=90,
        poll_gap_s=2,
    )
    async with open_aime(config) as aime:
        yield aime


async def submitted(aime: Aime, request: PictureRequest = REQUEST, key: SecretStr = KEY) -> Remote:
    """Plan and send a request, part by part, as the jobs do."""
    models = await aime.models()
    plan = aime.plan(request, models=models, has_own_key=False)
    so_far = None
    while True:
        inputs = Inputs(source=PNG, so_far=so_far)
        accepted = await aime.submit(plan.request, key=key, inputs=inputs, now=NOW)
        if accepted.is_complete:
            return accepted.remote
        so_far = accepted.remote


async def look(aime: Aime, remote: Remote) -> Observation:
    return await aime.poll(remote, key=KEY)


async def test_a_request_lives_from_its_submit_to_its_picture(sandbox, aime):
    sandbox.script.next(queue_s=1, seconds=4, updates=3)
    remote = await submitted(aime)
    seen = []

    for _ in range(6):
        seen.append(await look(aime, remote))
        sandbox.clock.advance(1)

    *working, finished = seen
    assert all(isinstance(one, Working) for one in working)
    assert [(one.is_queued, one.place) for one in working[:2]] == [(True, 1), (False, None)]
    assert [one.percent for one in working] == [None, None, 25, 50, 75]
    assert isinstance(finished, Finished)
    (item,) = finished.items
    assert item.seed == "7"
    assert sniff(await aime.fetch(item)) == "image/jpeg"


async def test_previews_come_while_it_is_drawn(sandbox, aime):
    remote = await submitted(aime)
    sandbox.step(remote.id)

    seen = await look(aime, remote)

    assert isinstance(seen, Working)
    assert sniff(seen.preview or b"") == "image/jpeg"


async def test_several_pictures_are_several_jobs_and_one_card(sandbox, aime):
    remote = await submitted(aime, REQUEST.evolve(count=3, model="flux-dev"))
    jobs = [job.remote_id for job in sandbox.truth.jobs]
    items: list[Item] = []

    sandbox.finish(jobs[1])
    between = await look(aime, remote)
    sandbox.finish(jobs[0])
    sandbox.finish(jobs[2])
    end = await look(aime, remote)

    assert isinstance(between, Working)
    assert (between.finished, between.total) == (1, 3)
    assert isinstance(end, Finished)
    items += (*(between.items or ()), *end.items)
    assert sorted(item.id for item in items) == ["1-1", "2-1", "3-1"]
    assert {item.seed for item in items} == {"7", "8", "9"}
    assert len({item.data for item in items}) == 3


async def test_several_pictures_of_one_job_come_together(sandbox, aime):
    remote = await submitted(aime, REQUEST.evolve(count=3, model="stable_diffusion_3_5"))
    sandbox.finish(remote.id)

    seen = await look(aime, remote)

    assert len(sandbox.truth.jobs) == 1
    assert isinstance(seen, Finished)
    assert [item.id for item in seen.items] == ["1-1", "1-2", "1-3"]


@pytest.mark.parametrize(
    "model", ["flux-dev", "stable_diffusion_3_5", "stable_diffusion_xl_img2img"]
)
async def test_every_endpoint_starts_from_a_picture_in_its_own_words(sandbox, aime, model):
    request = REQUEST.evolve(model=model, source=SOURCE, steps=5, cfg=4.0)
    remote = await submitted(aime, request)
    sandbox.finish(remote.id)

    seen = await look(aime, remote)

    job = sandbox.truth.job(remote.id)
    assert job.source == PNG
    strengths = ("image2image_strength", "denoise", "strength")
    assert next(job.values[name] for name in strengths if name in job.values) == 0.5
    assert isinstance(seen, Finished)
    assert sniff(await aime.fetch(seen.items[0])) in {"image/jpeg", "image/png"}


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 3000, "height": 100, "steps": 400, "cfg": 99.0},
        {"width": 65, "negative": "fog", "sampler": "k_euler", "cfg": 0.0},
        {"prompt": "a::2 b::-1", "seed": 2**32 - 1, "count": 2},
    ],
)
@pytest.mark.parametrize("model", ["flux-dev", "stable_diffusion_3_5"])
async def test_whatever_was_planned_is_taken(sandbox, aime, model, changes):
    await submitted(aime, REQUEST.evolve(model=model, **changes))

    assert sandbox.truth.jobs


async def test_nobody_at_work_is_no_error_but_told(sandbox, aime):
    sandbox.endpoint("flux-dev", workers=0)
    remote = await submitted(aime, REQUEST.evolve(model="flux-dev"))

    seen = await look(aime, remote)

    assert isinstance(seen, Working)
    assert (seen.is_queued, seen.is_possible, seen.eta_s) == (True, False, None)


async def test_a_request_that_nobody_finishes_expires(sandbox, aime):
    sandbox.script.next(outcome="stuck")
    remote = await submitted(aime)
    sandbox.clock.advance(400)

    seen = await look(aime, remote)

    assert isinstance(seen, Ended)
    assert seen.how is Ending.EXPIRED


@pytest.mark.parametrize("outcome", ["error", "error_and_picture", "empty"])
async def test_a_failure_is_one_although_it_looks_like_success(sandbox, aime, outcome):
    sandbox.script.next(outcome=outcome)
    remote = await submitted(aime)
    sandbox.finish(remote.id)

    seen = await look(aime, remote)

    assert isinstance(seen, Ended)
    assert seen.how is Ending.FAILED


async def test_a_result_that_somebody_else_took_is_lost(sandbox, aime):
    remote = await submitted(aime)
    sandbox.finish(remote.id)
    await look(aime, remote)

    seen = await look(aime, remote)

    assert isinstance(seen, Ended)
    assert seen.how is Ending.LOST


async def test_a_result_that_broke_off_on_its_way_is_lost(sandbox, aime):
    remote = await submitted(aime)
    sandbox.finish(remote.id)
    sandbox.faults.add("POST", "/{endpoint}/progress", kind="truncated")

    with pytest.raises(Transient):
        await look(aime, remote)
    seen = await look(aime, remote)

    assert isinstance(seen, Ended)
    assert seen.how is Ending.LOST


@pytest.mark.parametrize("how", ["restart", "lose", "lifetime"])
async def test_what_the_server_forgot_is_lost(sandbox, aime, how):
    remote = await submitted(aime)
    match how:
        case "restart":
            await sandbox.restart(with_memory=False)
        case "lose":
            sandbox.lose(remote.id)
        case _:
            sandbox.finish(remote.id)
            sandbox.clock.advance(1000)

    seen = await look(aime, remote)

    assert isinstance(seen, Ended)
    assert seen.how is Ending.LOST


async def test_a_restart_needs_no_login(sandbox, aime):
    await sandbox.restart(with_memory=False)

    remote = await submitted(aime)

    assert isinstance(await look(aime, remote), Working)


async def test_an_absent_server_is_waited_for(sandbox, aime):
    remote = await submitted(aime)

    async with sandbox.refusing():
        with pytest.raises(Transient):
            await look(aime, remote)
        with pytest.raises(Transient):
            await aime.submit(REQUEST, key=KEY, inputs=Inputs(), now=NOW)

    assert isinstance(await look(aime, remote), Working)
    assert len(sandbox.truth.jobs) == 1


@pytest.mark.parametrize("kind,arrived", [("cut_after", 1), ("html", 0), ("status", 0)])
async def test_a_submit_without_an_answer_is_never_repeated(sandbox, aime, kind, arrived):
    await aime.models()
    sandbox.faults.add("POST", "/flux-dev", kind=kind)

    with pytest.raises(Ambiguous):
        await aime.submit(REQUEST.evolve(model="flux-dev"), key=KEY, inputs=Inputs(), now=NOW)

    assert len(sandbox.truth.jobs) == arrived


async def test_looks_at_many_parts_leave_connections_to_submits(sandbox, aime, monkeypatch):
    remote = await submitted(aime, REQUEST.evolve(count=10))
    many = CONNECTIONS_MAX // 10 + 1
    under_way, most, call = 0, 0, aime._http.call

    async def counted(*args, **options):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        try:
            await asyncio.sleep(0)
            return await call(*args, **options)
        finally:
            under_way -= 1

    monkeypatch.setattr(aime._http, "call", counted)
    seen = await asyncio.gather(*(look(aime, remote) for _ in range(many)))

    assert all(isinstance(one, Working) for one in seen)
    assert most + SENT_AT_ONCE_MAX <= CONNECTIONS_MAX


async def test_an_endpoint_that_cannot_be_read_for_a_moment_is_as_it_was(sandbox, aime):
    before = await aime.models()
    sandbox.faults.add("GET", "/api/endpoints/flux-dev", kind="status", status=500)

    assert set(await aime.models()) == set(before)


async def test_an_endpoint_that_was_never_read_is_read_once_a_request_needs_it(sandbox, aime):
    sandbox.faults.add("GET", "/api/endpoints/flux-dev", kind="status", status=500, times=2)
    assert "flux-dev" not in {model.name for model in await aime.models()}
    request = REQUEST.evolve(model="flux-dev")

    with pytest.raises(Transient):
        await aime.submit(request, key=KEY, inputs=Inputs(), now=NOW)
    accepted = await aime.submit(request, key=KEY, inputs=Inputs(), now=NOW)

    assert accepted.is_complete
    assert len(sandbox.truth.jobs) == 1


async def test_an_endpoint_that_turns_out_to_speak_is_asked_for_nothing(sandbox, aime):
    sandbox.endpoint("llama4_chat", outputs={"audio_output": {"type": "audio"}})
    sandbox.faults.add("GET", "/api/endpoints/llama4_chat", kind="status", status=500)
    await aime.models()

    with pytest.raises(InvalidRequest):
        await aime.submit(
            TextRequest(prompt="hello", model="llama4_chat"), key=KEY, inputs=Inputs(), now=NOW
        )

    assert not sandbox.truth.jobs
    assert Ability.TEXT not in aime.capability().abilities


async def test_a_full_queue_takes_more_later(sandbox, aime):
    sandbox.endpoint("flux-dev", max_queue_length=0)

    with pytest.raises(Transient, match="max length"):
        await submitted(aime, REQUEST.evolve(model="flux-dev"))


async def test_keys_are_known_rejected_or_for_other_endpoints(sandbox, aime):
    sandbox.add_key("chat-only-key", endpoints=["llama4_chat"])

    assert (await aime.holder(KEY)).name == "AIME key"
    with pytest.raises(KeyRejected):
        await aime.holder(SecretStr("nope"))
    with pytest.raises(KeyRejected):
        await submitted(aime, key=SecretStr("nope"))
    with pytest.raises(Permanent, match="does not let this key do that"):
        await submitted(aime, key=SecretStr("chat-only-key"))


async def test_endpoints_that_draw_or_write_are_models(aime):
    models = await aime.models()

    assert {model.name: model.makes for model in models} == {
        "flux-dev": Makes.PICTURES,
        "stable_diffusion_3_5": Makes.PICTURES,
        "stable_diffusion_xl_img2img": Makes.PICTURES,
        "llama4_chat": Makes.TEXTS,
    }
    assert {model.workers for model in models} == {1}


async def test_a_chat_lives_from_its_submit_to_its_answer(sandbox, aime):
    sandbox.script.next(text="One two\n\n- three\n- four", updates=3, held=True)
    turns = (Turn(role=Role.MEMBER, text="hello"), Turn(role=Role.MODEL, text="hi"))
    remote = await submitted(aime, TextRequest(prompt="count", turns=turns, length=50))
    seen = [await look(aime, remote)]
    for _ in range(4):
        sandbox.step(remote.id)
        seen.append(await look(aime, remote))
    sandbox.finish(remote.id)

    end = await look(aime, remote)

    (job,) = sandbox.truth.jobs
    said = [turn["content"] for turn in json.loads(job.values["chat_context"])]
    assert said == ["hello", "hi", "count"]
    assert job.values["max_gen_tokens"] == 50
    assert [one.text for one in seen] == [
        None,
        None,
        "One two",
        "One two\n\n-",
        "One two\n\n- three",
    ]
    assert all(one.percent is None and one.preview is None for one in seen)
    assert isinstance(end, Finished)
    assert end.items[0].text == "One two\n\n- three\n- four"


async def test_a_server_that_only_draws_answers_nothing(sandbox, aime):
    sandbox.endpoint("llama4_chat", outputs={})

    with pytest.raises(InvalidRequest, match="no endpoint for texts"):
        await submitted(aime, TextRequest(prompt="hello"))


async def test_a_preview_that_is_noise_is_left_out(sandbox, aime):
    sandbox.script.next(preview_dress="broken")
    remote = await submitted(aime)
    sandbox.step(remote.id)
    sandbox.step(remote.id)

    seen = await look(aime, remote)

    assert isinstance(seen, Working)
    assert (seen.preview, seen.percent) == (None, 40)


async def test_a_server_without_a_converter_takes_no_source(sandbox, aime):
    sandbox.switch(takes_media=False)

    with pytest.raises(InvalidRequest):
        await submitted(aime, REQUEST.evolve(source=SOURCE))


@pytest.mark.parametrize("dress", ["wrong_mime", "bare"])
async def test_pictures_are_known_by_their_bytes(sandbox, aime, dress):
    sandbox.script.next(dress=dress)
    remote = await submitted(aime)
    sandbox.finish(remote.id)

    seen = await look(aime, remote)

    assert isinstance(seen, Finished)
    assert sniff(await aime.fetch(seen.items[0])) == "image/jpeg"


async def test_a_broken_picture_is_given_up(sandbox, aime):
    sandbox.script.next(dress="broken")
    remote = await submitted(aime)
    sandbox.finish(remote.id)

    seen = await look(aime, remote)

    assert isinstance(seen, Finished)
    with pytest.raises(Permanent):
        await aime.fetch(seen.items[0])


async def test_a_huge_preview_is_left_out(sandbox, aime):
    sandbox.script.next(preview_bytes_extra=9_000_000)
    remote = await submitted(aime)
    sandbox.step(remote.id)

    seen = await look(aime, remote)

    assert isinstance(seen, Working)
    assert seen.preview is None


async def test_the_older_server_is_understood(sandbox, aime):
    sandbox.switch(is_older=True)
    remote = await submitted(aime)
    sandbox.step(remote.id)
    working = await look(aime, remote)
    sandbox.finish(remote.id)

    finished = await look(aime, remote)

    assert isinstance(working, Working)
    assert working.preview is not None
    assert isinstance(finished, Finished)


async def test_processes_that_share_nothing_lose_every_other_look(sandbox, aime):
    sandbox.switch(process_count=2)
    remote = await submitted(aime)

    seen = [await look(aime, remote) for _ in range(2)]

    assert {type(one) for one in seen} == {Ended, Working}


async def test_neither_the_workers_secret_nor_the_key_comes_out(sandbox, aime, caplog):
    caplog.set_level("DEBUG")
    sandbox.script.next(outcome="error", error=f"failed for {KEY.get_secret_value()}")
    remote = await submitted(aime)
    sandbox.step(remote.id)
    seen = [repr(await look(aime, remote))]
    sandbox.finish(remote.id)
    seen.append(repr(await look(aime, remote)))
    sandbox.faults.add("POST", "/{endpoint}/progress", kind="html")
    with pytest.raises(ProviderError) as caught:
        await look(aime, remote)

    told = "".join(seen) + str(caught.value) + caplog.text
    assert "failed for …" in told
    for secret in (KEY.get_secret_value(), sandbox.worker_secret, remote.id):
        assert secret not in told


async def test_a_result_that_was_kept_is_had_again_without_asking(sandbox, aime):
    kept = Kept()
    remote = await submitted(aime)
    sandbox.finish(remote.id)
    first = await aime.poll(remote, key=KEY, once=kept)
    asked = len(sandbox.calls)

    again = await aime.poll(remote, key=KEY, once=kept)

    assert isinstance(again, Finished)
    assert again == first
    assert len(sandbox.calls) == asked


async def test_each_part_is_kept_by_itself_and_all_are_listed_at_the_end(sandbox, aime):
    kept = Kept()
    remote = await submitted(aime, REQUEST.evolve(count=2, model="flux-dev"))
    one, two = (job.remote_id for job in sandbox.truth.jobs)
    sandbox.finish(two)

    between = await aime.poll(remote, key=KEY, once=kept)
    sandbox.finish(one)
    end = await aime.poll(remote, key=KEY, once=kept)

    assert isinstance(between, Working)
    assert set(kept.answers) == {"1", "2"}
    assert isinstance(end, Finished)
    assert [item.id for item in end.items] == ["1-1", "2-1"]
    assert end.notes == ()


async def test_a_workers_error_is_kept_too(sandbox, aime):
    sandbox.script.next(outcome="error")
    kept = Kept()
    remote = await submitted(aime)
    sandbox.finish(remote.id)

    first = await aime.poll(remote, key=KEY, once=kept)
    again = await aime.poll(remote, key=KEY, once=kept)

    assert isinstance(first, Ended)
    assert first.how is Ending.FAILED
    assert again == first


async def test_nothing_is_kept_of_work_that_goes_on(sandbox, aime):
    kept = Kept()
    remote = await submitted(aime)
    sandbox.step(remote.id)

    await aime.poll(remote, key=KEY, once=kept)

    assert kept.answers == {}
