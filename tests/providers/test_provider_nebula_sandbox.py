"""The adapter against the sandbox Nebula Block: whole calls, with that service's accidents."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image
from pydantic import SecretStr

from bot.domain.errors import (
    Ambiguous,
    ContentRefused,
    KeyEmpty,
    KeyRejected,
    Permanent,
    RateLimited,
    Transient,
)
from bot.domain.jobs import Remote
from bot.domain.requests import BlobId, PictureRequest, Source, SourceUse
from bot.media.normalise import inverted
from bot.providers.base import Accepted, Finished, Inputs
from bot.providers.config import ProviderConfig, Timeouts
from bot.providers.nebula import Nebula, open_nebula
from bot.providers.nebula.catalog import FILL, SCHNELL, SDXL
from bot.sandbox.providers.nebula import NebulaRules, SandboxNebula
from tests.media.sample_pictures import half_red_half_blue, written
from tests.providers.provider_cases import NOW

KEY = SecretStr("ak_MARKED-0123456789")
REQUEST = PictureRequest(prompt="a lighthouse", width=256, height=256, seed=7)
DRAW = ("POST", "/images/generation")


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxNebula]:
    """A service whose time stands still unless a test moves it, and whose calls take none."""
    async with SandboxNebula(NebulaRules(speed=0)) as sandbox:
        sandbox.script.default(seconds=0)
        sandbox.add_key(KEY.get_secret_value(), dollars=1)
        yield sandbox


def config(sandbox: SandboxNebula) -> ProviderConfig:
    return ProviderConfig(
        url=sandbox.url,
        client_name="easel-test",
        download_hosts=(),
        submits_per_s=2,
        submits_per_min=90,
        poll_gap_s=2,
        list_key=KEY,
    )


@pytest.fixture
async def nebula(sandbox) -> AsyncIterator[Nebula]:
    async with open_nebula(config(sandbox)) as nebula:
        yield nebula


async def call(
    nebula: Nebula,
    request: PictureRequest = REQUEST,
    so_far: Remote | None = None,
    *,
    now=NOW,
    key=KEY,
    **inputs: bytes,
) -> Accepted:
    plan = nebula.plan(request, models=await nebula.models(), has_own_key=False)
    return await nebula.submit(
        plan.request, key=key, inputs=Inputs(so_far=so_far, **inputs), now=now
    )


async def test_a_call_brings_its_picture_and_the_seed_that_was_sent(sandbox, nebula):
    accepted = await call(nebula)

    (job,) = sandbox.truth.jobs
    assert accepted.is_complete
    assert accepted.finished is not None
    (item,) = accepted.finished.items
    assert await nebula.fetch(item) == (await sandbox.pictures(job))[0]
    assert (item.id, item.seed, item.model) == ("1-1", "7", SCHNELL)
    assert job.payload["seed"] == 7
    assert sandbox.calls.of(*DRAW)[0].headers["User-Agent"] == "easel-test"


async def test_three_pictures_are_three_calls_with_seeds_of_their_own(sandbox, nebula):
    request, so_far, items = REQUEST.evolve(count=3), None, []
    for _ in range(3):
        accepted = await call(nebula, request, so_far)
        so_far = accepted.remote
        items += accepted.finished.items

    assert [job.payload["seed"] for job in sandbox.truth.jobs] == [7, 8, 9]
    assert len({item.data for item in items}) == 3
    assert [item.id for item in items] == ["1-1", "2-1", "3-1"]
    assert accepted.is_complete
    assert sandbox.truth.charged == 9000


async def test_a_model_without_seeds_is_sent_none(sandbox, nebula):
    accepted = await call(nebula, REQUEST.evolve(model=SDXL, negative="fog"))

    assert "seed" not in sandbox.truth.jobs[0].payload
    assert sandbox.truth.jobs[0].payload["negative_prompt"] == "fog"
    assert accepted.finished.items[0].seed is None


async def test_a_call_that_brings_more_saves_the_others(sandbox, nebula):
    sandbox.script.next(pictures=2, shuffled=True)

    accepted = await call(nebula, REQUEST.evolve(count=2))

    assert accepted.is_complete
    assert [item.data for item in accepted.finished.items] == await sandbox.pictures(
        sandbox.truth.jobs[0]
    )


@pytest.mark.parametrize("coding", ["data_uri", "unpadded", "wrapped"])
async def test_base64_may_be_dressed_up(sandbox, nebula, coding):
    sandbox.script.next(coding=coding)

    accepted = await call(nebula)

    assert accepted.finished.items[0].data == (await sandbox.pictures(sandbox.truth.jobs[0]))[0]


async def test_four_pictures_of_four_megabytes_pass(sandbox, nebula):
    sandbox.script.next(pictures=4, bytes_each=4_000_000)

    accepted = await call(nebula, REQUEST.evolve(count=4))

    assert [len(item.data) for item in accepted.finished.items] == [4_000_000] * 4


# ---------------------------------------------------------------- repainting


REPAINT = REQUEST.evolve(
    seed=None,
    source=Source(picture=BlobId("ab"), mask=BlobId("cd"), use=SourceUse.INPAINTING),
)


def painted() -> dict[str, bytes]:
    """A picture that is red on the left and blue on the right; the mask marks the left half."""
    mask = Image.new("L", (128, 64))
    mask.paste(255, (0, 0, 64, 64))
    return {
        "source": written(half_red_half_blue(128, 64), "WEBP", lossless=True),
        "mask": written(mask, "PNG"),
    }


def left_and_right(data: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    with Image.open(io.BytesIO(data)) as opened:
        rgb = opened.convert("RGB")
        return rgb.getpixel((16, 8)), rgb.getpixel((112, 8))


async def test_the_marked_part_is_drawn_anew_and_the_rest_stays(sandbox, nebula):
    sandbox.switch(picture_format="PNG")

    accepted = await call(nebula, REPAINT, **painted())

    left, right = left_and_right(accepted.finished.items[0].data)
    assert left != (255, 0, 0)
    assert right == (0, 0, 255)
    assert sandbox.truth.jobs[0].payload["model"] == FILL
    assert [sandbox.truth.jobs[0].payload[side] for side in ("width", "height")] == [128, 64]


async def test_where_black_is_repainted_the_mask_is_sent_inverted_and_means_the_same(sandbox):
    sandbox.switch(repaints="black", picture_format="PNG")
    sent = painted()
    async with open_nebula(replace(config(sandbox), repaints_black=True)) as nebula:
        assert nebula.repaints_black  # the job inverts, before it hands the mask over
        accepted = await call(nebula, REPAINT, source=sent["source"], mask=inverted(sent["mask"]))

    left, right = left_and_right(accepted.finished.items[0].data)
    assert left != (255, 0, 0)
    assert right == (0, 0, 255)


# ---------------------------------------------------------------- lists and money


async def test_only_models_that_draw_are_listed_and_their_prices_are_known(nebula):
    models = await nebula.models()
    costs = {
        name: await nebula.estimate(REQUEST.evolve(model=name, count=2), key=KEY, inputs=Inputs())
        for name in (SDXL, SCHNELL)
    }

    assert [model.name for model in models] == [SDXL, SCHNELL, FILL, "bytedance/seedream-3.0"]
    assert costs == {SDXL: 0.003, SCHNELL: 0.006}
    with pytest.raises(Permanent, match="no price"):
        await nebula.estimate(REQUEST.evolve(model="bytedance/seedream-3.0"), key=KEY, inputs=Inputs())  # fmt: skip


async def test_a_list_that_needs_a_key_is_read_with_the_one_that_was_given(sandbox):
    async with open_nebula(replace(config(sandbox), list_key=None)) as nebula:
        with pytest.raises(KeyRejected):
            await nebula.models()
        request = REQUEST.evolve(model=SCHNELL)
        assert await nebula.estimate(request, key=KEY, inputs=Inputs()) == 0.003


async def test_a_key_shows_what_is_left_on_it(nebula):
    holder = await nebula.holder(KEY)

    assert (holder.balance, holder.unit) == (1.0, "USD")
    with pytest.raises(KeyRejected):
        await nebula.holder(SecretStr("wrong"))


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize("shape", ["message", "nested", "detail"])
@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("content_policy_violation", "", ContentRefused),
        ("invalid_api_key", "", KeyRejected),
        ("insufficient_quota", "", KeyEmpty),
        ("forbidden", "", Permanent),
        ("not_found", "", Permanent),
        ("rate_limit_exceeded", "", RateLimited),
        ("internal_error", "", Ambiguous),
        ("service_unavailable", "", Transient),
    ],
)
async def test_every_refusal_is_understood_in_every_shape(
    sandbox, nebula, shape, code, message, kind
):
    sandbox.switch(error_shape=shape)
    sandbox.script.next(outcome="refused", code=code, message=message)

    with pytest.raises(kind) as caught:
        await call(nebula)

    assert type(caught.value) is kind
    assert len(sandbox.calls.of(*DRAW)) == 1


@pytest.mark.parametrize("outcome", ["failed", "empty", "missing", "broken", "no_picture"])
async def test_a_good_status_without_a_picture_is_a_failure(sandbox, nebula, outcome):
    sandbox.script.next(outcome=outcome)

    with pytest.raises(Permanent):
        await call(nebula)


async def test_a_poor_key_says_so(sandbox, nebula):
    sandbox.add_key("ak_poor", dollars=0.01)

    with pytest.raises(KeyEmpty, match="no credit left for this key"):
        await call(nebula, key=SecretStr("ak_poor"))


async def test_the_limit_by_the_minute_passes(sandbox, nebula):
    sandbox.switch(requests_per_min=1)
    await call(nebula)

    with pytest.raises(RateLimited) as caught:
        await call(nebula)
    sandbox.clock.advance(60)
    await call(nebula)

    assert caught.value.retry_after_s == 60


@pytest.mark.parametrize("says_retry_after", [True, False])
async def test_the_limit_by_the_day_is_asked_about_once_and_again_after_midnight(
    sandbox, nebula, says_retry_after
):
    sandbox.switch(requests_per_day=1, says_retry_after=says_retry_after)
    now = sandbox.clock.now()
    await call(nebula, now=now)
    sandbox.clock.advance(60)

    for _ in range(2):
        with pytest.raises(Transient, match="no more calls with this key today"):
            await call(nebula, now=now + timedelta(seconds=60))
    calls_then = len(sandbox.calls.of(*DRAW))
    sandbox.clock.advance(24 * 3600)
    await call(nebula, now=now + timedelta(days=1))

    assert calls_then == 2  # the third was spared


# ---------------------------------------------------------------- accidents


ACCIDENTS = {
    "cut before it was read": {"kind": "cut_before"},
    "cut after it was read": {"kind": "cut_after"},
    "a proxy's page": {"kind": "html"},
    "a proxy's page, after all": {"kind": "html", "status": 504, "took_effect": True},
    "empty": {"kind": "empty"},
    "cut short": {"kind": "truncated"},
    "too large": {"kind": "oversize"},
}


@pytest.mark.parametrize("accident", ACCIDENTS)
async def test_an_accident_on_the_way_may_have_been_paid_for(sandbox, nebula, accident):
    sandbox.faults.add(*DRAW, **ACCIDENTS[accident])

    with pytest.raises(Ambiguous):
        await call(nebula)

    assert len(sandbox.calls.of(*DRAW)) == 1


@pytest.mark.parametrize("how", [{"kind": "drip", "delay_s": 0.4}, {"kind": "wrong_type"}])
async def test_a_slow_or_mislabelled_answer_is_an_answer(sandbox, nebula, how):
    sandbox.faults.add(*DRAW, **how)

    assert (await call(nebula)).is_complete


async def test_nobody_there_is_not_sent(sandbox, nebula):
    request = nebula.plan(REQUEST, models=(), has_own_key=False).request
    async with sandbox.refusing():
        with pytest.raises(Transient):
            await nebula.submit(request, key=KEY, inputs=Inputs(), now=NOW)

    assert not sandbox.truth.jobs


@pytest.mark.parametrize("patience_s", [0.2, 5.0])
async def test_drawing_has_a_patience_of_its_own(sandbox, patience_s):
    hasty = Timeouts(connect_s=5, read_s=0.2, total_s=0.2)
    patient = Timeouts(connect_s=5, read_s=patience_s, total_s=patience_s)
    sandbox.faults.add(*DRAW, kind="slow", delay_s=0.6)
    async with open_nebula(
        replace(config(sandbox), timeouts=hasty, submit_timeouts=patient)
    ) as nebula:
        request = nebula.plan(REQUEST, models=(), has_own_key=False).request
        if patience_s < 0.6:
            with pytest.raises(Ambiguous):
                await nebula.submit(request, key=KEY, inputs=Inputs(), now=NOW)
        else:
            await nebula.submit(request, key=KEY, inputs=Inputs(), now=NOW)

    assert sandbox.truth.charged == 3000


async def test_a_look_after_all_calls_says_what_is_missing(nebula):
    request = REQUEST.evolve(count=3)
    accepted = await call(nebula, request)

    seen = await nebula.poll(accepted.remote, key=KEY)

    assert seen == Finished(items=(), notes=("Nebula Block drew 1 of 3 pictures.",))
    assert await nebula.find(request, key=KEY, known=(), now=NOW, so_far=None) is None
    assert (
        await nebula.find(request, key=KEY, known=(), now=NOW, so_far=accepted.remote)
        == accepted.remote
    )
