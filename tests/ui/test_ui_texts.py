from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.credits import Microcredits, credits_of
from bot.ui import texts

FORGERIES = [
    "<@81000000000000001>",
    "<@&81000000000000001>",
    "<#81000000000000001>",
    "</imagine:81000000000000001>",
    "<:smile:81000000000000001>",
    "<t:1785585600:R>",
    "@everyone",
    "https://example.org/a",
    "[click](https://example.org)",
    "**bold** _slanted_ ~~gone~~ ||hidden||",
    "`code`",
    "# heading",
    "> quote",
]


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_foreign_sentence_cannot_mention_link_or_format(forgery):
    shown = texts.inline(f"see {forgery}")

    marks = [i for i, char in enumerate(shown) if texts._MARKS.fullmatch(char) and char != "\\"]
    assert all(shown[i - 1] == "\\" for i in marks)
    assert "https:" not in shown
    assert shown.replace("\\", "") == f"see {forgery}"


def test_backslashes_of_the_sentence_do_not_undo_ours():
    assert texts.inline(r"a\*b") == r"a\\\*b"


@given(st.text(max_size=300))
@example("out```\n@everyone")
@example("`" * 300)
@example("``\u202e`")
def test_nothing_gets_out_of_a_code_block(text):
    block = texts.in_code_block(text, chars_max=200)

    inside = block.removeprefix("```\n").removesuffix("\n```")
    assert "```" not in inside
    assert block == f"```\n{inside}\n```"
    assert inside.strip()


def test_a_clipped_code_block_stays_within_its_bound():
    block = texts.in_code_block("x" * 5000, chars_max=100)

    assert len(block) == 100 + len("```\n\n```")


def test_several_sentences_keep_their_lines():
    assert texts.sentences("one\n\n two * \nthree", chars_max=100) == "one\ntwo \\*\nthree"


@pytest.mark.parametrize(
    "amount,words",
    [
        (credits_of(0), "0 credits"),
        (credits_of(1), "1 credit"),
        (credits_of(24), "24 credits"),
        (credits_of(1000), "1,000 credits"),
        (Microcredits(22_400_000), "22.4 credits"),
        (Microcredits(1_234_567_890), "1,234.57 credits"),
        (Microcredits(5), "under 0.01 credits"),
    ],
)
def test_amounts_read_as_people_say_them(amount, words):
    assert texts.in_credits(amount) == words


def test_a_moment_counts_down_in_the_readers_client():
    assert texts.relative(datetime(2026, 8, 1, 12, tzinfo=UTC)) == "<t:1785585600:R>"


@pytest.mark.parametrize(
    "fraction,cells",
    [(-1, "▱▱▱▱▱▱▱▱▱▱"), (0.55, "▰▰▰▰▰▱▱▱▱▱"), (0.999, "▰▰▰▰▰▰▰▰▰▱"), (7, "▰▰▰▰▰▰▰▰▰▰")],
)
def test_a_bar_has_ten_cells_and_is_full_only_at_the_end(fraction, cells):
    assert texts.bar(fraction) == cells


@pytest.mark.parametrize(
    "seconds,words", [(0.2, "0 s"), (14.4, "14 s"), (125, "2 min 5 s"), (3780, "1 h 3 min")]
)
def test_spans_read_as_people_say_them(seconds, words):
    assert texts.span(seconds) == words
