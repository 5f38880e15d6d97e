import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ui import prose
from bot.ui.texts import units

ROOM = 4000
# What Discord acts on: a mention, a time, a command, an emoji, a link, a spoiler, small print.
ACTS = re.compile(r"<[@#/:at]|@|://|\||\[|^[ \t]*-#", re.MULTILINE)
# What it takes out before: an escaped mark, a block of code, code on a line.
TAKEN_OUT = re.compile(
    r"\\[^0-9A-Za-z\s]"
    r"|```(?:[A-Za-z0-9_+.#-]+\n)?\n*[^\n][\s\S]*?\n*```"
    r"|(`+)[\s\S]*?[^`]\1(?!`)"
)

PIECES = ["```", "``", "`", "\\", "<@1>", "@everyone", "https:", "//x.example", "\n", "-#", "# "]
PIECES += [" ", "a", "||", "[a](b)", "py\n", "\u200b", "<t:1:R>", "🜲"]

pieces = st.lists(
    st.sampled_from(PIECES),
    max_size=40,
).map("".join)


def read_as_discord_does(shown: str) -> str:
    return TAKEN_OUT.sub("x", shown)


@given(pieces)
def test_nothing_that_acts_is_left_outside_code(text):
    for shown in (prose.beginning(text, chars_max=ROOM), prose.end(text, chars_max=ROOM)):
        assert not ACTS.search(read_as_discord_does(shown)), shown


@given(pieces, st.integers(1, 60))
def test_it_never_takes_more_room_than_it_was_given(text, room):
    assert units(prose.beginning(text, chars_max=room)) <= room
    assert units(prose.end(text, chars_max=room)) <= room


@given(pieces, st.integers(1, 60))
def test_what_is_cut_is_as_harmless_as_the_whole(text, room):
    for shown in (prose.beginning(text, chars_max=room), prose.end(text, chars_max=room)):
        assert not ACTS.search(read_as_discord_does(shown)), shown
        assert shown.count("```") % 2 == 0


def test_code_lists_and_emphasis_stay_as_they_are():
    text = "Two *good* ways:\n1. `a < b`\n2. **this**\n```python\nprint('<@1>')\n```\n- done"

    assert prose.beginning(text, chars_max=ROOM) == text


@pytest.mark.parametrize(
    "written,shown",
    [
        ("hi <@1> @everyone", r"hi \<\@1> \@everyone"),
        ("[free](https://evil.example)", r"\[free](https\://evil.example)"),
        ("||boo||", r"\|\|boo\|\|"),
        ("# Title\ntext", "**Title**\ntext"),
        ("-# 24 credits returned", "-\u200b# 24 credits returned"),
        ("stray ` tick", r"stray \` tick"),
        ("https:``````//evil.example", "https: //evil.example"),
        ("```\nstill typing", "```\nstill typing\n```"),
        ("```js\n\n\nx = 1\n\n```", "```js\nx = 1\n```"),
        ("``````", ""),
    ],
)
def test_what_could_act_is_shown_as_the_characters_it_is(written, shown):
    assert prose.beginning(written, chars_max=ROOM) == shown


def test_of_a_text_that_grows_the_end_is_shown_in_whole_words():
    shown = prose.end("one two three four five", chars_max=12)

    assert shown == "…four five"


def test_of_a_finished_text_the_beginning_is_shown_in_whole_words():
    assert prose.beginning("one two three four five", chars_max=12) == "one two…"


def test_code_that_is_cut_in_the_middle_is_still_code_at_either_end():
    text = "See:\n```py\n" + "x = 1\n" * 50 + "```\nDone."

    assert prose.end(text, chars_max=60).startswith("```\n…")
    assert prose.beginning(text, chars_max=60).endswith("…\n```")


def test_a_text_fits_when_its_marks_do():
    assert prose.fits("<" * 50, chars_max=100)
    assert not prose.fits("<" * 50, chars_max=99)
    assert not prose.fits("a" * 10_000, chars_max=100)
