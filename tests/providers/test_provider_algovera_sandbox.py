"""The adapter against the sandbox Algovera: whole lives of jobs, with that server's accidents."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from bot.domain.errors import (
    Ambiguous,
    InvalidRequest,
    KeyRejected,
    Permanent,
    ProtocolBroken,
    Transient,
)
from bot.domain.jobs import Remote
from bot.domain.requests import PictureRequest
from bot.providers.algovera import Algovera, open_algovera
from bot.providers.base import (
    UNKEPT,
    Accepted,
    Ended,
    Ending,
    Finished,
    Inputs,
    Observation,
    Once,
    Working,
)
from bot.providers.config import ProviderConfig
from bot.sandbox.providers.algovera import AlgoveraRules, SandboxAlgovera
from tests.providers.provider_cases import Kept

NOW = datetime(2026, 11, 20, tzinfo=UTC)
KEY = SecretStr("a1b2c3d4" * 8)
REQUEST = PictureRequest(prompt="a lighthouse", seed=7)
CREDITS = 20


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxAlgovera]:
    """A server whose time stands still unless a test moves it."""
    async with SandboxAlgovera(AlgoveraRules(speed=0)) as sandbox:
        sandbox.add_key(KEY.get_secret_value(), credits=CREDITS)
        yield sandbox


def config(sandbox: SandboxAlgovera) -> ProviderConfig:
    return ProviderConfig(
        url=sandbox.url,
        client_name="easel-test",
        download_hosts=(),
        submits_per_s=2,
        submits_per_min=90,
        poll_gap_s=2,
    )


@pytest.fixture
async def algovera(sandbox) -> AsyncIterator[Algovera]:
    async with open_algovera(config(sandbox)) as algovera:
        yield algovera


async def next_part(
    algovera: Algovera, request: PictureRequest, so_far: Remote | None = None
) -> Accepted:
    plan = algovera.plan(request, models=await algovera.models(), has_own_key=False)
    return await algovera.submit(plan.request, key=KEY, inputs=Inputs(so_far=so_far), now=NOW)


async def submitted(algovera: Algovera, *, count: int = 1) -> Remote:
    """Send one part after the other until it is said to be complete."""
    request, remote = REQUEST.evolve(count=count), None
    for _ in range(count):
        accepted = await next_part(algovera, request, remote)
        remote = accepted.remote
    assert accepted.is_complete
    assert remote is not None
    return remote


async def look(algovera: Algovera, remote: Remote, once: Once = UNKEPT) -> Observation:
    return await algovera.poll(remote, key=KEY, once=once)


def finish(sandbox: SandboxAlgovera, *numbers: int) -> None:
    """Let the jobs with these numbers end, or all of them."""
    jobs = sandbox.truth.jobs
    for job in [jobs[number] for number in numbers] or jobs:
        sandbox.finish(job.remote_id)


async def test_three_pictures_are_three_jobs_with_seeds_of_their_own(sandbox, algovera):
    remote = await submitted(algovera, count=3)
    first = await look(algovera, remote)
    finish(sandbox)

    last = await look(algovera, remote)

    assert first == Working(is_queued=False, finished=0, total=3, items=())
    assert isinstance(last, Finished)
    pictures = [await algovera.fetch(item) for item in last.items]
    jobs = sandbox.truth.jobs
    assert pictures == [await sandbox.picture(job.remote_id) for job in jobs]
    assert len(set(pictures)) == 3
    assert [job.payload["seed"] for job in jobs] == [7, 8, 9]
    assert [(item.id, item.seed, item.model) for item in last.items] == [
        ("1", "7", "stable"), ("2", "8", "stable"), ("3", "9", "stable"),
    ]  # fmt: skip
    assert sandbox.truth.charged == 3


async def test_each_part_says_whether_another_has_to_follow(algovera):
    request = REQUEST.evolve(count=2)

    first = await next_part(algovera, request)
    second = await next_part(algovera, request, first.remote)

    assert (first.is_complete, second.is_complete) == (False, True)
    assert second.remote.id == first.remote.id


async def test_a_request_without_a_seed_gets_one_for_all_its_parts(sandbox, algovera):
    request = REQUEST.evolve(count=2, seed=None)

    first = await next_part(algovera, request)
    second = await next_part(algovera, request, first.remote)

    seeds = [job.payload["seed"] for job in sandbox.truth.jobs]
    assert seeds[0] == first.remote.seed == second.remote.seed
    assert seeds[1] == (seeds[0] + 1) % 2**31


async def test_finished_parts_come_while_others_run_and_all_are_listed_at_the_end(
    sandbox, algovera
):
    remote, kept = await submitted(algovera, count=3), Kept()
    finish(sandbox, 1)

    seen = await look(algovera, remote, once=kept)
    again = await look(algovera, remote, once=kept)
    finish(sandbox)
    last = await look(algovera, remote, once=kept)

    assert isinstance(seen, Working)
    assert (seen.finished, [item.id for item in seen.items]) == (1, ["2"])
    assert again == Working(is_queued=False, finished=1, total=3, items=())
    assert isinstance(last, Finished)
    jobs = sandbox.truth.jobs
    assert [item.data for item in last.items] == [
        await sandbox.picture(job.remote_id) for job in jobs
    ]
    assert [job.asset_calls for job in jobs] == [1, 1, 1]


async def test_a_start_asks_for_no_picture_again_nor_how_it_stands(sandbox, algovera):
    remote, kept = await submitted(algovera, count=2), Kept()
    finish(sandbox)
    await look(algovera, remote, once=kept)
    sandbox.calls.clear()

    async with open_algovera(config(sandbox)) as anew:
        seen = await look(anew, remote, once=kept)

    assert isinstance(seen, Finished)
    assert all(item.data for item in seen.items)
    assert len(sandbox.calls) == 0


async def test_a_kept_picture_that_is_gone_is_fetched_again(sandbox, algovera):
    remote, kept = await submitted(algovera), Kept()
    finish(sandbox)
    first = await look(algovera, remote, once=kept)
    kept.lose("1")

    again = await look(algovera, remote, once=kept)

    assert again == first


async def test_a_failed_part_leaves_the_others(sandbox, algovera):
    sandbox.script.next(outcome="failed")
    remote = await submitted(algovera, count=2)
    finish(sandbox)

    seen = await look(algovera, remote)

    assert isinstance(seen, Finished)
    assert [item.id for item in seen.items] == ["2"]
    assert seen.notes == ("Algovera delivered 1 of 2 pictures.",)


async def test_a_job_that_failed_altogether_says_so(sandbox, algovera):
    sandbox.script.default(outcome="failed")
    remote = await submitted(algovera, count=2)
    finish(sandbox)

    seen = await look(algovera, remote)

    assert isinstance(seen, Ended)
    assert seen.how is Ending.FAILED


async def test_a_server_that_lost_its_memory_has_lost_the_job(sandbox, algovera):
    remote = await submitted(algovera)

    await sandbox.restart(with_memory=False)

    seen = await look(algovera, remote)
    assert isinstance(seen, Ended)
    assert seen.how is Ending.LOST


async def test_an_unknown_status_is_not_the_end(sandbox, algovera):
    sandbox.script.next(status_texts=("rendering",))
    remote = await submitted(algovera)
    finish(sandbox)

    first, second = await look(algovera, remote), await look(algovera, remote)

    assert isinstance(first, Working)
    assert isinstance(second, Finished)


@pytest.mark.parametrize("fault", ["missing", "broken", "json", "empty"])
async def test_a_picture_that_is_late_keeps_no_other_and_comes_later(sandbox, algovera, fault):
    sandbox.script.next(asset_faults=1, asset_fault=fault)
    remote = await submitted(algovera, count=2)
    finish(sandbox)

    kept = Kept()
    first = await look(algovera, remote, once=kept)
    second = await look(algovera, remote, once=kept)

    assert isinstance(first, Finished)
    assert await algovera.fetch(first.items[1])
    with pytest.raises(Transient):
        await algovera.fetch(first.items[0])
    assert isinstance(second, Finished)
    assert await algovera.fetch(second.items[0])
    assert [job.asset_calls for job in sandbox.truth.jobs] == [2, 1]


@pytest.mark.parametrize("kind", ["html", "cut_after", "truncated"])
async def test_a_storage_that_does_not_answer_is_worth_another_look(sandbox, algovera, kind):
    remote = await submitted(algovera)
    finish(sandbox)
    sandbox.faults.add("GET", "/api/getAsset", kind=kind, times=None)

    with pytest.raises(Transient):
        await look(algovera, remote)


async def test_a_picture_under_a_wrong_label_is_a_picture(sandbox, algovera):
    sandbox.switch(picture_format="PNG", content_type="application/json")
    remote = await submitted(algovera)
    finish(sandbox)

    seen = await look(algovera, remote)

    assert isinstance(seen, Finished)
    assert (await algovera.fetch(seen.items[0])).startswith(b"\x89PNG")


async def test_a_proxy_that_drops_the_body_is_the_operators_to_mend(sandbox, algovera):
    sandbox.switch(strips_get_bodies=True, takes_asset_query=True)
    remote = await submitted(algovera)
    finish(sandbox)

    with pytest.raises(Permanent, match="operator"):
        await look(algovera, remote)

    assert not any("api_key" in call.query for call in sandbox.calls.of("GET", "/api/getAsset"))


async def test_with_leave_the_picture_is_asked_for_by_query(sandbox):
    sandbox.switch(strips_get_bodies=True, takes_asset_query=True)
    async with open_algovera(replace(config(sandbox), may_ask_by_query=True)) as algovera:
        remote = await submitted(algovera)
        finish(sandbox)

        seen = await look(algovera, remote)

    assert isinstance(seen, Finished)
    assert seen.items[0].data


async def test_a_lost_answer_is_ambiguous_and_what_is_certain_goes_on(sandbox, algovera):
    request = REQUEST.evolve(count=2)
    first = await next_part(algovera, request)
    sandbox.faults.add("POST", "/api/txt2img", kind="cut_after")

    with pytest.raises(Ambiguous):
        await next_part(algovera, request, first.remote)
    found = await algovera.find(request, key=KEY, known=(), now=NOW, so_far=first.remote)

    finish(sandbox)
    assert found == first.remote
    seen = await look(algovera, found)
    assert isinstance(seen, Finished)
    assert seen.notes == ("Algovera delivered 1 of 2 pictures.",)
    assert len(sandbox.truth.jobs) == 2


async def test_a_lost_first_answer_cannot_be_looked_for(sandbox, algovera):
    sandbox.faults.add("POST", "/api/txt2img", kind="cut_after")
    with pytest.raises(Ambiguous):
        await next_part(algovera, REQUEST)

    assert await algovera.find(REQUEST, key=KEY, known=(), now=NOW) is None
    assert algovera.find_lag_s(REQUEST, key=KEY) == 0


async def test_credits_that_end_in_between_leave_what_was_paid_for(sandbox, algovera):
    poor = SecretStr("poor" * 16)
    sandbox.add_key(poor.get_secret_value(), credits=1)
    plan = algovera.plan(REQUEST.evolve(count=3), models=(), has_own_key=True).request
    first = await algovera.submit(plan, key=poor, inputs=Inputs(), now=NOW)

    second = await algovera.submit(plan, key=poor, inputs=Inputs(so_far=first.remote), now=NOW)

    assert second.is_complete
    assert second.remote == first.remote
    assert second.notes == ("Algovera has no credits left for this key.",)
    with pytest.raises(Permanent, match="no credits"):
        await algovera.submit(plan, key=poor, inputs=Inputs(), now=NOW)


async def test_what_the_server_refuses_is_shown(algovera):
    request = replace(
        REQUEST, model="stable", width=512, height=512, steps=30, cfg=7.0, prompt="x" * 2000
    )

    with pytest.raises(InvalidRequest, match="prompt: ensure this value has 1 to 1000"):
        await algovera.submit(request, key=KEY, inputs=Inputs(), now=NOW)


async def test_a_key_is_tried_without_a_job(sandbox, algovera):
    holder = await algovera.holder(KEY)

    with pytest.raises(KeyRejected):
        await algovera.holder(SecretStr("unknown"))
    assert holder.name == "Algovera account"
    assert sandbox.truth.charged == 0


async def test_a_price_is_known_beforehand(algovera):
    request = REQUEST.evolve(count=4)

    assert await algovera.estimate(request, key=KEY, inputs=Inputs()) == 4


async def test_cancelling_asks_for_nothing(sandbox, algovera):
    remote = await submitted(algovera)
    sandbox.calls.clear()

    await algovera.cancel(remote, key=KEY)

    assert len(sandbox.calls) == 0


async def test_a_redirect_takes_no_key_along(sandbox, algovera):
    remote = await submitted(algovera)
    sandbox.faults.add("GET", "/api/status", kind="redirect")

    with pytest.raises(ProtocolBroken):
        await look(algovera, remote)


async def test_no_model_list_is_worth_another_try(sandbox, algovera):
    sandbox.faults.add("GET", "/api/basemodels", kind="html")

    with pytest.raises(Transient):
        await algovera.models()
