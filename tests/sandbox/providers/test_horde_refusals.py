"""What is refused, and what costs what."""

import base64
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.sandbox.providers.horde import HordeRules, SandboxHorde
from bot.sandbox.providers.horde.pictures.prices import downgraded, free_side, needs_kudos_upfront
from bot.sandbox.providers.horde.pictures.submit_schema import SUBMIT
from bot.sandbox.providers.horde.pictures.wish import Wish
from bot.sandbox.providers.horde.rules import DEFAULT_MODELS
from bot.sandbox.providers.horde.schema import errors_of
from tests.sandbox.providers.horde_client import Client


@pytest.mark.parametrize(
    "fields, path, sentence",
    [
        ({"params": {"n": 0}}, "params.n", "0 is less than the minimum of 1"),
        ({"params": {"n": True}}, "params.n", "True is not of type 'integer'"),
        ({"params": {"steps": 20.0}}, "params.steps", "20.0 is not of type 'integer'"),
        ({"params": None}, "params", "None is not of type 'object'"),
        ({"models": "x"}, "models", "'x' is not of type 'array'"),
        ({"models": ["x", 3]}, "models.1", "3 is not of type 'string'"),
        ({"params": {"seed": 5}}, "params.seed", "5 is not of type 'string'"),
        ({"params": {"loras": [{"model": 1}]}}, "params.loras.0.name", "'name' is a required property"),
        ({"params": {"tis": [{"name": "x", "strength": 9}]}}, "params.tis.0.strength",
         "9 is greater than the maximum of 5"),
        ({"params": {"post_processing": ["GFPGAN", "GFPGAN"]}}, "params.post_processing",
         "['GFPGAN', 'GFPGAN'] has non-unique elements"),
    ],
)  # fmt: skip
async def test_a_wrong_form_names_the_place(fields: dict, path: str, sentence: str, client: Client):
    answer = await client.submit(**fields)

    assert answer.status == 400
    assert answer.json["errors"] == {path: sentence}
    assert "rc" not in answer.json


async def test_every_wrong_field_is_named_and_unknown_ones_are_ignored(client: Client):
    wrong = await client.submit(params={"width": 500, "height": 32}, nsfw="no")
    unknown = await client.submit(surprise=1, params={"surprise": 2})

    assert set(wrong.json["errors"]) == {"params.width", "params.height", "nsfw"}
    assert unknown.status == 202


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([*SUBMIT["properties"], *SUBMIT["properties"]["params"]["properties"]]), inner, max_size=4
    ),
    max_leaves=8,
))  # fmt: skip
def test_the_form_is_checked_without_surprises_whatever_is_sent(value: object):
    assert all(isinstance(path, str) and sentence for path, sentence in errors_of(value, SUBMIT))


def picture(size: tuple[int, int] = (64, 64), mode: str = "RGB") -> str:
    out = io.BytesIO()
    Image.new(mode, size).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


@pytest.mark.parametrize(
    "fields, status, rc",
    [
        ({"params": {"loras": [{"name": "1"}] * 6}}, 400, "TooManyLoras"),
        ({"params": {"loras": [{"name": "x", "is_version": True}]}}, 400, "BadLoraVersion"),
        ({"params": {"tis": [{"name": "1"}] * 21}}, 400, "TooManyTIs"),
        ({"params": {"control_type": "canny"}}, 400, "ControlNetSourceMissing"),
        ({"params": {"hires_fix": True}, "models": ["Flux.1-Schnell fp8 (Compact)"]}, 400, "HiResMismatch"),
        ({"params": {"transparent": True}, "models": ["Flux.1-Schnell fp8 (Compact)"]}, 400,
         "InvalidTransparencyModel"),
        ({"source_image": picture(), "source_processing": "inpainting"}, 400, "InpaintingMissingMask"),
        ({"source_image": picture((3136, 64))}, 400, "SourceImageResolutionExceeded"),
        ({"source_image": base64.b64encode(b"no picture").decode()}, 400, "ImageValidationFailed"),
        ({"source_image": "https://elsewhere.example/a.png"}, 400, "ImageValidationFailed"),
        ({"workers": ["00000000-0000-0000-0000-000000000000"]}, 404, "WorkerNotFound"),
        ({"proxied_account": "someone"}, 400, "OnlyServiceAccountProxy."),
        ({"prompt": "word " * 7501}, 400, "InvalidPromptSize"),
    ],
)  # fmt: skip
async def test_a_right_form_with_a_wrong_wish_has_a_code(
    fields: dict, status: int, rc: str, client: Client
):
    answer = await client.submit(**fields)

    assert (answer.status, answer.json["rc"]) == (status, rc)


