from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs import ALT_CHARS_MAX
from bot.media.describe import alt_text, file_name


def test_a_description_is_the_prompt():
    assert alt_text("a cat,\n on a  mat") == "a cat, on a mat"


def test_a_description_mentions_nobody_and_turns_no_text_around():
    text = alt_text("hi @everyone <@1> <#2> </x:3> \u202eabc")

    assert text.isprintable()
    assert not set("@<>") & set(text)
    assert "everyone" in text


def test_a_long_description_ends_in_an_ellipsis():
    text = alt_text("word " * 1000)

    assert len(text) <= ALT_CHARS_MAX
    assert text.endswith("wor…")


@given(st.text(max_size=3000))
def test_any_prompt_has_a_description(prompt):
    text = alt_text(prompt)

    assert len(text) <= ALT_CHARS_MAX
    assert not set("@<>\n\x00\u202e") & set(text)


def test_a_file_has_our_name_for_it():
    name = file_name("1234567890", 2, "0f343b09" + "7" * 56, ".webp")

    assert name == "easel-1234567890-2-0f343b09.webp"
