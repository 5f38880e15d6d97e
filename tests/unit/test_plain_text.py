import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.plain_text import clean, clipped, one_line


@pytest.mark.parametrize(
    "text,plain",
    [
        ("  a\n\n b\t c ", "a b c"),
        ("a\u2028b\u2029c", "a b c"),
        ("abc\u202edef", "abcdef"),
        ("a \u200b b", "a b"),
        ("\ufeffa\x00b\x1b[31m", "ab[31m"),
        ("a\ud800b", "ab"),
        ("👨\u200d👩\u200d👧 می\u200cرود", "👨\u200d👩\u200d👧 می\u200cرود"),
    ],
)
def test_text_is_made_plain(text, plain):
    assert one_line(text) == plain


@given(st.text())
def test_plain_text_is_one_line_that_can_be_sent_and_stays_as_it_is(text):
    plain = one_line(text)

    assert one_line(plain) == plain
    assert plain.splitlines() in ([], [plain])
    assert plain.encode().decode() == plain
    assert not any(unicodedata.bidirectional(c) in {"RLO", "LRO", "RLI", "LRI"} for c in plain)


@given(st.text(max_size=200))
def test_what_is_shown_can_always_be_encoded(text):
    assert clean(text).encode().decode() == clean(text)


def test_direction_marks_and_control_characters_are_dropped_and_joiners_stay():
    family = "👨\u200d👩\u200d👧"

    assert clean(f"a\u202eb\u2066c\u200fd\x07e\ud800f{family}") == f"abcdef{family}"


def test_every_kind_of_line_end_becomes_one():
    assert clean("a\r\nb\rc\u2028d\x0ce\tf") == "a\nb\nc\nd\ne f"


def test_long_text_is_clipped_to_its_bound():
    assert clipped("x" * 50, chars_max=10) == "x" * 9 + "…"
    assert clipped("x" * 10, chars_max=10) == "x" * 10
