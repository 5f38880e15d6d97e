"""What Discord would refuse in a message: real payloads pass, one red example per rule."""

import pytest

from bot.sandbox.discord.message_rules import message_problems, unreferenced_attachments
from bot.sandbox.discord.problems import EMPTY_MESSAGE, INVALID_FORM_BODY
from tests.sandbox.discord.handmade_payloads import (
    button,
    container,
    gallery,
    options,
    row,
    said,
    section,
    select,
    spoiled,
    text,
)
from tests.sandbox.discord.library_payloads import (
    CARD_FILES,
    card_message,
    embed_message,
    poll_message,
)


def v2(*components: object, filenames: tuple[str, ...] = (), **more: object) -> list[str]:
    payload = {"components": list(components), **more}
    return said(message_problems(payload, components_v2=True, filenames=filenames))


def legacy(filenames: tuple[str, ...] = (), **payload: object) -> list[str]:
    return said(message_problems(payload, components_v2=False, filenames=filenames))


def test_a_card_as_discord_py_builds_it_is_accepted():
    problems = message_problems(card_message(), components_v2=True, filenames=CARD_FILES)

    assert problems == []


def test_embeds_stickers_and_polls_as_discord_py_builds_them_are_accepted():
    with_embed = message_problems(embed_message(), components_v2=False, filenames=["cat.png"])
    with_poll = message_problems(poll_message(), components_v2=False, filenames=[])

    assert with_embed + with_poll == []


@pytest.mark.parametrize(
    "payload,components_v2",
    [({}, False), ({"content": "  "}, False), ({"components": []}, True), ({}, True)],
)
def test_an_empty_message_has_its_own_code(payload, components_v2):
    (problem,) = message_problems(payload, components_v2=components_v2, filenames=[])

    assert problem.code == EMPTY_MESSAGE


def test_a_file_alone_is_a_message_but_not_in_components_v2():
    plain = message_problems({}, components_v2=False, filenames=["cat.png"])
    unseen = message_problems({}, components_v2=True, filenames=["cat.png"])

    assert plain == []
    assert [problem.code for problem in unseen] == [EMPTY_MESSAGE]


def test_everything_else_is_an_invalid_form_body():
    problems = message_problems(
        {"components": [text("x" * 4001)]}, components_v2=True, filenames=[]
    )

    assert [problem.code for problem in problems] == [INVALID_FORM_BODY]


