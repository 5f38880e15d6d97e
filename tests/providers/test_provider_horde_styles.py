"""Styles of the Horde: read from what was recorded, applied before they are paid for."""

import json

import pytest

from bot.domain.errors import InvalidRequest, Transient
from bot.domain.requests import Conduct, Lora, PictureRequest
from bot.providers.base import Inputs, Model
from bot.providers.horde.payload import to_payload
from bot.providers.horde.styles import KNOWN_MAX, StyleBook, to_style, to_styled_plan
from bot.providers.horde.wire import StyleRow
from bot.sandbox.providers.horde.pictures.submit_schema import SUBMIT
from bot.sandbox.providers.horde.schema import errors_of
from tests.providers.recorded_answers import exchange, replay
from tests.providers.scripted_host import as_json

MODELS = (Model(name="stable_diffusion", workers=3), Model(name="AlbedoBase XL (SDXL)", workers=9))
UNIQUE = "workerowner#1::style::demo oil"


def row(**changes) -> StyleRow:
    recorded = exchange("style_by_name")["response"]["json"]
    return StyleRow.model_validate({**recorded, **changes})


def planned(style: StyleRow | None = None, *, is_anonymous: bool = False, **wishes):
    request = PictureRequest(prompt="a cat", style="demo oil", **wishes)
    return to_styled_plan(request, style or row(), models=MODELS, is_anonymous=is_anonymous)


def test_a_style_tells_what_it_sets():
    style = to_style(row(use_count=7))

    assert (style.name, style.title, style.creator) == (UNIQUE, "demo oil", "workerowner#1")
    assert (style.width, style.height, style.steps) == (512, 512, 12)
    assert (style.model, style.uses, style.tags) == ("stable_diffusion", 7, ("oil",))
    assert "{p}" in style.prompt


def test_a_request_becomes_what_its_style_sets_so_that_its_price_is_true():
    plan = planned()

    request = plan.request
    assert (request.width, request.height, request.steps) == (512, 512, 12)
    assert (request.model, request.sampler, request.style) == (
        "stable_diffusion",
        "k_euler",
        UNIQUE,
    )
    assert request.prompt == "a cat"
    assert plan.notes == ()


def test_wishes_that_the_style_decides_are_left_out_with_a_word():
    plan = planned(width=1024, height=1024, steps=40, loras=(Lora(name="x"),), count=3)

    assert (plan.request.width, plan.request.steps, plan.request.loras) == (512, 12, ())
    assert plan.request.count == 3
    assert plan.notes == ("The style decides these, not you: size, steps, LoRAs.",)


def test_a_size_is_kept_where_the_style_has_none():
    plan = planned(row(params={"steps": 12}), width=640, height=384)

    assert (plan.request.width, plan.request.height) == (640, 384)
    assert plan.notes == ()


def test_a_plan_of_a_plan_is_the_same():
    first = planned(row(params={"steps": 12})).request

    again = to_styled_plan(first, row(params={"steps": 12}), models=MODELS, is_anonymous=False)

    assert (again.request, again.notes) == (first, ())


def test_a_style_for_adults_has_to_be_asked_for_as_such():
    with pytest.raises(InvalidRequest, match="for adults"):
        planned(row(nsfw=True))

    assert planned(row(nsfw=True), conduct=Conduct(nsfw=True)).request.style == UNIQUE


def test_the_first_model_that_somebody_serves_is_the_one():
    models = ["nobody serves this", "AlbedoBase XL (SDXL)", "stable_diffusion"]

    assert planned(row(models=models)).request.model == "AlbedoBase XL (SDXL)"


def test_a_style_whose_models_nobody_serves_is_refused():
    with pytest.raises(InvalidRequest, match="no model “gone”"):
        planned(row(models=["gone"]))


def test_the_anonymous_account_lets_the_horde_make_it_smaller():
    plan = planned(row(params={"steps": 50, "width": 512, "height": 512}), is_anonymous=True)

    assert plan.request.steps == 30
    assert plan.request.conduct.allow_downgrade
    assert "steps were lowered to 30" in plan.notes[0]
    assert not planned(is_anonymous=True).request.conduct.allow_downgrade


@pytest.mark.parametrize(
    "params",
    [
        {"steps": "many", "width": None, "sampler_name": "made up", "karras": "yes"},
        {"post_processing": ["GFPGAN", "magic"], "surprise": {"deep": []}},
        {"loras": [{"name": "x"}], "cfg_scale": True},
    ],
)
def test_what_a_style_says_that_nobody_knows_is_the_hordes_business(params):
    request = planned(row(params=params)).request

    assert dict(errors_of(to_payload(request, Inputs()), SUBMIT)) == {}


def test_the_style_is_named_in_the_body():
    assert to_payload(planned().request, Inputs())["style"] == UNIQUE
    assert "style" not in to_payload(PictureRequest(prompt="x"), Inputs())


def test_a_style_is_found_by_every_name_and_the_most_used_wins():
    book = StyleBook()
    other = row(id="00000000-0000-0000-0000-000000000002", creator="other#2", use_count=9)
    book.learn([row(), other])

    assert book.find("Demo Oil") is book.find("other#2::style::demo oil")
    assert book.find(UNIQUE.upper()).creator == "workerowner#1"
    assert book.find(row().id).creator == "workerowner#1"


def test_an_unknown_style_is_refused_with_what_is_near():
    book = StyleBook()
    book.learn([row()])

    with pytest.raises(InvalidRequest, match="Near to it: demo oil"):
        book.find("demo oils")
    with pytest.raises(InvalidRequest, match="/styles"):
        book.find("zzz")


def test_only_so_many_styles_are_remembered():
    book = StyleBook()
    book.learn(row(id=f"{number:036d}", name=f"n{number}") for number in range(KNOWN_MAX + 1))

    with pytest.raises(InvalidRequest):
        book.find("n0")
    assert book.find(f"n{KNOWN_MAX}").name == f"n{KNOWN_MAX}"


async def test_pages_are_read_and_what_was_read_can_be_used(horde, host):
    host.says(replay("styles_list"))

    (style,) = await horde.styles(page=1)
    plan = horde.plan(PictureRequest(prompt="x", style="demo oil"), models=(), has_own_key=True)

    assert host.calls[0].path == "/api/v2/styles/image?sort=popular&page=1"
    assert style.name == plan.request.style == UNIQUE


async def test_a_style_is_looked_up_by_its_unique_name(horde, host):
    host.says(replay("style_by_unique_name"), replay("error_404_unknown_style"))

    found = await horde.style(UNIQUE)
    missing = await horde.style("nothing")

    assert host.calls[0].path.endswith(
        "/styles/image_by_name/workerowner%231%3A%3Astyle%3A%3Ademo%20oil"
    )
    assert (found.title, missing) == ("demo oil", None)


async def test_a_style_that_was_not_read_cannot_be_used(horde):
    with pytest.raises(InvalidRequest, match="I don't know a style"):
        horde.plan(PictureRequest(prompt="x", style="demo oil"), models=(), has_own_key=True)


async def test_trouble_is_no_answer(horde, host):
    host.says(as_json({"message": "x"}, status=500))

    with pytest.raises(Transient):
        await horde.styles(page=1)


def test_a_recorded_request_with_a_style_is_what_we_send():
    theirs = exchange("submit_accepted_with_style")["request"]["json"]

    assert json.dumps(theirs["style"])
    assert {"style", "params", "prompt"} <= set(to_payload(planned().request, Inputs()))
