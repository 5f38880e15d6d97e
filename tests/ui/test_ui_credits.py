from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from bot.domain.budgets import Budget, Measure, Period, Standing, Whom
from bot.domain.credits import (
    ALLOWANCE,
    GRANTS,
    SEQ_MAX,
    SPENT,
    Balance,
    Cursor,
    Microcredits,
    Transfer,
    TransferId,
    TransferKind,
    credits_of,
    member_account,
    server_account,
)
from bot.domain.gifts import Gift, Giving
from bot.domain.pricing import USUAL, Price, PriceList
from bot.domain.requests import Form
from bot.ui import credits_copy
from bot.ui.credits import (
    PRICES_A_PAGE,
    Leaf,
    LeafButton,
    cursor_of,
    prices_card,
    statement_card,
)
from bot.ui.gifts import Answer, GiftButton, answered_card, question_card
from tests.ui.ui_fakes import NOON, OWNER, texts_of

MINE, THEIRS, POOL = member_account(OWNER), member_account(5), server_account(44)
A_THOUSAND = credits_of(1000)
SIDES = {
    TransferKind.ALLOWANCE: (ALLOWANCE, MINE),
    TransferKind.GRANT: (GRANTS, MINE),
    TransferKind.GIFT: (THEIRS, MINE),
    TransferKind.RESERVE: (MINE, SPENT),
    TransferKind.POST: (MINE, SPENT),
    TransferKind.VOID: (SPENT, MINE),
    TransferKind.EXPIRE: (SPENT, MINE),
}


def transfer(kind: TransferKind, seq: int = 1, **changes) -> Transfer:
    """Return a movement with the two sides that the ledger writes for its kind."""
    debit, credit = SIDES[kind]
    facts = {
        "id": TransferId(kind),
        "kind": kind,
        "debit": debit,
        "credit": credit,
        "amount": credits_of(24),
        "at": NOON,
        "seq": seq,
    }
    return Transfer(**{**facts, **changes})


@dataclass
class Statement:
    balance: Balance
    transfers: tuple[Transfer, ...]
    daily: Microcredits = A_THOUSAND
    renews_at: datetime = NOON + timedelta(hours=12)
    has_older: bool = False
    has_newer: bool = False


def card_of(*transfers: Transfer, held: int = 0, standings=(), **pages):
    balance = Balance(balance=credits_of(100), held=credits_of(held))
    return statement_card(OWNER, Statement(balance, transfers, **pages), standings=standings)


def buttons_of(view):
    return [item.custom_id for item in view.walk_children() if isinstance(item, LeafButton)]


# ---------------------------------------------------------------- movements


@pytest.mark.parametrize("kind", TransferKind)
def test_every_kind_of_movement_has_its_words(kind):
    words = credits_copy.movement(transfer(kind), account=MINE)

    assert words.startswith("<t:1785585600:R>: 24 ")
    assert "{" not in words


@pytest.mark.parametrize(
    ("kind", "debit", "credit", "account", "words"),
    [
        (TransferKind.GIFT, MINE, THEIRS, MINE, "were given away to <@5>"),
        (TransferKind.GIFT, MINE, THEIRS, THEIRS, f"were given by <@{OWNER}>"),
        (TransferKind.GIFT, MINE, POOL, MINE, "were given away to a server's pool"),
        (TransferKind.GRANT, GRANTS, MINE, MINE, "were granted"),
        (TransferKind.GRANT, POOL, MINE, MINE, "were granted by a server's pool"),
        (TransferKind.GRANT, POOL, MINE, POOL, f"were granted to <@{OWNER}>"),
        (TransferKind.GRANT, MINE, GRANTS, MINE, "were taken back"),
        (TransferKind.POST, POOL, SPENT, POOL, "paid for a request"),
    ],
)
def test_a_movement_names_the_other_side_where_that_is_somebody(
    kind, debit, credit, account, words
):
    moved = transfer(kind, debit=debit, credit=credit)

    assert credits_copy.movement(moved, account=account).partition(": 24 ")[2] == words


def test_a_statement_says_what_can_be_spent_and_what_is_held():
    text = "\n".join(texts_of(card_of(transfer(TransferKind.RESERVE), held=24)))

    assert "You can spend **76 credits**. 24 more are held" in text
    assert "topped up to 1,000, next" in text
    assert "24 held for a request" in text


def test_an_empty_statement_says_so():
    assert credits_copy.NO_MOVEMENTS in texts_of(card_of())


def test_a_long_statement_fits_into_a_message():
    rows = [transfer(TransferKind.GIFT, seq, debit=THEIRS) for seq in range(10)]

    assert sum(map(len, texts_of(card_of(*rows)))) <= 4000


def test_a_statement_turns_where_there_is_more():
    rows = (transfer(TransferKind.POST, 9), transfer(TransferKind.POST, 7))

    assert buttons_of(card_of(*rows)) == ["credits:v1:prices:0"]
    assert buttons_of(card_of(*rows, has_older=True, has_newer=True)) == [
        "credits:v1:newer:9",
        "credits:v1:older:7",
        "credits:v1:prices:0",
    ]
    assert cursor_of(Leaf.NEWER, 9) == Cursor(seq=9, way="newer")
    assert cursor_of(Leaf.OLDER, 7) == Cursor(seq=7, way="older")