@pytest.mark.parametrize(
    "fields",
    [
        {"source_image": picture()},
        {"source_image": picture(mode="RGBA"), "source_processing": "inpainting"},
        {
            "source_image": picture(),
            "source_mask": picture(mode="L"),
            "source_processing": "inpainting",
        },
        {"source_image": picture(), "params": {"control_type": "canny", "steps": 20}},
    ],
)
async def test_a_good_source_is_taken(fields: dict, client: Client):
    assert (await client.submit(**fields)).status == 202


@pytest.mark.parametrize(
    "fields",
    [
        {"slow_workers": False},
        {"params": {"width": 1088, "height": 1024, "steps": 20}},
        {"params": {"steps": 31}},
        {"params": {"steps": 16, "sampler_name": "k_heun"}},
        {"params": {"steps": 5, "sampler_name": "k_dpm_adaptive"}},
        {"params": {"steps": 11, "sampler_name": "lcm"}},
        {"params": {"steps": 21, "control_type": "canny"}, "source_image": picture()},
    ],
)
async def test_expensive_wishes_need_kudos_upfront_and_anonymous_has_none(
    fields: dict, horde: SandboxHorde, client: Client
):
    horde.switch(limited=False)
    horde.add_key("rich", username="ann#7", kudos=500)
    horde.add_key("poor", username="bob#8", kudos=5)

    anonymous, poor, rich = [
        await client.submit(key=key, **fields) for key in ("0000000000", "poor", "rich")
    ]

    assert (anonymous.status, anonymous.json["rc"]) == (403, "KudosUpfront")
    assert (poor.status, poor.json["rc"]) == (403, "KudosUpfront")
    assert rich.status == 202


async def test_a_long_queue_shrinks_the_free_size(horde: SandboxHorde, client: Client):
    horde.switch(limited=False, thread_count=0)
    horde.script.default(held=True)
    size = {"width": 768, "height": 768, "steps": 20}
    before = await client.submit(params=size)

    for _ in range(20):
        await client.accepted(params={"n": 20})
    small_model = await client.submit(params=size)
    large_model = await client.submit(params=size, models=["SDXL 1.0"])

    assert before.status == 202
    assert (small_model.status, small_model.json["rc"]) == (403, "KudosUpfront")
    assert large_model.status == 202


async def test_a_downgrade_is_silent_and_the_picture_smaller(horde: SandboxHorde, client: Client):
    answer = await client.submit(
        allow_downgrade=True, params={"width": 2048, "height": 1024, "steps": 50}
    )

    wish = horde.truth.job(answer.json["id"]).wish
    assert set(answer.json) == {"id", "kudos"}
    assert (wish.width, wish.height, wish.steps) == (1408, 704, 30)


@given(
    width=st.integers(1, 48), height=st.integers(1, 48), steps=st.integers(1, 500),
    sampler=st.sampled_from(["k_euler", "k_heun", "lcm"]), queue=st.integers(0, 2000),
    model=st.sampled_from(DEFAULT_MODELS),
)  # fmt: skip
def test_what_was_downgraded_needs_no_kudos(width, height, steps, sampler, queue, model):
    wish = Wish(prompt="x", width=64 * width, height=64 * height, steps=steps, sampler_name=sampler,
                models_given=True)  # fmt: skip
    side = free_side(HordeRules(), queued_requests=queue, model=model)

    smaller = downgraded(wish, model, side=side)

    assert not needs_kudos_upfront(smaller, model, side=side)
    assert smaller.width % 64 == smaller.height % 64 == 0


async def test_a_blocked_word_is_replaced_unless_declined(horde: SandboxHorde, client: Client):
    replaced = await client.submit("a blockedword cat")
    declined = await client.submit("a blockedword cat", replacement_filter=False)
    horde.clock.advance(1)
    afterwards = await client.submit("a nice cat")
    horde.clock.advance(180)
    forgiven = await client.submit("a nice cat")

    assert horde.truth.job(replaced.json["id"]).wish.prompt == "a cat"
    assert declined.json["rc"] == "CorruptPrompt"
    assert afterwards.json["rc"] == "TimeoutIP"
    assert "179 more seconds" in afterwards.json["message"]
    assert forgiven.status == 202


async def test_the_second_offence_costs_nine_minutes(horde: SandboxHorde, client: Client):
    await client.submit("blockedword", replacement_filter=False)
    horde.clock.advance(181)
    await client.submit("blockedword", replacement_filter=False)
    horde.clock.advance(60)

    assert "480 more seconds" in (await client.submit()).json["message"]


async def test_a_timeout_stops_every_key_but_not_the_polls(horde: SandboxHorde, client: Client):
    horde.add_key("mine", username="ann#7", kudos=100)
    remote_id = await client.accepted()
    horde.time_out(60)

    submit = await client.submit(key="mine")
    poll = await client.ask("GET", f"/generate/check/{remote_id}")
    stranger = await client.ask("GET", f"/generate/check/{remote_id}", headers={"Client-Agent": ""})

    assert submit.json["rc"] == "TimeoutIP"
    assert poll.status == 200
    assert (stranger.status, stranger.json["rc"]) == (403, "Forbidden")


