"""What becomes of a request before it is sent to AIME, and how an endpoint wants it written."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import InvalidRequest
from bot.domain.pricing import USUAL
from bot.domain.requests import BlobId, Control, Lora, PictureRequest, Source, SourceUse
from bot.providers.aime.endpoints import Endpoint, Wish
from bot.providers.aime.payload import to_payload
from bot.providers.aime.plan import to_plan
from bot.providers.base import Inputs, Plan
from tests.providers.aime_endpoints import counted, endpoint, flux, from_picture
from tests.providers.provider_cases import WEBP
from tests.providers.recorded_answers import exchange

BLOB = BlobId("ab" * 32)
SOURCE = Source(picture=BLOB, strength=0.5)
REQUEST = PictureRequest(prompt="a lighthouse", seed=7)
NOTHING = Inputs()
ALL = (flux(), counted(), from_picture())


def planned(endpoints: tuple[Endpoint, ...] = (flux(),), **changes) -> Plan:
    return to_plan(REQUEST.evolve(**changes), endpoints=endpoints)


def payload(one: Endpoint, inputs: Inputs = NOTHING, **changes) -> dict:
    request = planned((one,), **changes).request
    return to_payload(request, one, inputs, with_previews=True)


def test_what_is_open_becomes_what_the_endpoint_usually_does():
    plan = planned()

    assert plan.notes == ()
    request = plan.request
    assert (request.model, request.width, request.height) == ("flux-dev", 1024, 1024)
    assert (request.steps, request.cfg, request.seed) == (40, 3.5, 7)


@pytest.mark.parametrize(
    "changes,field,value",
    [
        ({"width": 500}, "width", 512),
        ({"width": 64}, "width", 128),
        ({"height": 3072}, "height", 2048),
        ({"steps": 51}, "steps", 50),
        ({"cfg": 0.5}, "cfg", 1.0),
        ({"cfg": 11.0}, "cfg", 10.0),
    ],
)
def test_what_lies_outside_is_brought_inside_and_told(changes, field, value):
    plan = planned(**changes)

    assert getattr(plan.request, field) == value
    assert len(plan.notes) == 1
    assert f"{value:g}" in plan.notes[0]


def test_bounds_that_are_off_the_grid_are_kept_by_values_on_it():
    odd = {"type": "integer", "minimum": 100, "maximum": 500, "align": 32, "default": 256}
    one = endpoint("odd", {"prompt": {}, "width": odd, "height": odd})

    plan = planned((one,), width=64, height=3000)

    assert (plan.request.width, plan.request.height) == (128, 480)


def test_what_the_endpoint_does_not_know_is_left_out_and_told():
    plan = planned(negative="fog", sampler="k_euler", loras=(Lora(name="x"),), tiling=True)

    assert plan.notes == ("flux-dev knows no negative prompt, sampler, tiling, LoRAs: left out.",)
    assert (plan.request.negative, plan.request.sampler) == ("", None)
    assert (plan.request.tiling, plan.request.loras) == (False, ())


def test_an_endpoint_that_chooses_for_itself_is_left_alone():
    bare = endpoint("bare", {"prompt": {"type": "string", "required": True}})

    plan = planned((bare,), width=512, steps=9, cfg=3.0)

    assert plan.notes == (
        "bare knows no guidance scale, seed: left out.",
        "bare chooses the width itself.",
        "bare chooses the steps itself.",
    )
    assert set(payload(bare)) == {"prompt", "wait_for_result"}
    assert USUAL.of(plan.request) > 0


def test_weights_are_taken_out_and_what_should_not_show_is_negative_where_it_can_be():
    with_negative = planned((counted(),), prompt="a lighthouse::2 fog::-1", negative="rain")
    without = planned(prompt="a lighthouse::2 fog::-1")

    assert (with_negative.request.prompt, with_negative.request.negative) == (
        "a lighthouse",
        "rain, fog",
    )
    assert "weights" in with_negative.notes[0]
    assert (without.request.prompt, without.request.negative) == ("a lighthouse", "")
    assert without.notes[1:] == ("flux-dev knows no negative prompt: left out.",)


@pytest.mark.parametrize("prompt", ["", "  ", "fog::-1"])
def test_a_prompt_without_anything_to_show_is_refused(prompt):
    with pytest.raises(InvalidRequest):
        planned(prompt=prompt)


@pytest.mark.parametrize(
    "changes",
    [
        {"count": 0},
        {"count": 11},
        {"source": Source(picture=BLOB, mask=BLOB)},
        {"source": Source(picture=BLOB, use=SourceUse.REMIX)},
        {"source": Source(picture=BLOB, control=Control.CANNY)},
        {"source": Source(picture=BLOB, strength=1.5)},
    ],
)
def test_what_nobody_there_can_do_is_refused_beforehand(changes):
    with pytest.raises(InvalidRequest):
        planned(ALL, **changes)


def test_the_endpoint_with_the_most_workers_is_chosen():
    assert planned((flux(), counted(workers=3))).request.model == "counted"
    assert planned((flux(), counted(workers=1))).request.model == "flux-dev"


def test_a_picture_to_start_from_chooses_who_can_start_from_one():
    assert planned((counted(workers=9), flux()), source=SOURCE).request.model == "flux-dev"
    assert planned((from_picture(), counted())).request.model == "counted"
    with pytest.raises(InvalidRequest, match="starts from a picture"):
        planned((counted(),), source=SOURCE)
    with pytest.raises(InvalidRequest, match="does without a picture"):
        planned((from_picture(),))


def test_an_endpoint_asked_for_is_found_in_any_case_and_must_be_able():
    assert planned(ALL, model="FLUX-Dev").request.model == "flux-dev"
    with pytest.raises(InvalidRequest, match=r"no model “nope”.*flux-dev, counted"):
        planned(ALL, model="nope")
    with pytest.raises(InvalidRequest, match=r"cannot start.*flux-dev, from_picture"):
        planned(ALL, model="counted", source=SOURCE)
    with pytest.raises(InvalidRequest, match="needs a picture"):
        planned(ALL, model="from_picture")


def test_the_strength_is_fitted():
    weak = planned((from_picture(),), source=Source(picture=BLOB, strength=0.05))
    open_ = planned((from_picture(),), source=Source(picture=BLOB))

    assert weak.request.source is not None
    assert weak.request.source.strength == 0.1
    assert weak.notes[-1] == "Strength changed to 0.1, the nearest that can be had."
    assert open_.request.source == Source(picture=BLOB)


def test_nothing_known_fills_in_what_a_price_needs_and_refuses_nothing():
    plan = to_plan(REQUEST.evolve(model="whatever"), endpoints=())

    assert plan.request.model == "whatever"
    assert USUAL.of(plan.request) > 0


ASKED = st.builds(
    PictureRequest,
    prompt=st.sampled_from(["a cat", "a cat::2 dog::-1", "std::vector"]),
    negative=st.sampled_from(["", "fog"]),
    count=st.integers(1, 10),
    width=st.none() | st.integers(64, 3072),
    height=st.none() | st.integers(64, 3072),
    steps=st.none() | st.integers(1, 500),
    cfg=st.none() | st.floats(0, 100),
    seed=st.integers(0, 2**32 - 1),
    sampler=st.none() | st.just("k_euler"),
    source=st.none() | st.builds(Source, picture=st.just(BLOB), strength=st.floats(0, 1)),
)


@given(request=ASKED, one=st.sampled_from([flux(), counted(), from_picture()]))
def test_a_planned_request_is_planned_to_itself_without_a_word(request, one):
    try:
        first = to_plan(request, endpoints=(one,))
    except InvalidRequest:
        return

    again = to_plan(first.request, endpoints=(one,))

    assert again == Plan(request=first.request)


@given(request=ASKED, one=st.sampled_from([flux(), counted(), from_picture()]))
def test_only_names_and_values_of_the_endpoint_are_sent(request, one):
    try:
        plan = to_plan(request, endpoints=(one,))
    except InvalidRequest:
        return

    body = to_payload(plan.request, one, Inputs(source=WEBP), with_previews=True)

    assert set(body) <= set(one.inputs) | {"wait_for_result"}
    for wish in (Wish.STEPS, Wish.CFG, Wish.WIDTH, Wish.HEIGHT, Wish.STRENGTH):
        name, bounds = one.name_of(wish), one.bounds(wish)
        if name in body:
            assert (bounds.least or 0) <= body[name] <= (bounds.most or float("inf"))
            assert body[name] % bounds.align == 0 or not bounds.is_whole
            assert isinstance(body[name], int) or not bounds.is_whole


def test_a_recorded_request_is_written_like_the_recorded_one():
    recorded = exchange("image_previews_0_submit", of="aime")["request"]["json"]

    body = payload(flux(), width=512, height=480, steps=20)

    expected = {**recorded, "height": 480, "guidance": 3.5}
    del expected["client_session_auth_key"]
    assert body == expected


def test_an_older_endpoint_is_spoken_to_in_its_own_words():
    body = payload(
        from_picture(), Inputs(source=WEBP), source=SOURCE, cfg=7.4, count=3, negative="fog"
    )

    prefix, _, data = body.pop("image").partition(",")
    assert (prefix, base64.b64decode(data)) == ("data:image/webp;base64", WEBP)
    assert body == {
        "text": "a lighthouse",
        "strength": 0.5,
        "scale": 7,
        "wait_for_result": False,
    }


def test_a_count_is_sent_where_all_pictures_come_together():
    assert payload(counted(), count=3)["num_samples"] == 3
    assert "n_samples" not in payload(from_picture(), Inputs(source=WEBP), source=SOURCE)


def test_previews_are_asked_for_where_they_are_on_offer_and_wanted():
    unwanted = to_payload(planned().request, flux(), Inputs(), with_previews=False)

    assert payload(flux())["provide_progress_images"] == "decoded"
    assert "provide_progress_images" not in unwanted
    free_text = endpoint(
        "sdxl",
        {"prompt": {"type": "string"}, "provide_progress_images": {"type": "string"}},
    )
    assert "provide_progress_images" not in payload(free_text)


def test_a_payload_can_be_written_as_json():
    assert json.loads(json.dumps(payload(counted(), negative="fog")))["negative_prompt"] == "fog"


@pytest.mark.parametrize(
    "inputs,output,draws",
    [
        ({"prompt": {}}, "images", True),
        ({"text": {}}, "image", True),
        ({"prompt": {}}, "text", False),
        ({"image": {"required": True}}, "images", False),
        ({"prompt": {}, "voice": {"required": True}}, "images", False),
        ({"prompt": {}, "voice": {"required": True, "default": "any"}}, "images", True),
    ],
)
def test_only_endpoints_that_can_be_asked_for_pictures_count(inputs, output, draws):
    assert endpoint("x", inputs, output=output).makes_pictures is draws


def test_the_recorded_document_is_understood():
    one = flux()

    assert one.makes_pictures
    assert not one.needs_source
    assert not one.chats
    assert (one.workers, one.queued, one.pictures_at_once) == (1, 0, 1)
    assert one.takes(Wish.SOURCE)
    assert one.bounds(Wish.WIDTH).align == 32
    assert one.bounds(Wish.SOURCE).least is None
