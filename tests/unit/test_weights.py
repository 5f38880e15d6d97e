"""Weighted prompts taken apart, and made plain for those who know no weights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.weights import weighted, without_weights


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("a lighthouse", [("a lighthouse", 1)]),
        ("a lighthouse::2 fog::-1", [("a lighthouse", 2), ("fog", -1)]),
        ("hot:: dog", [("hot", 1), ("dog", 1)]),
        ("space::.5 ship::+1.25 at dusk", [("space", 0.5), ("ship", 1.25), ("at dusk", 1)]),
        ("red::2, blue::-.5; green", [("red", 2), ("blue", -0.5), ("green", 1)]),
        ("trailing::", [("trailing", 1)]),
        ("::2 nothing before", [("nothing before", 1)]),
        ("counts nothing::0 stays", [("stays", 1)]),
        ("std::vector is code", [("std::vector is code", 1)]),
        ("too large::1000 to be one", [("too large::1000 to be one", 1)]),
        ("a ratio of 16:9", [("a ratio of 16:9", 1)]),
        ("word::2nd", [("word::2nd", 1)]),
        ("", []),
        (" :: ::3 ", []),
    ],
)
def test_a_prompt_falls_into_its_weighted_parts(prompt, parts):
    assert list(weighted(prompt)) == parts


@pytest.mark.parametrize(
    ("prompt", "plain"),
    [
        ("a cat,  as it was typed", ("a cat,  as it was typed", "")),
        ("a cat::2 a hat", ("a cat, a hat", "")),
        ("a cat::2 fog::-1 rain::-.5", ("a cat", "fog, rain")),
        ("fog::-1", ("", "fog")),
    ],
)
def test_a_prompt_can_do_without_its_weights(prompt, plain):
    assert without_weights(prompt) == plain


WORDS = st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=8)
WEIGHTS = st.integers(-999, 999).filter(bool)


@given(st.lists(st.tuples(WORDS, WEIGHTS), max_size=6))
def test_what_is_written_as_weights_is_read_as_weights(parts):
    prompt = " ".join(f"{text}::{weight}" for text, weight in parts)

    assert list(weighted(prompt)) == parts


@given(st.text(max_size=60))
def test_any_text_can_be_read_and_is_plain_the_second_time(prompt):
    plain, _ = without_weights(prompt)

    assert all(part.text and part.weight for part in weighted(prompt))
    assert without_weights(plain).negative == ""
