"""Nebula Block's words and choices: plan, payload, answers, refusals, and the count by the day."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import SecretStr

from bot.domain.errors import (
    Ambiguous,
    BotError,
    ContentRefused,
    InvalidRequest,
    KeyEmpty,
    KeyRejected,
    Permanent,
    RateLimited,
    Transient,
    TurnedAway,
)
from bot.domain.requests import SEED_MAX, BlobId, Control, PictureRequest, Source, SourceUse
from bot.providers.base import Inputs, Model
from bot.providers.nebula import answers
from bot.providers.nebula.catalog import DOCUMENTED, FILL, SCHNELL, SDXL
from bot.providers.nebula.errors import Said, refusal
from bot.providers.nebula.payload import repainted_size, seed_of, to_payload
from bot.providers.nebula.plan import to_plan
from bot.providers.nebula.tally import Tally
from bot.providers.nebula.wire import READER, Models, to_dollars
from tests.media.sample_pictures import half_red_half_blue, written
from tests.providers.provider_cases import NOW, WEBP
from tests.providers.recorded_answers import as_answer, exchange, made_answer

KEY = SecretStr("ak_fa4efa4efa4efa4e")
SEEDREAM = "bytedance/seedream-3.0"
SERVED = tuple(Model(name=name) for name in (SDXL, SCHNELL, FILL, SEEDREAM))
BARE = PictureRequest(prompt="a cat", seed=7)
PAINTED = Source(picture=BlobId("ab" * 32), mask=BlobId("cd" * 32), use=SourceUse.INPAINTING)
SOURCE = written(half_red_half_blue(96, 64), "JPEG")
MASK = written(Image.new("L", (96, 64), 255), "PNG")
ENTRY = {"timings": {"inference": 13.4}, "index": 0, "b64_json": base64.b64encode(WEBP).decode()}


def planned(request=BARE, *, models=SERVED):
    return to_plan(request, models=models)


def sent(request, *, call=0):
    plan = planned(request)
    return to_payload(plan.request, Inputs(source=SOURCE, mask=MASK), call=call)


def drawn(*entries, **changes):
    return made_answer(200, {"status": "success", "message": "", "data": entries} | changes)


def items(answer, *, call=0, request=BARE):
    return answers.to_items(answer, request.evolve(model=SCHNELL), call=call, key=KEY)


# ---------------------------------------------------------------- plan


def test_a_bare_prompt_is_completed_without_a_word():
    plan = planned()

    assert plan.notes == ()
    assert plan.takes_seed
    assert plan.request == BARE.evolve(model=SCHNELL, width=1024, height=1024, steps=4)


def test_a_picture_with_a_mask_goes_to_the_model_that_repaints():
    plan = planned(BARE.evolve(source=PAINTED, seed=None))

    assert plan.notes == ()
    assert not plan.takes_seed
    assert (plan.request.model, plan.request.steps, plan.request.cfg) == (FILL, 40, 4.5)


@pytest.mark.parametrize(
    ("asked", "changes", "notes"),
    [
        ({"width": 3072, "height": 64}, {"width": 1536, "height": 256}, ("Width lowered to 1536.", "Height raised to 256.")),
        ({"width": 1000, "height": 1009}, {"width": 992, "height": 1008}, ()),
        ({"steps": 500}, {"steps": 50}, ("Steps lowered to 50.",)),
        ({"model": SDXL, "cfg": 90.0, "seed": None}, {"cfg": 20.0}, ("Guidance scale lowered to 20.",)),
        ({"cfg": 5.0}, {"cfg": None}, (f"{SCHNELL} knows no guidance scale: left out.",)),
        ({"model": SDXL}, {"seed": None}, (f"{SDXL} knows no seed: left out.",)),
        ({"negative": "fog"}, {"negative": ""}, (f"{SCHNELL} knows no negative prompt: left out.",)),
        ({"model": SEEDREAM, "seed": None, "steps": 12}, {"steps": 30}, (f"{SEEDREAM} chooses the steps itself.",)),
        ({"prompt": "a cat::2 a hat"}, {"prompt": "a cat, a hat"}, ("Nebula Block knows no weights: the words were sent without them.",)),
        ({"source": Source(picture=BlobId("ab"), mask=BlobId("cd"), strength=0.5), "seed": None}, {"source": Source(picture=BlobId("ab"), mask=BlobId("cd"))},
         ("Nebula Block draws what is masked wholly anew: the strength was left out.",)),
        ({"source": PAINTED, "width": 512, "height": 512, "seed": None}, {"width": 512},
         ("The picture keeps its own shape; the size that you gave is the most.",)),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_changed_and_told(asked, changes, notes):
    plan = planned(BARE.evolve(**asked))

    assert {name: getattr(plan.request, name) for name in changes} == changes
    assert plan.notes == notes


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"source": Source(picture=BlobId("ab"))}, "add a mask"),
        ({"source": Source(picture=BlobId("ab"), mask=BlobId("cd"), use=SourceUse.OUTPAINTING)}, "knows no outpainting"),
        ({"source": Source(picture=BlobId("ab"), mask=BlobId("cd"), control=Control.CANNY)}, "control types"),
        ({"source": PAINTED, "model": SCHNELL}, f"cannot start from a picture. This one can: {FILL}"),
        ({"model": FILL}, "needs a picture and a mask"),
        ({"model": "dreamy"}, "has no model “dreamy”"),
        ({"prompt": "a cat::-1"}, "prompt is empty"),
        ({"count": 11}, "between 1 and 10"),
    ],
)  # fmt: skip
def test_what_nebula_cannot_do_at_all_is_refused(asked, sentence):
    with pytest.raises(InvalidRequest, match=sentence):
        planned(BARE.evolve(**asked))


@pytest.mark.parametrize(
    ("served", "asked", "sentence"),
    [
        ((SDXL,), {"source": PAINTED}, "offers no model now that repaints"),
        ((FILL,), {}, "offers no model now that draws from a description"),
    ],
)
def test_what_no_listed_model_does_is_refused(served, asked, sentence):
    with pytest.raises(InvalidRequest, match=sentence):
        planned(BARE.evolve(**asked), models=[Model(name=name) for name in served])


def test_until_the_list_is_known_the_documented_models_are_on_offer():
    assert planned(models=()).request.model == SCHNELL
    assert planned(BARE.evolve(model=SDXL.upper(), seed=None), models=()).request.model == SDXL
    with pytest.raises(InvalidRequest, match=", ".join(DOCUMENTED)):
        planned(BARE.evolve(model=SEEDREAM), models=())


@given(
    width=st.none() | st.integers(1, 5000),
    height=st.none() | st.integers(1, 5000),
    steps=st.none() | st.integers(1, 500),
    cfg=st.none() | st.floats(0, 100),
    seed=st.none() | st.integers(0, SEED_MAX),
    negative=st.sampled_from(["", "fog"]),
    model=st.none() | st.sampled_from([SDXL, SCHNELL, SEEDREAM]),
)
def test_every_plan_is_within_the_bounds_and_needs_no_other_plan(**asked):
    plan = planned(BARE.evolve(**asked))
    request = plan.request

    assert 256 <= request.width <= 1536
    assert request.width % 16 == request.height % 16 == 0
    assert 1 <= request.steps <= 50
    assert request.cfg is None or 1 <= request.cfg <= 20
    assert (planned(request).request, planned(request).notes) == (request, ())


# ---------------------------------------------------------------- payload


def test_the_documented_request_is_sent_as_the_document_shows():
    document = exchange("documented_text_to_image", of="nebula")["request"]["json"]
    request = PictureRequest(prompt=document["prompt"], model=SDXL)

    body = sent(request)

    # Its `null` is left out: the fields without a value say the same.
    assert body == {name: value for name, value in document.items() if value is not None}


def test_the_documented_repainting_is_sent_as_the_document_shows():
    document = exchange("documented_inpainting", of="nebula")["request"]["json"]

    body = sent(PictureRequest(prompt=document["prompt"], source=PAINTED))

    assert set(body) == set(document)
    assert {name: body[name] for name in ("model", "prompt", "num_steps", "guidance_scale")} == {
        name: document[name] for name in ("model", "prompt", "num_steps", "guidance_scale")
    }
    assert base64.b64decode(body["image"], validate=True) == SOURCE  # bare, without a data URI
    assert base64.b64decode(body["mask"], validate=True) == MASK


@pytest.mark.parametrize(
    ("asked", "beside_the_common"),
    [
        ({"model": SDXL, "negative": "fog"}, {"negative_prompt", "num_steps", "guidance_scale"}),
        ({"model": SDXL}, {"num_steps", "guidance_scale"}),
        ({"model": SCHNELL, "negative": "fog", "cfg": 7.0}, {"num_steps", "seed"}),
        ({"model": SEEDREAM, "negative": "fog", "cfg": 7.0, "steps": 9}, set()),
        ({"source": PAINTED}, {"num_steps", "guidance_scale", "image", "mask"}),
    ],
)
def test_only_what_the_models_row_lists_is_sent(asked, beside_the_common):
    body = sent(BARE.evolve(**asked))

    assert set(body) == {"model", "prompt", "width", "height"} | beside_the_common


def test_every_call_has_a_seed_of_its_own():
    assert [sent(BARE, call=call)["seed"] for call in range(3)] == [7, 8, 9]
    assert [seed_of(SEED_MAX, 1), seed_of(None, 1)] == [0, None]


@pytest.mark.parametrize(
    ("picture", "area_px", "size"),
    [
        ((1024, 1024), 1024 * 1024, (1024, 1024)),
        ((96, 64), 1024 * 1024, (96, 64)),
        ((100, 70), 1024 * 1024, (96, 64)),
        ((3000, 2000), 1024 * 1024, (1248, 832)),
        ((3000, 100), 1024 * 1024, (1536, 48)),
        ((3, 3), 1024 * 1024, (16, 16)),
        ((800, 800), 512 * 512, (512, 512)),
    ],
)
def test_what_is_repainted_keeps_its_shape_within_the_area_that_was_priced(picture, area_px, size):
    mask = written(Image.new("L", picture, 255), "PNG")

    assert repainted_size(mask, area_px=area_px) == size


# ---------------------------------------------------------------- answers


def test_the_documented_answer_can_be_read_although_its_picture_is_cut_short():
    with pytest.raises(Permanent, match="sent no picture"):
        items(as_answer(exchange("documented_success", of="nebula")["response"]))


def test_several_entries_are_ordered_by_their_index():
    other = base64.b64encode(WEBP + b"\0").decode()

    found = items(drawn({**ENTRY, "index": 1}, {**ENTRY, "index": 0, "b64_json": other}), call=2)

    assert [item.id for item in found] == ["3-1", "3-2"]
    assert [item.data for item in found] == [WEBP + b"\0", WEBP]
    assert {(item.seed, item.model) for item in found} == {("9", SCHNELL)}


@pytest.mark.parametrize("index", [None, "0", 5])
def test_an_index_may_be_missing_or_odd(index):
    assert items(drawn({**ENTRY, "index": index}))[0].data == WEBP


@pytest.mark.parametrize(
    "text",
    [
        f"data:image/webp;base64,{ENTRY['b64_json']}",
        ENTRY["b64_json"].rstrip("="),
        "\n".join(ENTRY["b64_json"][at : at + 8] for at in range(0, 99, 8)),
    ],
    ids=["data uri", "no padding", "lines"],
)
def test_base64_may_be_dressed_up(text):
    assert items(drawn({**ENTRY, "b64_json": text}))[0].data == WEBP


@pytest.mark.parametrize(
    "spoilt",
    [
        {"b64_json": None},
        {"b64_json": ""},
        {"b64_json": "!!"},
        {"b64_json": base64.b64encode(b"<html>").decode()},
    ],
)
def test_an_entry_without_a_picture_is_left_out_and_alone_it_is_a_failure(spoilt):
    bad = {**ENTRY, **spoilt}

    assert len(items(drawn(bad, ENTRY))) == 1
    with pytest.raises(Permanent, match="sent no picture"):
        items(drawn(bad))


def test_no_entry_at_all_is_a_failure():
    with pytest.raises(Permanent, match="sent no picture"):
        items(drawn())


@pytest.mark.parametrize("status", ["SUCCESS", "Success ", None])
def test_success_may_be_spelt_otherwise_or_left_out(status):
    body = {"data": [ENTRY]} | ({} if status is None else {"status": status})

    assert items(made_answer(200, body))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"status":"success"}', b"<html>"])
def test_an_answer_that_cannot_be_read_may_have_been_paid_for(body):
    with pytest.raises(Ambiguous):
        items(made_answer(200, body))


@pytest.mark.parametrize(
    ("body", "kind", "sentence"),
    [
        ({"status": "failed", "message": "Image generation failed"}, Permanent, "could not draw this: Image generation failed"),
        ({"status": "failed", "message": "Out of memory", "data": [ENTRY]}, Permanent, "Out of memory"),
        ({"status": "error", "error": {"code": "content_policy_violation", "message": "No."}}, ContentRefused, "content rules refused this: No."),
        ({"status": "failed", "message": "Rejected by our safety system"}, ContentRefused, "safety system"),
        ({"status": "error", "error": {"code": "insufficient_quota"}}, KeyEmpty, "no credit left"),
        ({"status": "pending"}, Permanent, "it does not say why"),
    ],
)  # fmt: skip
def test_another_status_than_success_is_an_error_whatever_http_says(body, kind, sentence):
    with pytest.raises(BotError, match=sentence) as caught:
        items(made_answer(200, body))

    assert type(caught.value) is kind


def test_what_is_known_of_all_calls_grows_with_each():
    request = BARE.evolve(count=3)
    first = answers.after_call(None, request, came=1, now=NOW)
    second = answers.after_call(first, request, came=1, now=NOW + timedelta(minutes=1))
    more = answers.after_call(first, request, came=2, now=NOW)

    assert (answers.calls_of(None), answers.calls_of(second)) == (0, 2)
    assert second.submitted_at == NOW
    assert [answers.is_complete(one) for one in (first, second, more)] == [False, False, True]
    assert answers.shortfall(second) == ("Nebula Block drew 2 of 3 pictures.",)
    assert answers.shortfall(more) == ()


# ---------------------------------------------------------------- refusals


def nested(code, message="No."):
    return {"status": "error", "error": {"code": code, "message": message, "details": {}}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "sentence"),
    [
        (400, {"status": "failed", "message": "Bad width"}, InvalidRequest, "refused this request: Bad width"),
        (422, {"detail": [{"loc": ["body", "width"], "msg": "too big"}, {"msg": "and this"}]}, InvalidRequest, "width: too big; and this"),
        (422, {"detail": "No."}, InvalidRequest, "No."),
        (400, nested("invalid_prompt"), InvalidRequest, "No."),
        (400, {"status": "error", "error": {"message": "Bad", "details": {"seed": "too big"}}}, InvalidRequest, "Bad seed: too big"),
        (400, {"error": "just a text"}, InvalidRequest, "just a text"),
        (400, nested("content_policy_violation"), ContentRefused, "content rules"),
        (401, {"detail": "Invalid authentication credentials."}, KeyRejected, "does not know this key"),
        (402, {"status": "failed", "message": "x"}, Permanent, "does not allow this with this key: x"),
        (402, {"detail": "Insufficient credits"}, KeyEmpty, "no credit left for this key"),
        (403, {"detail": "Your plan does not include this model."}, Permanent, "Your plan does not"),
        (403, nested("insufficient_quota"), KeyEmpty, "no credit left for this key"),
        (404, {"detail": "Not Found"}, Permanent, "status 404"),
        (405, {"detail": "Method Not Allowed"}, TurnedAway, "status 405"),
        (413, b"<html>", InvalidRequest, "too large"),
        (429, {"detail": "x"}, RateLimited, "slow down"),
        (500, nested("internal_error"), Ambiguous, "broke while it took"),
        (502, b"<html>", Ambiguous, "broke while it took"),
        (503, {"status": "failed", "message": "The model is overloaded."}, Transient, "overloaded"),
        (503, b"<html>", Ambiguous, "broke while it took"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do_whatever_its_shape(status, body, kind, sentence):
    error = refusal(made_answer(status, body), key=KEY, is_submit=True)

    assert type(error) is kind
    assert sentence in str(error)


def test_a_read_that_fails_is_worth_another_try():
    assert type(refusal(made_answer(500, b"<html>"), key=KEY)) is Transient
    assert type(refusal(made_answer(400, {"message": "x"}), key=KEY)) is Permanent


def test_an_explanation_is_short_and_keeps_no_secret():
    body = {"detail": f"{KEY.get_secret_value()} https://x.example/a?b " + "long " * 200}

    error = refusal(made_answer(418, json.dumps(body).encode()), key=KEY)

    assert KEY.get_secret_value() not in str(error)
    assert "x.example" not in str(error)
    assert len(str(error)) < 500


# ---------------------------------------------------------------- the count by the day


def limit(why="", *, retry_after_s=None):
    return Said(status=429, code="", why=why, retry_after_s=retry_after_s)


EVENING = datetime(2026, 11, 20, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "made", "is_over"),
    [
        (limit("Daily limit of 200 requests exceeded."), 0, True),
        (limit("You have reached your RPD limit."), 0, True),
        (limit("Limit of 60 requests per minute exceeded."), 200, False),
        (limit("Try again in 12 seconds; see your daily usage."), 0, False),
        (limit("Rate limit exceeded."), 199, False),
        (limit("Rate limit exceeded."), 200, True),
        (limit(retry_after_s=3600.0), 0, True),
        (limit(retry_after_s=30.0), 0, False),
    ],
)
def test_a_limit_is_by_the_minute_or_by_the_day(said, made, is_over):
    tally = Tally()
    for _ in range(made):
        tally.note(KEY, now=EVENING)

    error = tally.refused(said, key=KEY, now=EVENING)

    assert type(error) is (Transient if is_over else RateLimited)
    assert error.retry_after_s == (7200 if is_over else said.retry_after_s or 60)


def test_a_day_that_is_over_is_not_knocked_at_until_midnight():
    tally, other = Tally(), SecretStr("ak_other")
    tally.refused(limit("daily"), key=KEY, now=EVENING)

    with pytest.raises(Transient, match="counts afresh at 00:00 UTC") as caught:
        tally.check(KEY, now=EVENING + timedelta(hours=1))
    tally.check(other, now=EVENING)
    tally.check(KEY, now=EVENING + timedelta(hours=2))

    assert not isinstance(caught.value, RateLimited)
    assert caught.value.retry_after_s == 3600


def test_the_count_keeps_no_key():
    tally = Tally()

    tally.note(KEY, now=EVENING)

    assert KEY.get_secret_value() not in repr(vars(tally))


# ---------------------------------------------------------------- lists


@pytest.mark.parametrize(
    ("told", "dollars"),
    [
        ("12.50", 12.5), ("$1,234.5", 1234.5), (0.003, 0.003), (0, 0.0), ("-0.2", -0.2),
        ("", None), ("free", None), (None, None), (True, None), ({"input": 1}, None), ("nan", None),
    ],
)  # fmt: skip
def test_amounts_come_as_numbers_or_as_text(told, dollars):
    assert to_dollars(told) == dollars


def test_the_list_is_narrowed_to_what_draws():
    body = {
        "data": {
            "models": [
                {"model_name": "a", "model_type": "Image", "price": 1, "new": {"x": 1}},
                {"model_name": "b", "model_type": "Text", "price": {"input": 1}},
                {"model_name": "c", "model_type": "IMAGE"},
                {"model_name": "d", "model_type": "Hologram"},
                {"model_name": "e"},
            ]
        }
    }

    models = READER.read(Models, made_answer(200, body)).data.models

    assert [one.model_name for one in models if one.draws] == ["a", "c"]
