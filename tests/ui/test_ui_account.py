from datetime import datetime

from bot.domain.keys import KeyKind
from bot.ui import key_copy
from bot.ui.keys import keys_card
from tests.ui.ui_fakes import texts_of


class Stored:
    """A stored key, as far as it may be shown."""

    title = "AI Horde"
    last4 = "abcd"
    holder = "ann*#1"
    last_used_at: datetime | None = None


def test_of_a_key_only_the_last_characters_are_shown():
    [_, line] = texts_of(keys_card([Stored()], kind=KeyKind.MEMBER))

    assert line == r"**AI Horde** · `…abcd` · ann\*\#1 · never used"


def test_without_keys_the_card_says_how_to_bring_one():
    assert key_copy.NONE[KeyKind.MEMBER] in texts_of(keys_card([], kind=KeyKind.MEMBER))


async def test_discord_py_does_not_keep_an_answer_that_has_no_buttons():
    assert keys_card([], kind=KeyKind.MEMBER).is_finished()