async def test_maintenance_is_a_400(horde: SandboxHorde, client: Client):
    horde.switch(maintenance=True)

    answer = await client.submit()
    modes = await client.ask("GET", "/status/modes", key=None)

    assert (answer.status, answer.json["rc"]) == (400, "MaintenanceMode")
    assert modes.json["maintenance_mode"] is True


async def test_modes_refuse_an_ordinary_key(client: Client):
    answer = await client.ask("GET", "/status/modes")

    assert (answer.status, answer.json["rc"]) == (403, "NotModerator")


async def test_an_estimate_creates_nothing(horde: SandboxHorde, client: Client):
    answer = await client.submit(dry_run=True)
    stranger = await client.submit("another cat", dry_run=True, key="nobody")

    assert (answer.status, set(answer.json)) == (200, {"kudos"})
    assert stranger.json["rc"] == "InvalidAPIKey"
    assert horde.truth.jobs == []


async def test_dearer_models_and_ways_cost_more(horde: SandboxHorde, client: Client):
    horde.switch(limited=False)

    async def estimate(**fields: object) -> float:
        return (await client.submit(dry_run=True, **fields)).json["kudos"]

    plain, xl, flux = [
        await estimate(models=[name])
        for name in ("Deliberate", "SDXL 1.0", "Flux.1-Schnell fp8 (Compact)")
    ]

    assert plain < xl < flux
    assert await estimate(slow_workers=False) > plain
    assert await estimate(source_image=picture()) > plain
    assert await estimate(params={"n": 4, "steps": 20}) > 3 * plain


async def test_an_account_shows_what_runs_for_thirty_seconds(horde: SandboxHorde, client: Client):
    horde.add_key("mine", username="ann#7", kudos=100)
    idle = await client.ask("GET", "/find_user", key="mine")
    remote_id = await client.accepted(key="mine")

    stale = await client.ask("GET", "/find_user", key="mine")
    horde.script.default(held=True)
    horde.hold(remote_id)
    horde.clock.advance(30)
    fresh = await client.ask("GET", "/find_user", key="mine")

    assert "active_generations" not in idle.json
    assert stale.json == idle.json
    assert fresh.json["active_generations"] == {"image": [remote_id]}
    assert (fresh.json["username"], fresh.json["kudos"]) == ("ann#7", 97.0)


async def test_a_shared_key_submits_and_its_owner_pays(horde: SandboxHorde, client: Client):
    horde.add_key("mine", username="ann#7", kudos=100)
    shared = horde.share_key("mine", name="friends", kudos=20)
    remote_id = await client.accepted(key=shared.shared_id)
    horde.finish(remote_id)

    profile = await client.ask("GET", "/find_user", key=shared.shared_id)

    job = horde.truth.job(remote_id)
    assert profile.json["username"] == "ann#7 (Shared Key: friends)"
    assert job.key == shared.shared_id
    assert shared.kudos == pytest.approx(20 - job.charged)
    assert job.account.kudos == pytest.approx(100 - job.charged)


async def test_models_can_be_asked_for_by_their_workers(horde: SandboxHorde, client: Client):
    horde.model("Deliberate", count=0)
    horde.model("Mine", count=2, eta=5)

    everything = (await client.ask("GET", "/status/models?type=image")).json
    popular = (await client.ask("GET", "/status/models?min_count=9")).json
    rare = (await client.ask("GET", "/status/models?max_count=2")).json
    text = (await client.ask("GET", "/status/models?type=text")).json
    one = (await client.ask("GET", "/status/models/SDXL%201.0")).json

    names = {entry["name"] for entry in everything}
    assert "Mine" in names
    assert "Deliberate" not in names
    assert {entry["name"] for entry in popular} == {"stable_diffusion", "AlbedoBase XL (SDXL)"}
    assert [entry["name"] for entry in rare] == ["Mine"]
    assert {entry["type"] for entry in text} == {"text"}
    assert [entry["name"] for entry in one] == ["SDXL 1.0"]


async def test_an_unknown_route_is_refused_and_recorded(horde: SandboxHorde, client: Client):
    unknown = await client.ask("GET", "/generate/nothing")
    method = await client.ask("GET", "/generate/async")

    assert (unknown.status, method.status) == (404, 405)
    assert unknown.json["message"].startswith("The requested URL was not found")
    assert [(call.path, call.route, call.status) for call in horde.calls] == [
        ("/generate/nothing", "", 404),
        ("/generate/async", "", 405),
    ]


async def test_keys_do_not_reach_the_call_log(horde: SandboxHorde, client: Client):
    horde.add_key("my-secret-key-1234", username="ann#7")

    await client.submit(key="my-secret-key-1234", apikey="my-secret-key-1234")

    (call,) = horde.calls.of("POST", "/generate/async")
    assert call.key_tail == "1234"
    assert "secret" not in repr(call)
    assert call.body["prompt"] == "a cat"
