import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.plain_text import one_line


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
