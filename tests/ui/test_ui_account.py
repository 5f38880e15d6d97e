from datetime import datetime, timedelta

import pytest

from bot.domain.credits import (
    ALLOWANCE,
    GRANTS,
    SPENT,
    Balance,
    Microcredits,
    Transfer,
    TransferId,
    TransferKind,
    credits_of,
    member_account,
)
from bot.domain.keys import KeyKind
from bot.ui import credits_copy, key_copy
from bot.ui.account import statement_card
from bot.ui.keys import keys_card
from tests.ui.ui_fakes import NOON, OWNER, texts_of

MINE = member_account(OWNER)
THEIRS = member_account(5)
SIDES = {
    TransferKind.ALLOWANCE: (ALLOWANCE, MINE),
    TransferKind.GRANT: (GRANTS, MINE),
    TransferKind.GIFT: (THEIRS, MINE),
    TransferKind.RESERVE: (MINE, SPENT),
    TransferKind.POST: (MINE, SPENT),
    TransferKind.VOID: (SPENT, MINE),
    TransferKind.EXPIRE: (SPENT, MINE),
}


def transfer(kind: TransferKind, **changes) -> Transfer:
    """Return a movement with the two sides that the ledger writes for its kind."""
    debit, credit = SIDES[kind]
    facts = {
        "id": TransferId(kind),
        "kind": kind,
        "debit": debit,
        "credit": credit,
        "amount": credits_of(24),
        "reserve_id": None,
        "job_id": None,
        "at": NOON,
    }
    return Transfer(**{**facts, **changes})


@pytest.mark.parametrize("kind", TransferKind)
def test_every_kind_of_movement_has_its_words(kind):
    words = credits_copy.movement(transfer(kind), account=MINE)

    assert words.startswith("<t:1785585600:R>: 24 ")


def test_a_gift_reads_differently_at_both_ends():
    gift = transfer(TransferKind.GIFT, debit=MINE, credit=THEIRS)

    assert "given away by you" in credits_copy.movement(gift, account=MINE)
    assert "were given to you" in credits_copy.movement(gift, account=THEIRS)


def statement(*transfers: Transfer, held: int = 0) -> str:
    view = statement_card(
        OWNER,
        balance=Balance(balance=credits_of(100), held=credits_of(held)),
        daily=Microcredits(1_000_000_000),
        renews_at=NOON + timedelta(hours=12),
        transfers=transfers,
    )
    return "\n".join(texts_of(view))


def test_a_statement_says_what_can_be_spent_and_what_is_held():
    text = statement(transfer(TransferKind.RESERVE), held=24)

    assert "You can spend **76 credits**. 24 more are held" in text
    assert "topped up to 1,000, next" in text
    assert "24 held for pictures" in text


def test_of_a_reservation_that_is_resolved_only_the_outcome_is_told():
    reserve = transfer(TransferKind.RESERVE)
    post = transfer(TransferKind.POST, reserve_id=reserve.id)

    text = statement(post, reserve)

    assert "24 paid for pictures" in text
    assert "held for pictures" not in text


def test_an_empty_statement_says_so():
    assert credits_copy.NO_MOVEMENTS in statement()


def test_a_long_statement_fits_into_a_message():
    assert len(statement(*[transfer(TransferKind.VOID)] * 10)) <= 4000


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
