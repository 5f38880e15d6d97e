"""Rules of servers: changed together with their entry in the trail, or not at all."""

import asyncio

import pytest

from bot.accounts.house_rules import HouseBook
from bot.domain.audit_trail import Act
from bot.domain.errors import InvalidRequest
from bot.domain.house_rules import (
    ENTRIES_MAX,
    HOUSE_WITHOUT_RULES,
    PATTERNS_MAX,
    Access,
    Listing,
    NsfwRule,
    Stance,
)
from tests.accounts.account_values import HERE, a_deed, acts
from tests.storage.store_values import ANNA


@pytest.fixture
def book(database, clock):
    return HouseBook(database, clock=clock)


async def block(book, entry, listing=Listing.MODEL, deed_id=None):
    return await book.put(a_deed(deed_id or f"{listing} {entry}"), listing, entry, Stance.BLOCK)


async def test_a_change_counts_at_once_and_after_a_restart(book, database, clock):
    changed = await block(book, "Flux*")
    after = HouseBook(database, clock=clock)
    before_it_opened = after.rules(HERE)
    await after.open()

    assert changed.models == Access(blocked=("Flux*",))
    assert book.rules(HERE) == after.rules(HERE) == changed
    assert before_it_opened == book.rules(HERE + 1) == book.rules(None) == HOUSE_WITHOUT_RULES


async def test_a_deed_that_was_done_is_not_done_again(book, database):
    await block(book, "Flux*", deed_id="1")
    again = await book.put(a_deed("1"), Listing.MODEL, "SDXL", Stance.BLOCK)

    assert again.models == Access(blocked=("Flux*",))
    assert await acts(database) == [Act.BLOCKED]


async def test_what_is_allowed_after_being_blocked_is_allowed(book, database):
    await block(book, "Flux")
    rules = await book.put(a_deed("2"), Listing.MODEL, "Flux", Stance.ALLOW)

    assert rules.models == Access(allowed=("Flux",))
    assert await acts(database) == [Act.ALLOWED, Act.BLOCKED]


async def test_two_admins_at_once_lose_nothing(book):
    await asyncio.gather(*(block(book, f"model {number:02}") for number in range(20)))

    assert len(book.rules(HERE).models.blocked) == 20


@pytest.mark.parametrize(
    ("listing", "most"), [(Listing.MODEL, ENTRIES_MAX), (Listing.PATTERN, PATTERNS_MAX)]
)
async def test_a_list_that_is_full_takes_nothing_more_and_notes_nothing(
    book, database, listing, most
):
    for number in range(most):
        await block(book, f"entry {number}", listing)

    with pytest.raises(InvalidRequest, match=f"{most} entries are the most"):
        await block(book, "one more", listing)

    assert len(await acts(database)) == min(most, 99)
    await block(book, "entry 0", listing, deed_id="again")  # what is on it may be put again


@pytest.mark.parametrize(
    ("listing", "entry", "sentence"),
    [
        (Listing.WORD, "…!", "write letters or digits"),
        (Listing.WORD, "\u200b", "write letters or digits"),
        (Listing.MODEL, "  ", "write letters or digits"),
        (Listing.MODEL, "x" * 101, "at most 100"),
        (Listing.PATTERN, "a(", "never closed"),
        (Listing.PATTERN, ".*", "fits every text"),
    ],
)
async def test_what_could_never_be_found_is_not_listed(book, database, listing, entry, sentence):
    with pytest.raises(InvalidRequest, match=sentence):
        await block(book, entry, listing)

    assert await acts(database) == []


async def test_what_is_so_already_is_said_and_not_noted(book, database):
    await book.ban(a_deed("1"), ANNA, reason="spam")
    await book.pause(a_deed("2"), is_paused=True)
    done = await acts(database)

    for again, sentence in (
        (book.ban(a_deed("3"), ANNA, reason="spam"), "already"),
        (book.pause(a_deed("4"), is_paused=True), "already"),
        (book.drop(a_deed("5"), Listing.MODEL, "Flux"), "not on the list"),
    ):
        with pytest.raises(InvalidRequest, match=sentence):
            await again

    assert await acts(database) == done == [Act.PAUSED, Act.BANNED]


async def test_every_choice_is_noted(book, database):
    await book.set_nsfw(a_deed("1"), NsfwRule.NEVER)
    await book.set_report_channel(a_deed("2"), 77)
    await book.set_report_channel(a_deed("3"), None)
    await book.ban(a_deed("4"), ANNA, reason="spam")
    rules = await book.unban(a_deed("5"), ANNA)

    assert rules.nsfw is NsfwRule.NEVER
    assert rules.report_channel_id is None
    assert await acts(database) == [Act.UNBANNED, Act.BANNED, Act.RULED, Act.RULED, Act.RULED]
