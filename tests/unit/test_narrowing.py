"""A request narrowed to what a provider can do."""

from dataclasses import fields

import pytest

from bot.domain.errors import InvalidRequest
from bot.domain.narrowing import WISHES, chosen, narrowed, unweighted, within
from bot.domain.requests import Lora, PictureRequest

PLAIN = PictureRequest(prompt="a cat", count=2, width=512, height=512, model="stable", steps=20)
# What every provider takes in some way or refuses, and what is no provider's or the Horde's only.
NO_WISHES = {"prompt", "count", "width", "height", "model", "steps", "source", "conduct", "private"}


def test_a_plain_request_loses_nothing():
    assert narrowed(PLAIN, able=()) == (PLAIN, ())


def test_every_wish_is_reset_and_named_unless_it_can_be_met():
    request = PLAIN.evolve(
        negative="fog", cfg=7.0, seed=0, karras=False, tiling=True, loras=(Lora(name="glow"),)
    )

    left, lost = narrowed(request, able={"seed", "cfg"})

    assert left == PLAIN.evolve(cfg=7.0, seed=0)
    assert lost == ("negative prompt", "noise schedule", "tiling", "LoRAs")


def test_every_field_of_a_request_has_been_thought_of():
    assert {field.name for field in fields(PictureRequest)} == NO_WISHES | WISHES.keys()


@pytest.mark.parametrize(
    ("value", "fitted", "told"),
    [
        (5, 5, []),
        (0, 1, ["Steps raised to 1."]),
        (99, 10, ["Steps lowered to 10."]),
    ],
)
def test_a_value_is_brought_within_bounds_and_told(value, fitted, told):
    notes: list[str] = []

    assert within("Steps", value, low=1, high=10, notes=notes) == fitted
    assert notes == told


KNOWN = ("dalle", "stable", "Dreamy XL")


@pytest.mark.parametrize(
    ("asked", "known", "model"),
    [
        (None, KNOWN, "stable"),
        (None, ("other", "more"), "other"),
        (None, (), "stable"),
        ("dreamy xl", KNOWN, "Dreamy XL"),
        ("anything", (), "anything"),
    ],
)
def test_a_model_is_chosen_or_spelt_right(asked, known, model):
    assert chosen(asked, known, usual="stable", title="Somebody") == model


def test_an_unknown_model_is_refused_with_the_known_ones():
    with pytest.raises(InvalidRequest, match=r"Somebody has no model “nope”.*dalle, stable"):
        chosen("nope", KNOWN, usual="stable", title="Somebody")


def test_weights_become_words_to_draw_and_words_to_avoid():
    notes: list[str] = []

    request = unweighted(
        PLAIN.evolve(prompt="a cat::2 fog::-1", negative="rain"), title="Somebody", notes=notes
    )

    assert (request.prompt, request.negative) == ("a cat", "rain, fog")
    assert notes == ["Somebody knows no weights: the words were sent without them."]


def test_a_prompt_without_weights_is_left_alone():
    notes: list[str] = []

    assert unweighted(PLAIN, title="Somebody", notes=notes) is PLAIN
    assert notes == []
