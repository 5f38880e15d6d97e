"""The adapter against the sandbox Horde: whole lives of requests, with that server's habits."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from bot.domain.errors import (
    Ambiguous,
    ContentRefused,
    InvalidRequest,
    KeyRejected,
    Permanent,
    RateLimited,
    Transient,
)
from bot.domain.requests import BlobId, Conduct, Control, Lora, PictureRequest, Source
from bot.domain.requests import TextualInversion as Inversion
from bot.providers.base import Accepted, Ended, Ending, Finished, Inputs, Working
from bot.providers.config import ProviderConfig
from bot.providers.downloads import sniff
from bot.providers.horde import Horde, open_horde
from bot.providers.horde.catalog import ANONYMOUS_KEY
from bot.sandbox.providers.horde import HordeRules, SandboxHorde

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ANONYMOUS = SecretStr(ANONYMOUS_KEY)
OWN = SecretStr("own-key-of-a-member")
REQUEST = PictureRequest(prompt="a lighthouse", seed=7)
BLOB = BlobId("ab" * 32)
LONG_S = 3600.0
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxHorde]:
    """A Horde whose time stands still unless a test moves it."""
    async with SandboxHorde(HordeRules(speed=0, limited=False)) as sandbox:
        sandbox.add_key(OWN.get_secret_value(), username="member#7", kudos=5000)
        yield sandbox


@pytest.fixture
async def horde(sandbox) -> AsyncIterator[Horde]:
    config = ProviderConfig(
        url=sandbox.url,
        client_name="easel:test:tests@example.invalid",
        download_hosts=("127.0.0.1",),
        submits_per_s=2,
        submits_per_min=90,
        poll_gap_s=2,
        allow_private_hosts=True,
    )
    async with open_horde(config) as horde:
        yield horde


async def submitted(horde: Horde, request: PictureRequest = REQUEST, key=ANONYMOUS) -> Accepted:
    models = await horde.models()
    plan = horde.plan(request, models=models, has_own_key=key is OWN)
    return await horde.submit(plan.request, key=key, inputs=Inputs(source=PNG, mask=PNG), now=NOW)


async def test_a_request_lives_from_its_submit_to_its_pictures(sandbox, horde):
    accepted = await submitted(horde, REQUEST.evolve(count=2))

    first = await horde.poll(accepted.remote, key=ANONYMOUS)
    sandbox.finish(accepted.remote.id)
    sandbox.clock.advance(5)  # past the cache of the check
    last = await horde.poll(accepted.remote, key=ANONYMOUS)

    assert isinstance(first, Working)
    assert isinstance(last, Finished)
    pictures = [await horde.fetch(item) for item in last.items]
    assert [sniff(picture) for picture in pictures] == ["image/webp", "image/webp"]
    assert pictures[0] != pictures[1]
    assert last.cost


async def test_a_request_with_every_option_is_taken(sandbox, horde):
    request = REQUEST.evolve(
        model="stable_diffusion",
        negative="blurry",
        width=512,
        height=512,
        steps=20,
        cfg=7.25,
        sampler="k_dpmpp_2m",
        seed_variation=5,
        karras=False,
        clip_skip=2,
        hires_fix=True,
        hires_fix_strength=0.5,
        tiling=True,
        loras=(Lora(name="glow", trigger="any"), Lora(name="123", is_version=True)),
        inversions=(Inversion(name="7808", inject="prompt"),),
        post_processing=("GFPGAN", "RealESRGAN_x2plus"),
        facefixer_strength=0.5,
        conduct=Conduct(trusted_workers=False, extra_slow_workers=True),
    )

    accepted = await submitted(horde, request, OWN)

    sandbox.finish(accepted.remote.id)
    sandbox.clock.advance(5)
    assert isinstance(await horde.poll(accepted.remote, key=OWN), Finished)


@pytest.mark.parametrize(
    "source",
    [
        Source(picture=BLOB, strength=0.6),
        Source(picture=BLOB, mask=BLOB, strength=1.0),
        Source(picture=BLOB, control=Control.CANNY, return_control_map=True),
    ],
    ids=["picture to picture", "inpainting", "control"],
)
async def test_a_source_picture_is_taken(sandbox, horde, source):
    accepted = await submitted(horde, REQUEST.evolve(source=source))

    assert sandbox.truth.job(accepted.remote.id)


async def test_what_is_planned_for_the_anonymous_needs_no_kudos(horde):
    greedy = REQUEST.evolve(
        width=3072, height=3072, steps=500, sampler="k_heun", conduct=Conduct(slow_workers=False)
    )

    accepted = await submitted(horde, greedy)

    assert accepted.remote.id


async def test_the_pictures_of_a_running_request_can_be_collected(sandbox, horde):
    sandbox.script.next(held=True)
    accepted = await submitted(horde, REQUEST.evolve(count=2))
    sandbox.step(accepted.remote.id)
    sandbox.step(accepted.remote.id)

    items = await horde.collect(accepted.remote, key=ANONYMOUS)

    assert len(items) == 1
    assert await horde.fetch(items[0])


@pytest.mark.parametrize("outcome", ["faulted", "empty"])
async def test_an_end_without_pictures_is_a_failure(sandbox, horde, outcome):
    sandbox.script.next(outcome=outcome)
    accepted = await submitted(horde)
    sandbox.finish(accepted.remote.id)
    sandbox.clock.advance(5)

    seen = await horde.poll(accepted.remote, key=ANONYMOUS)

    assert isinstance(seen, Ended)
    assert seen.how is Ending.FAILED


async def test_a_partial_end_keeps_what_came(sandbox, horde):
    sandbox.script.next(outcome="partial")
    accepted = await submitted(horde, REQUEST.evolve(count=3))
    sandbox.finish(accepted.remote.id)
    sandbox.clock.advance(5)

    seen = await horde.poll(accepted.remote, key=ANONYMOUS)

    assert isinstance(seen, Finished)
    assert len(seen.items) == 2
    assert seen.notes


async def test_a_censored_picture_is_withheld_and_the_other_is_not(sandbox, horde):
    sandbox.script.next(outcome="partly_censored")
    accepted = await submitted(horde, REQUEST.evolve(count=2))
    sandbox.finish(accepted.remote.id)
    sandbox.clock.advance(5)

    seen = await horde.poll(accepted.remote, key=ANONYMOUS)

    assert isinstance(seen, Finished)
    assert sorted(item.is_withheld for item in seen.items) == [False, True]


async def test_a_request_that_nobody_serves_expires(sandbox, horde):
    sandbox.script.next(outcome="never")
    accepted = await submitted(horde)
    sandbox.clock.advance(LONG_S)

    seen = await horde.poll(accepted.remote, key=ANONYMOUS)

    assert isinstance(seen, Ended)
    assert seen.how is Ending.EXPIRED


async def test_a_cancelled_request_ends_without_pictures(sandbox, horde):
    sandbox.script.next(held=True)
    accepted = await submitted(horde)

    await horde.cancel(accepted.remote, key=ANONYMOUS)
    await horde.cancel(accepted.remote, key=ANONYMOUS)
    sandbox.clock.advance(5)

    assert isinstance(await horde.poll(accepted.remote, key=ANONYMOUS), Ended)


async def test_a_submit_cut_after_it_arrived_is_found_again(sandbox, horde):
    sandbox.script.next(held=True)
    sandbox.faults.add("POST", "/generate/async", kind="cut_after")

    with pytest.raises(Ambiguous):
        await submitted(horde, key=OWN)
    found = await horde.find(REQUEST, key=OWN, known=(), now=NOW)

    assert found is not None
    assert len(sandbox.calls.of("POST", "/generate/async")) == 1
    sandbox.finish(found.id)
    sandbox.clock.advance(5)
    assert isinstance(await horde.poll(found, key=OWN), Finished)


async def test_a_submit_that_never_arrived_is_not_found(sandbox, horde):
    sandbox.faults.add("POST", "/generate/async", kind="cut_before")

    with pytest.raises(Ambiguous):
        await submitted(horde, key=OWN)

    assert await horde.find(REQUEST, key=OWN, known=(), now=NOW) is None


async def test_somebody_elses_request_under_the_same_key_gives_itself_away(sandbox, horde):
    sandbox.script.next(held=True)
    other = await submitted(horde, REQUEST.evolve(seed=99), OWN)

    found = await horde.find(REQUEST, key=OWN, known=(), now=NOW)
    assert found is not None
    assert found.id == other.remote.id
    sandbox.finish(found.id)
    sandbox.clock.advance(5)
    seen = await horde.poll(found, key=OWN)

    assert isinstance(seen, Ended)
    assert seen.how is Ending.LOST


async def test_nobody_listening_is_told_from_nobody_answering(sandbox, horde):
    async with sandbox.refusing():
        with pytest.raises(Transient):
            await horde.submit(REQUEST, key=ANONYMOUS, inputs=Inputs(), now=NOW)


async def test_a_wrong_key_is_rejected_everywhere(horde):
    wrong = SecretStr("nobodys-key")

    with pytest.raises(KeyRejected):
        await submitted(horde, key=wrong)
    with pytest.raises(KeyRejected):
        await horde.holder(wrong)
    with pytest.raises(KeyRejected):
        await horde.find(REQUEST, key=wrong, known=(), now=NOW)


async def test_a_bad_prompt_is_refused_when_no_filter_is_wanted(horde):
    bad = REQUEST.evolve(
        prompt="a blockedword with worseblockedword", conduct=Conduct(replacement_filter=False)
    )

    with pytest.raises(ContentRefused):
        await submitted(horde, bad)


async def test_an_address_in_timeout_waits_as_long_as_it_was_told(sandbox, horde):
    sandbox.time_out(179)

    with pytest.raises(RateLimited) as caught:
        await submitted(horde)

    assert caught.value.retry_after_s is not None
    assert 170 <= caught.value.retry_after_s <= 180


async def test_maintenance_passes(sandbox, horde):
    sandbox.switch(maintenance=True)

    with pytest.raises(Transient):
        await submitted(horde)


async def test_too_little_kudos_is_said_with_what_helps(sandbox, horde):
    sandbox.add_key("poor-key", username="poor#8", kudos=0)
    greedy = REQUEST.evolve(width=2048, height=2048, steps=100, model="stable_diffusion")

    with pytest.raises(InvalidRequest, match="Lower the size"):
        await horde.submit(greedy, key=SecretStr("poor-key"), inputs=Inputs(), now=NOW)


async def test_the_limiter_is_obeyed(sandbox, horde):
    sandbox.switch(limited=True)
    for _ in range(2):
        await horde.submit(REQUEST, key=ANONYMOUS, inputs=Inputs(), now=NOW)

    with pytest.raises(RateLimited) as caught:
        await horde.submit(REQUEST, key=ANONYMOUS, inputs=Inputs(), now=NOW)

    assert caught.value.retry_after_s == 1.0


async def test_a_vanished_picture_is_given_up(sandbox, horde):
    accepted = await submitted(horde)
    sandbox.finish(accepted.remote.id)
    sandbox.clock.advance(5)
    seen = await horde.poll(accepted.remote, key=ANONYMOUS)
    assert isinstance(seen, Finished)
    sandbox.faults.add("GET", "*", kind="xml", status=200)

    with pytest.raises(Permanent):
        await horde.fetch(seen.items[0])


async def test_a_stale_link_is_renewed_by_asking_again(sandbox, horde):
    sandbox.switch(link_lifetime_s=60.0)
    accepted = await submitted(horde)
    sandbox.finish(accepted.remote.id)
    sandbox.clock.advance(5)
    seen = await horde.poll(accepted.remote, key=ANONYMOUS)
    assert isinstance(seen, Finished)
    sandbox.clock.advance(120)

    with pytest.raises(Transient):
        await horde.fetch(seen.items[0])
    (fresh,) = await horde.collect(accepted.remote, key=ANONYMOUS)
    assert await horde.fetch(fresh)


async def test_models_prices_and_accounts_are_told(sandbox, horde):
    models = await horde.models()
    plan = horde.plan(REQUEST, models=models, has_own_key=True)
    price = await horde.estimate(plan.request, key=OWN, inputs=Inputs())
    holder = await horde.holder(OWN)
    sandbox.switch(cold_models=True)

    assert "AlbedoBase XL (SDXL)" in {model.name for model in models}
    assert price > 0
    assert holder.name == "member#7"
    assert holder.balance == 5000
    sandbox.clock.advance(60)
    assert await horde.models() == ()
