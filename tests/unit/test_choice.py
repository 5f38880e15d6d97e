from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.choice import Offer, Refusal, choose
from bot.domain.credits import credits_of
from bot.domain.errors import InvalidRequest, QuotaExceeded
from bot.domain.keys import KeyKind
from bot.domain.requests import PictureRequest

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
REQUEST = PictureRequest(prompt="a cat", width=1024, height=1024, steps=25)


def offer(provider, **changes):
    facts = {
        "provider": provider,
        "title": provider.title(),
        "request": REQUEST,
        "price": credits_of(5),
        "key_kind": KeyKind.SERVICE,
    }
    return Offer(**{**facts, **changes})


def refusal(provider):
    return Refusal(provider=provider, title=provider.title(), sentence=f"{provider} cannot.")


def first(*answers, wish=None, by_price=False):
    return choose(answers, wish=wish, by_price=by_price).first.provider


def test_among_equals_the_operators_order_counts():
    assert first(offer("one"), offer("two")) == "one"


def test_whoever_is_up_comes_before_whoever_is_better():
    assert first(offer("down", is_up=False), offer("up", lost=3)) == "up"


def test_whoever_leaves_out_less_comes_before_whoever_is_cheaper():
    assert first(offer("cheap", lost=1, price=credits_of(1)), offer("whole")) == "whole"


def test_a_members_own_key_comes_before_credits():
    assert first(offer("paid"), offer("own", price=credits_of(0), key_kind=KeyKind.MEMBER)) == "own"


def test_drawing_smaller_is_not_cheaper():
    small = offer(
        "small", request=REQUEST.evolve(width=512, height=512), price=credits_of(2)
    )  # 8 a megapixel

    assert first(small, offer("large"), by_price=True) == "large"
    assert first(small, offer("large")) == "small"


def test_prices_count_only_where_the_operator_prefers_them():
    assert first(offer("usual"), offer("cheap", price=credits_of(1))) == "usual"
    assert first(offer("usual"), offer("cheap", price=credits_of(1)), by_price=True) == "cheap"


def test_a_wait_of_minutes_counts_and_one_of_seconds_does_not():
    assert first(offer("slow", eta_s=150), offer("quick", eta_s=50), by_price=True) == "quick"
    assert first(offer("slow", eta_s=50), offer("quick", eta_s=5), by_price=True) == "slow"


def test_a_wish_counts_more_than_anything():
    assert first(offer("one"), offer("two", is_up=False, lost=9), wish="two") == "two"


def test_what_the_wished_one_cannot_is_refused_with_who_can():
    answers = (offer("one"), refusal("two"), offer("three", lost=1))

    with pytest.raises(InvalidRequest, match=r"^two cannot\. One and Three can\.$"):
        choose(answers, wish="two")


def test_what_nobody_can_is_refused_in_the_words_of_the_usual_one():
    with pytest.raises(InvalidRequest, match=r"^one cannot\.$"):
        choose((refusal("one"), refusal("two")), wish=None)


def test_the_second_takes_over_by_itself_where_it_is_not_dearer():
    choice = choose((offer("one"), offer("two", eta_s=300)), wish=None)

    assert choice.second.provider == "two"
    assert choice.is_automatic


def test_a_dearer_one_is_only_offered():
    choice = choose((offer("one"), offer("two", price=credits_of(6))), wish=None)

    assert choice.second.provider == "two"
    assert not choice.is_automatic


def test_a_cheaper_third_takes_over_before_a_dearer_second():
    dearer = offer("two", price=credits_of(6))
    third = offer("three", lost=1, price=credits_of(4))
    choice = choose((offer("one"), dearer, third), wish=None)

    assert choice.second.provider == "three"
    assert choice.is_automatic


def test_a_job_on_an_own_key_never_moves_to_credits_by_itself():
    choice = choose(
        (offer("own", price=credits_of(0), key_kind=KeyKind.MEMBER), offer("two")), wish=None
    )

    assert not choice.is_automatic


def test_who_was_named_is_not_replaced_unasked():
    choice = choose((offer("one"), offer("two")), wish="one")

    assert choice.second.provider == "two"
    assert not choice.is_automatic


def test_alone_there_is_no_second():
    assert choose((offer("one"), refusal("two")), wish=None).second is None


def test_a_refusal_that_passes_says_when():
    closed = replace(refusal("one"), retry_at=NOON)

    with pytest.raises(QuotaExceeded, match="one cannot") as caught:
        choose([refusal("two"), closed], wish=None)
    assert caught.value.retry_at == NOON

    with pytest.raises(QuotaExceeded, match=r"one cannot\. Two can\."):
        choose([closed, offer("two")], wish="one")


def test_whoever_is_open_takes_it_instead():
    assert first(replace(refusal("one"), retry_at=NOON), offer("two")) == "two"


NAMES = ("one", "two", "three", "four")
SAME_PURSE = {
    KeyKind.MEMBER: {KeyKind.MEMBER},
    KeyKind.SERVER: {KeyKind.SERVER, KeyKind.SERVICE},
    KeyKind.SERVICE: {KeyKind.SERVER, KeyKind.SERVICE},
}


@st.composite
def answers(draw):
    """What up to four providers say, each once, in the operator's order."""
    return tuple(
        draw(answer(name)) for name in draw(st.permutations(NAMES))[: draw(st.integers(0, 4))]
    )


@st.composite
def answer(draw, name):
    if draw(st.integers(0, 3)) == 0:
        return replace(refusal(name), retry_at=draw(st.sampled_from([None, NOON])))
    kind = draw(st.sampled_from(KeyKind))
    price = credits_of(0) if kind is KeyKind.MEMBER else credits_of(draw(st.integers(0, 4)))
    side = draw(st.sampled_from([512, 1024]))
    return offer(
        name,
        request=REQUEST.evolve(width=side, height=side),
        key_kind=kind,
        price=price,
        lost=draw(st.integers(0, 2)),
        eta_s=draw(st.sampled_from([None, 5.0, 90.0])),
        is_up=draw(st.booleans()),
    )


@given(said=answers(), wish=st.sampled_from([None, *NAMES]), by_price=st.booleans())
def test_whatever_they_say_the_choice_keeps_its_promises(said, wish, by_price):
    offers = [one for one in said if isinstance(one, Offer)]
    meant = [one for one in offers if wish in {None, one.provider}]
    if not meant:
        with pytest.raises((InvalidRequest, QuotaExceeded)) as caught:
            choose(said, wish=wish, by_price=by_price)
        assert all(one.title in str(caught.value) for one in offers)
        return

    choice = choose(said, wish=wish, by_price=by_price)

    assert choice.first in meant
    assert choice.first.is_up or not any(one.is_up for one in meant)
    assert choice.second != choice.first
    assert (choice.second is None) == (len(offers) == 1)
    if choice.is_automatic:
        assert wish is None
        assert choice.second.price <= choice.first.price
        assert choice.second.key_kind in SAME_PURSE[choice.first.key_kind]


@given(said=answers(), by_price=st.booleans())
def test_nobody_who_is_worse_in_nothing_is_passed_over(said, by_price):
    offers = [one for one in said if isinstance(one, Offer)]
    if not offers:
        return
    first = choose(said, wish=None, by_price=by_price).first

    for other in offers:
        is_better = (other.is_up, -other.lost) > (first.is_up, -first.lost)
        assert not is_better