@pytest.mark.parametrize(
    "payload,problem",
    [
        ({"content": "x" * 2001}, "content: longer than 2000"),
        ({"content": 5}, "content: not a text"),
        ({"embeds": [{"title": "x"}] * 11}, "embeds: has 11 items, more than 10"),
        ({"embeds": [{"title": "x" * 257}]}, "embeds[0].title: longer than 256"),
        (
            {"embeds": [{"fields": [{"name": "n", "value": "x" * 1025}]}]},
            "embeds[0].fields[0].value: longer than 1024",
        ),
        (
            {"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]},
            "embeds[0].fields: has 26 items, more than 25",
        ),
        (
            {"embeds": [{"description": "x" * 4000}, {"footer": {"text": "x" * 2001}}]},
            "embeds: 6001 characters, more than 6000",
        ),
        ({"sticker_ids": ["1"] * 4}, "sticker_ids: has 4 items, more than 3"),
        (
            {"content": "x", "attachments": [{"id": n} for n in range(11)]},
            "attachments: has 11 items, more than 10",
        ),
        (
            {"content": "x", "attachments": [{"id": 0, "description": "x" * 1025}]},
            "attachments[0].description: longer than 1024",
        ),
        (
            {"embeds": [{"image": {"url": "attachment://dog.png"}}]},
            "embeds[0].image.url: attachment://dog.png names no attachment of this message",
        ),
        (
            {"components": [text()]},
            "components[0].type: only action rows without the IS_COMPONENTS_V2 flag",
        ),
        (
            {"components": [row(button(custom_id=f"b{n}")) for n in range(6)]},
            "components: has 6 items, more than 5",
        ),
    ],
)
def test_a_message_beyond_a_limit_is_refused(payload, problem):
    assert legacy(**payload) == [problem]


def test_eleven_files_are_too_many():
    filenames = tuple(f"{n}.png" for n in range(11))

    assert legacy(filenames, content="x") == ["attachments: 11 files, more than 10"]


@pytest.mark.parametrize(
    "forbidden",
    [
        {"content": "x"},
        {"embeds": [{"title": "x"}]},
        {"poll": {"question": {}}},
        {"sticker_ids": ["1"]},
    ],
)
def test_components_v2_excludes_the_older_ways_to_say_something(forbidden):
    (name,) = forbidden

    assert v2(text(), **forbidden) == [f"{name}: cannot be used with the IS_COMPONENTS_V2 flag"]


def test_a_message_is_converted_to_components_v2_by_null_content_and_no_embeds():
    assert v2(text(), content=None, embeds=[]) == []


def test_forty_components_are_allowed_and_accessories_count():
    parts = [section(text(), accessory=button(custom_id=f"b{n}")) for n in range(13)]

    assert v2(*parts, text()) == []
    assert v2(*parts, text(), text()) == [
        "components: 41 components with nested ones, more than 40"
    ]


def test_the_texts_of_a_message_share_4000_characters():
    assert v2(text("x" * 2000), container(text("x" * 2000))) == []
    assert v2(text("x" * 2000), container(text("x" * 2001))) == [
        "components: 4001 characters of text, more than 4000"
    ]


@pytest.mark.parametrize(
    "component,problem",
    [
        (text("x" * 4001), ".content: longer than 4000"),
        (text(""), ".content: shorter than 1"),
        ({"type": 10}, ".content: missing"),
        (button(), ".type: BUTTON may not stand here"),
        ({"type": 99}, ".type: no known component may not stand here"),
        (container(container(text())), ".components[0].type: CONTAINER may not stand here"),
        (container(), ".components: has 0 items, fewer than 1"),
        (container(text(), accent_color=0x1000000), ".accent_color: not between 0 and 16777215"),
        (row(), ".components: has 0 items, fewer than 1"),
        (row(text()), ".components[0].type: TEXT_DISPLAY may not stand here"),
        (
            row(*(button(custom_id=f"b{n}") for n in range(6))),
            ".components: has 6 items, more than 5",
        ),
        (row(button(), select()), ".components: a select stands alone in its row"),
        (section(text()), ".accessory: missing"),
        (section(text(), accessory=text()), ".accessory.type: neither button nor thumbnail"),
        (section(accessory=button()), ".components: has 0 items, fewer than 1"),
        (
            section(*[text()] * 4, accessory=button()),
            ".components: has 4 items, more than 3",
        ),
        (
            section(row(button(custom_id="x")), accessory=button()),
            ".components[0].type: ACTION_ROW may not stand here",
        ),
        (
            section(text(), accessory={"type": 11}),
            ".accessory.media.url: missing",
        ),
        (gallery(), ".items: has 0 items, fewer than 1"),
        (gallery(*["https://x.y/z.png"] * 11), ".items: has 11 items, more than 10"),
        (
            gallery("https://x.y/z.png", description="x" * 1025),
            ".items[0].description: longer than 1024",
        ),
        (
            gallery("attachment://dog.png"),
            ".items[0].media.url: attachment://dog.png names no attachment of this message",
        ),
        (
            {"type": 13, "file": {"url": "https://x.y/z"}},
            ".file.url: not an attachment:// reference",
        ),
        ({"type": 14, "spacing": 3}, ".spacing: not between 1 and 2"),
    ],
)
def test_a_component_against_a_rule_is_refused(component, problem):
    assert v2(component) == [f"components[0]{problem}"]


@pytest.mark.parametrize(
    "wrong,problem",
    [
        (button(label="x" * 81), ".label: longer than 80"),
        (button(custom_id="x" * 101), ".custom_id: longer than 100"),
        (button(custom_id=""), ".custom_id: shorter than 1"),
        (button(custom_id=None), ".custom_id: missing"),
        (button(style=9), ".style: not one of [1, 2, 3, 4, 5, 6]"),
        (button(label=None), ": has neither label nor emoji"),
        (button(url="https://x.y"), ".url: not allowed in a button of style 1"),
        (button(style=5, url="https://x.y"), ".custom_id: not allowed in a button of style 5"),
        (button(style=5, custom_id=None), ".url: missing"),
        (
            button(style=5, custom_id=None, url="https://x.y/" + "x" * 512),
            ".url: longer than 512",
        ),
        (
            button(style=6, custom_id=None, sku_id="1"),
            ".label: not allowed in a button of style 6",
        ),
        (button(style=6, custom_id=None, label=None), ".sku_id: missing"),
        (select(custom_id=None), ".custom_id: missing"),
        (select(placeholder="x" * 151), ".placeholder: longer than 150"),
        (select(options=options(26)), ".options: has 26 items, more than 25"),
        (select(options=options(1, label="x" * 101)), ".options[0].label: longer than 100"),
        (select(options=options(1, value=None)), ".options[0].value: missing"),
        (
            select(options=options(1, description="x" * 101)),
            ".options[0].description: longer than 100",
        ),
        (select(options=options(2, value="V")), ".options[1].value: 'V' is there twice"),
        (select(max_values=3), ".max_values: above the number of options, 2"),
        (select(max_values=26), ".max_values: not between 1 and 25"),
        (select(min_values=2), ".min_values: above max_values, 1"),
        (select(options=options(2, default=True)), ".options: 2 defaults, more than 1"),
        (
            {"type": 5, "custom_id": "u", "default_values": [{"id": "1"}, {"id": "2"}]},
            ".default_values: 2 defaults, not between 1 and 1",
        ),
    ],
)
def test_a_button_or_select_against_a_rule_is_refused(wrong, problem):
    assert v2(row(wrong)) == [f"components[0].components[0]{problem}"]


@pytest.mark.parametrize("field_name,value", [("custom_id", "same"), ("id", 7)])
def test_what_identifies_a_component_is_unique(field_name, value):
    twins = [button(**{"custom_id": name, field_name: value}) for name in ("a", "b")]

    problems = v2(row(*twins))

    assert problems == [
        f"components[0].components[{n}].{field_name}: {value!r} is used more than once"
        for n in (0, 1)
    ]


def test_an_id_of_zero_stands_for_none():
    assert v2(text(id=0), text(id=0)) == []


def test_an_attachment_no_component_shows_is_named():
    shown = unreferenced_attachments(card_message(), CARD_FILES)
    unseen = unreferenced_attachments({"components": [text()]}, ["cat.png"])

    assert shown == []
    assert unseen == ["cat.png"]


@pytest.mark.parametrize("payload", [card_message(), embed_message()], ids=["card", "embed"])
def test_nonsense_anywhere_in_a_message_never_crashes_the_rules(payload):
    for components_v2 in (True, False):
        for wrong in spoiled(payload):
            problems = message_problems(wrong, components_v2=components_v2, filenames=CARD_FILES)

            assert all(problem.text for problem in problems)
