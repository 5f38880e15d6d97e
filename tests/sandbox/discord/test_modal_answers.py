"""What a client lets a member fill into a modal, and how Discord sends it back."""

from typing import Any

import pytest

from bot.sandbox.discord.modal_answers import modal_submit_components, modal_values_problems
from tests.sandbox.discord.library_payloads import picking_modal, text_modal


def test_an_untouched_modal_keeps_its_presets():
    sent = modal_submit_components(text_modal(), {"size": "Large", "private": True})

    assert sent == [
        {"type": 10, "id": 1},
        {"type": 18, "id": 2, "component": field(4, 3, "prompt", value="a cat")},
        {"type": 18, "id": 4, "component": field(21, 5, "size", value="Large")},
        {"type": 18, "id": 6, "component": field(22, 7, "extras", values=["Upscale"])},
        {"type": 18, "id": 8, "component": field(23, 9, "private", value=True)},
    ]


def field(kind: int, number: int, custom_id: str, **value: Any) -> dict[str, Any]:
    return {"type": kind, "id": number, "custom_id": custom_id, **value}


def test_picks_and_the_older_rows_are_sent_too():
    values = {"files": ["9"], "model": ["Flux"], "title": "Mine"}

    sent = modal_submit_components(picking_modal(), values)

    assert [part.get("component") or part["components"][0] for part in sent] == [
        field(19, 2, "files", values=["9"]),
        field(3, 4, "model", values=["Flux"]),
        field(5, 6, "who", values=[]),
        field(8, 8, "where", values=[]),
        field(4, 10, "title", value="Mine"),
    ]


def test_numbers_given_to_components_are_kept_and_not_given_twice():
    modal = {"components": [{"type": 10, "content": "a"}, {"type": 10, "content": "b", "id": 1}]}

    assert modal_submit_components(modal, {}) == [{"type": 10, "id": 2}, {"type": 10, "id": 1}]


def test_filled_modals_are_submitted():
    texts = modal_values_problems(text_modal(), {"prompt": "a dog", "size": "Small"})
    picks = modal_values_problems(picking_modal(), {"files": ["1", "2"], "model": ["SDXL"]})

    assert texts + picks == []


@pytest.mark.parametrize(
    "values,problem",
    [
        ({}, "size: required, but nothing is chosen"),
        ({"size": "Small", "colour": "red"}, "colour: no such field"),
        ({"size": "Huge"}, "size: 'Huge' is none of ['Small', 'Large']"),
        ({"size": "Small", "prompt": ""}, "prompt: required, but empty"),
        ({"size": "Small", "prompt": "x"}, "prompt: 1 characters, not between 2 and 1000"),
        (
            {"size": "Small", "prompt": "x" * 1001},
            "prompt: 1001 characters, not between 2 and 1000",
        ),
        ({"size": "Small", "prompt": 5}, "prompt: 5 is no text"),
        ({"size": "Small", "extras": []}, "extras: required, but nothing is chosen"),
        ({"size": "Small", "extras": "Faces"}, "extras: 'Faces' is no list of values"),
        ({"size": "Small", "extras": ["Hands"]}, "extras: 'Hands' is none of ['Upscale', 'Faces']"),
        ({"size": "Small", "extras": ["Faces", "Faces"]}, "extras: has a value twice"),
        ({"size": "Small", "private": "on"}, "private: 'on' is neither ticked nor not"),
    ],
)
def test_a_modal_filled_in_wrongly_is_not_submitted(values, problem):
    assert modal_values_problems(text_modal(), values) == [problem]


def test_more_files_or_picks_than_allowed_are_not_submitted():
    values = {"files": ["1", "2", "3", "4"], "model": ["SDXL", "Flux"]}

    assert modal_values_problems(picking_modal(), values) == [
        "files: 4 values, not between 1 and 3",
        "model: 2 values, not between 1 and 1",
    ]
