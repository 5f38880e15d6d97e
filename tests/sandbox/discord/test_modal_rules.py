"""What Discord would refuse in a modal: real payloads pass, one red example per rule."""

from typing import Any

import pytest

from bot.sandbox.discord.modal_rules import modal_problems
from tests.sandbox.discord.handmade_payloads import (
    button,
    field,
    label,
    options,
    row,
    said,
    section,
    select,
    spoiled,
    text,
)
from tests.sandbox.discord.library_payloads import picking_modal, text_modal


@pytest.mark.parametrize("modal", [text_modal(), picking_modal()], ids=["texts", "picks"])
def test_modals_as_discord_py_builds_them_are_accepted(modal):
    assert modal_problems(modal) == []


def modal(*components: object, **changes: object) -> dict[str, Any]:
    return {"title": "Edit", "custom_id": "edit", "components": list(components), **changes}


@pytest.mark.parametrize(
    "wrong,problem",
    [
        (modal(label(field()), title="x" * 46), "title: longer than 45"),
        (modal(label(field()), title=None), "title: missing"),
        (modal(label(field()), custom_id=None), "custom_id: missing"),
        (modal(), "components: has 0 items, fewer than 1"),
        (modal(*[text()] * 6), "components: has 6 items, more than 5"),
        (modal(section(text())), "components[0].type: SECTION may not stand here"),
        (modal(label(field(), label="x" * 46)), "components[0].label: longer than 45"),
        (modal(label(field(), label="")), "components[0].label: shorter than 1"),
        (
            modal(label(field(), description="x" * 101)),
            "components[0].description: longer than 100",
        ),
        (modal(label(button())), "components[0].component.type: BUTTON may not stand in a label"),
        (modal(label(field(custom_id=None))), "components[0].component.custom_id: missing"),
        (modal(label({"type": 23})), "components[0].component.custom_id: missing"),
        (modal(label(field(style=3))), "components[0].component.style: not between 1 and 2"),
        (modal(label(field(style=None))), "components[0].component.style: missing"),
        (modal(label(field(value="x" * 4001))), "components[0].component.value: longer than 4000"),
        (
            modal(label(field(placeholder="x" * 101))),
            "components[0].component.placeholder: longer than 100",
        ),
        (
            modal(label(field(max_length=4001))),
            "components[0].component.max_length: not between 1 and 4000",
        ),
        (
            modal(label(field(min_length=9, max_length=8))),
            "components[0].component.min_length: above max_length, 8",
        ),
        (
            modal(label({"type": 21, "custom_id": "r", "options": options(1)})),
            "components[0].component.options: has 1 items, fewer than 2",
        ),
        (
            modal(label({"type": 22, "custom_id": "c", "options": options(11)})),
            "components[0].component.options: has 11 items, more than 10",
        ),
        (
            modal(label({"type": 19, "custom_id": "f", "max_values": 11})),
            "components[0].component.max_values: not between 1 and 10",
        ),
        (
            modal(label({"type": 19, "custom_id": "f", "min_values": 0})),
            "components[0].component.min_values: is 0 although an answer is required",
        ),
        (
            modal(label(select(disabled=True))),
            "components[0].component.disabled: nothing can be disabled in a modal",
        ),
        (
            modal(row(field(), field(custom_id="b"))),
            "components[0].components: has 2 items, more than 1",
        ),
    ],
)
def test_a_modal_against_a_rule_is_refused(wrong, problem):
    assert said(modal_problems(wrong)) == [problem]


def test_two_fields_of_a_modal_cannot_share_a_custom_id():
    problems = said(modal_problems(modal(label(field()), label(field()))))

    assert problems == [
        f"components[{n}].component.custom_id: 'prompt' is used more than once" for n in (0, 1)
    ]


@pytest.mark.parametrize("payload", [text_modal(), picking_modal()], ids=["texts", "picks"])
def test_nonsense_anywhere_in_a_modal_never_crashes_the_rules(payload):
    for wrong in spoiled(payload):
        assert all(problem.text for problem in modal_problems(wrong))