def test_what_a_server_allows_stands_on_the_card():
    budget = Budget(guild_id=44, whom=Whom.EACH, measure=Measure.JOBS, period=Period.DAY, amount=10)
    standing = Standing(budget=budget, used=3, lifts_at=NOON)

    lines = texts_of(card_of(standings=(standing,)))

    assert lines[3].startswith("-# 3 requests used of 10 requests a day for each member")


async def test_discord_py_keeps_no_card_that_could_outlive_it():
    assert card_of().is_finished()


# ---------------------------------------------------------------- prices


def test_the_usual_prices_are_told_in_words():
    lines = texts_of(prices_card(PriceList(), page=0))

    assert lines[1].splitlines() == [
        "**Any model**",
        (
            "Pictures: 0.2 for each step of a megapixel; 1024 × 1024 with 30 steps: 6 credits. "
            "A post-processor: 1."
        ),
        "Texts: 10 credits for 1,000 tokens of the longest answer.",
        "From a picture: 1 credit each.",
    ]
    assert buttons_of(prices_card(PriceList(), page=0)) == [f"credits:v1:older:{SEQ_MAX}"]


@pytest.mark.parametrize(
    ("price", "words"),
    [
        (Price(provider="horde", model="*SDXL*"), r"**AI Horde: \*SDXL\***"),
        (Price(provider="hor*"), r"**hor\***"),
        (Price(picture=credits_of(3), megapixel_step=Microcredits(0)), "Pictures: 3 credits each;"),
        (Price(picture=credits_of(3)), "Pictures: 3 credits each and 0.2 for each step"),
        (Price(megapixel_step=Microcredits(0), least=Microcredits(0)), "Pictures: nothing; "),
        (
            Price(forms={Form.UPSCALE: credits_of(2)}),
            "From a picture: 2 for upscale, 1 credit each",
        ),
        (Price(estimate=Microcredits(500_000)), "at 0.5 credits for each of its own units."),
    ],
)
def test_a_price_says_what_it_is_for_and_how_much(price, words):
    assert words in credits_copy.price(price)


def test_many_prices_come_in_pages_the_usual_ones_last():
    prices = PriceList(prices=tuple(Price(model=f"m{n}") for n in range(PRICES_A_PAGE + 1)))

    first, last = (prices_card(prices, page=page) for page in (0, 1))

    assert len(texts_of(first)) == len(texts_of(last)) + PRICES_A_PAGE - 2
    assert buttons_of(first)[1:] == ["credits:v1:prices:1"]
    assert "Any model" in texts_of(last)[2]
    assert buttons_of(last)[1:] == []
    assert sum(map(len, texts_of(first))) <= 4000


def test_a_list_that_ends_with_the_usual_prices_shows_them_once():
    assert len(texts_of(prices_card(PriceList(prices=(USUAL,)), page=0))) == 3


def test_the_longest_page_of_prices_fits_into_a_message():
    longest = Price(
        provider="*" * 255,
        model="*" * 255,
        picture=Microcredits(999_999_999_999),
        megapixel_step=Microcredits(999_999_999_999),
        estimate=Microcredits(1),
        forms=dict.fromkeys(Form, Microcredits(999_999_999_999)),
    )
    prices = PriceList(prices=(longest,) * PRICES_A_PAGE)

    assert sum(map(len, texts_of(prices_card(prices, page=0)))) <= 4000


# ---------------------------------------------------------------- gifts


def a_gift(receiver=THEIRS):
    return Gift(id="1" * 20, giver=OWNER, receiver=receiver, amount=credits_of(50))


def test_a_question_says_what_goes_to_whom_and_what_there_is():
    giving = Giving(available=credits_of(1000), left=credits_of(450))

    assert texts_of(question_card(a_gift(), 50, giving))[1:] == [
        "Give **50 credits** to <@5>?",
        "You can spend 1,000 credits. Today you may give away 450.",
    ]
    unlimited = Giving(available=credits_of(60), left=None)
    assert texts_of(question_card(a_gift(POOL), 50, unlimited))[1:] == [
        "Give **50 credits** to this server's pool?",
        "You can spend 60 credits.",
    ]


@pytest.mark.parametrize("receiver", [member_account(10**19), server_account(10**19)])
async def test_the_whole_gift_travels_in_the_id_of_its_button(receiver):
    giving = Giving(available=credits_of(1), left=None)
    view = question_card(a_gift(receiver), 1_000_000, giving)
    buttons = [item for item in view.walk_children() if isinstance(item, GiftButton)]

    read = []
    for button in buttons:
        assert len(button.custom_id) <= 100
        match = button.template.fullmatch(button.custom_id)
        read.append(await GiftButton.from_custom_id(None, None, match))

    assert [item.answer for item in read] == [Answer.GIVE, Answer.LEAVE]
    assert {(one.receiver, one.credits_, one.gift_id) for one in read} == {
        (receiver, 1_000_000, "1" * 20)
    }


def test_an_answered_question_cannot_be_answered_again():
    view = answered_card(credits_copy.NOTHING_GIVEN)

    assert not any(isinstance(item, GiftButton) for item in view.walk_children())
