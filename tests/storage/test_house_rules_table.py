"""Servers' rules come back as they were set, each server's apart."""

from bot.domain.house_rules import (
    HOUSE_WITHOUT_RULES,
    Access,
    BlockedWords,
    HouseRules,
    Listing,
    NsfwRule,
    Stance,
)
from tests.storage.store_values import ANNA, BERT, HOUR, NOON

HERE, THERE = 44, 45


async def rules(database, guild_id=HERE) -> HouseRules:
    return await database.read(lambda tx: tx.house_rules.get(guild_id))


async def write(database, *changes) -> list:
    async def do(tx):
        return [await change(tx.house_rules) for change in changes]

    return await database.write(do)


async def test_a_server_begins_without_rules(database):
    assert await rules(database) == HOUSE_WITHOUT_RULES


async def test_everything_set_comes_back_and_only_there(database):
    await write(
        database,
        lambda table: table.set_nsfw(HERE, NsfwRule.NEVER),
        lambda table: table.set_report_channel(HERE, 77),
        lambda table: table.set_paused(HERE, is_paused=True),
        lambda table: table.put(HERE, Listing.PROVIDER, "horde", Stance.ALLOW),
        lambda table: table.put(HERE, Listing.MODEL, "Flux*", Stance.BLOCK),
        lambda table: table.put(HERE, Listing.CHANNEL, "22", Stance.ALLOW),
        lambda table: table.put(HERE, Listing.ROLE, "9", Stance.BLOCK),
        lambda table: table.put(HERE, Listing.WORD, "slur", Stance.BLOCK),
        lambda table: table.put(HERE, Listing.PATTERN, "b[a4]d", Stance.BLOCK),
        lambda table: table.ban(HERE, ANNA, at=NOON),
    )

    expected = HouseRules(
        providers=Access(allowed=("horde",)),
        models=Access(blocked=("Flux*",)),
        channels=Access(allowed=("22",)),
        roles=Access(blocked=("9",)),
        words=BlockedWords(words=("slur",), patterns=("b[a4]d",)),
        banned=frozenset({ANNA}),
        nsfw=NsfwRule.NEVER,
        is_paused=True,
        report_channel_id=77,
    )
    assert await rules(database) == expected
    assert await rules(database, THERE) == HOUSE_WITHOUT_RULES
    assert await database.read(lambda tx: tx.house_rules.every()) == {HERE: expected}


async def test_an_entry_has_one_stance_the_last(database):
    await write(
        database,
        lambda table: table.put(HERE, Listing.MODEL, "Flux", Stance.ALLOW),
        lambda table: table.put(HERE, Listing.MODEL, "Flux", Stance.BLOCK),
    )

    assert (await rules(database)).models == Access(blocked=("Flux",))
    assert await database.read(lambda tx: tx.house_rules.size(HERE, Listing.MODEL)) == 1


async def test_what_is_taken_off_is_gone_once(database):
    await write(database, lambda table: table.put(HERE, Listing.WORD, "slur", Stance.BLOCK))

    gone = await write(
        database,
        lambda table: table.drop(HERE, Listing.WORD, "slur"),
        lambda table: table.drop(HERE, Listing.WORD, "slur"),
    )

    assert gone == [True, False]
    assert await rules(database) == HOUSE_WITHOUT_RULES


async def test_a_pause_and_a_ban_say_whether_they_changed_anything(database):
    changed = await write(
        database,
        lambda table: table.set_paused(HERE, is_paused=False),
        lambda table: table.set_paused(HERE, is_paused=True),
        lambda table: table.set_paused(HERE, is_paused=True),
        lambda table: table.ban(HERE, ANNA, at=NOON),
        lambda table: table.ban(HERE, ANNA, at=NOON),
        lambda table: table.unban(HERE, ANNA),
        lambda table: table.unban(HERE, ANNA),
    )

    assert changed == [False, True, False, True, False, True, False]


async def test_bans_are_listed_newest_first(database):
    await write(
        database,
        lambda table: table.ban(HERE, ANNA, at=NOON),
        lambda table: table.ban(HERE, BERT, at=NOON + HOUR),
    )

    found = await database.read(lambda tx: tx.house_rules.bans(HERE, limit=5))

    assert [ban.owner_id for ban in found] == [BERT, ANNA]


async def test_a_server_that_was_left_leaves_nothing(database):
    for guild in (HERE, THERE):
        await write(
            database,
            lambda table, g=guild: table.set_nsfw(g, NsfwRule.NEVER),
            lambda table, g=guild: table.put(g, Listing.WORD, "slur", Stance.BLOCK),
            lambda table, g=guild: table.ban(g, ANNA, at=NOON),
        )

    await database.write(lambda tx: tx.servers.forget(HERE, nobody_id=-1, at=NOON))

    assert set(await database.read(lambda tx: tx.house_rules.every())) == {THERE}


async def test_an_erasure_does_not_lift_a_ban(database):
    await write(database, lambda table: table.ban(HERE, ANNA, at=NOON))

    await database.write(lambda tx: tx.forgetting.erase(ANNA, nobody_id=-1, at=NOON))
    [nameless] = (await rules(database)).banned
    await database.write(lambda tx: tx.forgetting.recognise(ANNA))

    assert nameless < 0
    assert (await rules(database)).banned == {ANNA}
