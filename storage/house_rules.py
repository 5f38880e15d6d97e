"""Servers' rules. Every change is one statement, so two admins at once lose nothing."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.house_rules import (
    HOUSE_WITHOUT_RULES,
    Access,
    Ban,
    BlockedWords,
    HouseRules,
    Listing,
    NsfwRule,
    Stance,
)
from bot.domain.jobs import UserId
from storage.executor import Executor, Row, Value
from storage.moments import from_text, to_text

_Lists = Mapping[tuple[str, str], tuple[str, ...]]


class HouseRulesTable:
    """The rules of one transaction."""

    __slots__ = ("_db",)

    def __init__(self, executor: Executor) -> None:
        self._db = executor

    async def get(self, guild_id: int) -> HouseRules:
        """Return a server's rules."""
        found = await self._read("WHERE guild_id = :guild_id", guild_id=guild_id)
        return found.get(guild_id, HOUSE_WITHOUT_RULES)

    async def every(self) -> Mapping[int, HouseRules]:
        """Return the rules of every server that has any."""
        return await self._read("")

    async def set_nsfw(self, guild_id: int, rule: NsfwRule) -> None:
        """Choose what counts for adult content."""
        await self._set(guild_id, "nsfw", rule.value)

    async def set_paused(self, guild_id: int, *, is_paused: bool) -> bool:
        """Pause or resume a server; False when it was so already."""
        await self._begin(guild_id)
        changed = await self._db.change(
            """
            UPDATE house_rules SET is_paused = :is_paused
            WHERE guild_id = :guild_id AND is_paused <> :is_paused
            """,
            guild_id=guild_id,
            is_paused=int(is_paused),
        )
        return changed == 1

    async def set_report_channel(self, guild_id: int, channel_id: int | None) -> None:
        """Choose where reports of members go; None for nowhere."""
        await self._set(guild_id, "report_channel_id", channel_id)

    async def put(self, guild_id: int, listing: Listing, entry: str, stance: Stance) -> None:
        """List an entry, or change what the list says of it."""
        await self._db.change(
            """
            INSERT INTO house_lists (guild_id, listing, entry, stance)
            VALUES (:guild_id, :listing, :entry, :stance)
            ON CONFLICT (guild_id, listing, entry) DO UPDATE SET stance = excluded.stance
            """,
            guild_id=guild_id,
            listing=listing.value,
            entry=entry,
            stance=stance.value,
        )

    async def drop(self, guild_id: int, listing: Listing, entry: str) -> bool:
        """Take an entry off a list; False when it was not on it."""
        changed = await self._db.change(
            """
            DELETE FROM house_lists
            WHERE guild_id = :guild_id AND listing = :listing AND entry = :entry
            """,
            guild_id=guild_id,
            listing=listing.value,
            entry=entry,
        )
        return changed == 1

    async def size(self, guild_id: int, listing: Listing) -> int:
        """Count the entries of a list."""
        row = await self._db.row(
            """
            SELECT COUNT(*) AS size FROM house_lists
            WHERE guild_id = :guild_id AND listing = :listing
            """,
            guild_id=guild_id,
            listing=listing.value,
        )
        return 0 if row is None else int(row["size"])

    async def ban(self, guild_id: int, owner_id: UserId, *, at: datetime) -> bool:
        """Keep a member out; False when they were out already."""
        changed = await self._db.change(
            """
            INSERT INTO house_bans (guild_id, owner_id, at) VALUES (:guild_id, :owner_id, :at)
            ON CONFLICT (guild_id, owner_id) DO NOTHING
            """,
            guild_id=guild_id,
            owner_id=owner_id,
            at=to_text(at),
        )
        return changed == 1

    async def unban(self, guild_id: int, owner_id: UserId) -> bool:
        """Let a member in again; False when they were not kept out."""
        changed = await self._db.change(
            "DELETE FROM house_bans WHERE guild_id = :guild_id AND owner_id = :owner_id",
            guild_id=guild_id,
            owner_id=owner_id,
        )
        return changed == 1

    async def bans(self, guild_id: int, *, limit: int) -> tuple[Ban, ...]:
        """Return who is kept out, the newest first."""
        rows = await self._db.rows(
            """
            SELECT owner_id, at FROM house_bans WHERE guild_id = :guild_id
            ORDER BY at DESC LIMIT :limit
            """,
            guild_id=guild_id,
            limit=limit,
        )
        return tuple(Ban(owner_id=row["owner_id"], at=from_text(row["at"])) for row in rows)

    async def _set(self, guild_id: int, column: str, value: Value) -> None:
        """Write one choice; the others stay."""
        await self._begin(guild_id)
        await self._db.change(
            f"UPDATE house_rules SET {column} = :value WHERE guild_id = :guild_id",  # noqa: S608 - names are ours
            guild_id=guild_id,
            value=value,
        )

    async def _begin(self, guild_id: int) -> None:
        """Make sure that a server has its row, with what a server begins with."""
        await self._db.change(
            """
            INSERT INTO house_rules (guild_id) VALUES (:guild_id)
            ON CONFLICT (guild_id) DO NOTHING
            """,
            guild_id=guild_id,
        )

    async def _read(self, where: str, **values: Value) -> Mapping[int, HouseRules]:
        choices = await self._db.rows(f"SELECT * FROM house_rules {where}", **values)  # noqa: S608 - ours
        entries = await self._db.rows(
            f"SELECT * FROM house_lists {where} ORDER BY entry",  # noqa: S608 - ours
            **values,
        )
        banned = await self._db.rows(f"SELECT * FROM house_bans {where}", **values)  # noqa: S608 - ours
        lists: dict[int, dict[tuple[str, str], tuple[str, ...]]] = defaultdict(dict)
        for row in entries:
            of_server, key = lists[row["guild_id"]], (row["listing"], row["stance"])
            of_server[key] = (*of_server.get(key, ()), row["entry"])
        bans: dict[int, set[UserId]] = defaultdict(set)
        for row in banned:
            bans[row["guild_id"]].add(UserId(row["owner_id"]))
        chosen = {row["guild_id"]: row for row in choices}
        return {
            guild_id: _rules(chosen.get(guild_id), lists[guild_id], frozenset(bans[guild_id]))
            for guild_id in {*chosen, *lists, *bans}
        }


def _rules(chosen: Row | None, lists: _Lists, banned: frozenset[UserId]) -> HouseRules:
    rules = HouseRules(
        providers=_access(lists, Listing.PROVIDER),
        models=_access(lists, Listing.MODEL),
        channels=_access(lists, Listing.CHANNEL),
        roles=_access(lists, Listing.ROLE),
        words=BlockedWords(
            words=lists.get((Listing.WORD, Stance.BLOCK), ()),
            patterns=lists.get((Listing.PATTERN, Stance.BLOCK), ()),
        ),
        banned=banned,
    )
    if chosen is None:
        return rules
    return replace(
        rules,
        nsfw=NsfwRule(chosen["nsfw"]),
        is_paused=bool(chosen["is_paused"]),
        report_channel_id=chosen["report_channel_id"],
    )


def _access(lists: _Lists, listing: Listing) -> Access:
    return Access(
        allowed=lists.get((listing, Stance.ALLOW), ()),
        blocked=lists.get((listing, Stance.BLOCK), ()),
    )
