"""Servers' rules: kept in the store, remembered in memory, so that every request can be judged at once."""

from collections.abc import Awaitable, Callable, Mapping

from bot.domain.audit_trail import NO_FACTS, Act, AuditEntry, Deed, Fact
from bot.domain.clock import Clock
from bot.domain.errors import InvalidRequest
from bot.domain.house_rules import (
    ENTRIES_MAX,
    ENTRY_CHARS_MAX,
    HOUSE_WITHOUT_RULES,
    PATTERNS_MAX,
    WORDS_MAX,
    Ban,
    HouseRules,
    Listing,
    NsfwRule,
    Stance,
)
from bot.domain.jobs import UserId
from bot.domain.pattern_syntax import PatternFault
from bot.domain.patterns import check
from bot.domain.plain_text import folded, one_line
from storage.database import Database, Tx

BANS_SHOWN_MAX = 50

NOT_LISTED = "That is not on the list."
LIST_FULL = "The list is full: {most} entries are the most. Take one off first."
NO_ENTRY = "There is nothing in it to look for: write letters or digits."
TOO_LONG = f"An entry has at most {ENTRY_CHARS_MAX} characters."
BANNED_ALREADY = "This member may not use Easel here already."
NOT_BANNED = "This member is not kept out."
PAUSED_ALREADY = "Easel is paused in this server already."
NOT_PAUSED = "Easel is not paused in this server."

_MOST: Mapping[Listing, int] = {Listing.WORD: WORDS_MAX, Listing.PATTERN: PATTERNS_MAX}
_ACTS = {Stance.ALLOW: Act.ALLOWED, Stance.BLOCK: Act.BLOCKED}

_Change = Callable[[Tx], Awaitable[None]]


class HouseBook:
    """Keep servers' rules. Every change is noted in the audit trail, in the same transaction."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._rules: dict[int, HouseRules] = {}

    async def open(self) -> None:
        """Learn the rules of every server, so that a quote needs no look at the store."""
        self._rules = dict(await self._database.read(lambda tx: tx.house_rules.every()))

    def rules(self, guild_id: int | None) -> HouseRules:
        """Return a server's rules from memory; direct messages have none."""
        if guild_id is None:
            return HOUSE_WITHOUT_RULES
        return self._rules.get(guild_id, HOUSE_WITHOUT_RULES)

    def let_go(self, guild_id: int) -> None:
        """Forget from memory a server whose rules were deleted in the store."""
        self._rules.pop(guild_id, None)

    async def put(self, deed: Deed, listing: Listing, entry: str, stance: Stance) -> HouseRules:
        """List an entry; raise `InvalidRequest` for one that cannot be, or when the list is full."""
        entry = _readable(listing, entry)
        most = _MOST.get(listing, ENTRIES_MAX)

        async def change(tx: Tx) -> None:
            await tx.house_rules.put(deed.guild_id, listing, entry, stance)
            if await tx.house_rules.size(deed.guild_id, listing) > most:
                raise InvalidRequest(LIST_FULL.format(most=most))

        facts = {"list": f"{listing}s", "entry": entry}
        return await self._changed(deed, self._entry(deed, _ACTS[stance], facts), change)

    async def drop(self, deed: Deed, listing: Listing, entry: str) -> HouseRules:
        """Take an entry off a list; raise `InvalidRequest` when it is not on it."""
        entry = one_line(entry)

        async def change(tx: Tx) -> None:
            if not await tx.house_rules.drop(deed.guild_id, listing, entry):
                raise InvalidRequest(NOT_LISTED)

        facts = {"list": f"{listing}s", "entry": entry}
        return await self._changed(deed, self._entry(deed, Act.UNLISTED, facts), change)

    async def set_nsfw(self, deed: Deed, rule: NsfwRule) -> HouseRules:
        """Choose what counts for adult content."""
        entry = self._entry(deed, Act.RULED, {"nsfw": rule.value})
        return await self._changed(
            deed, entry, lambda tx: tx.house_rules.set_nsfw(deed.guild_id, rule)
        )

    async def set_report_channel(self, deed: Deed, channel_id: int | None) -> HouseRules:
        """Choose where reports of members go; None for nowhere."""
        entry = self._entry(deed, Act.RULED, {"reports": channel_id or "nowhere"})
        return await self._changed(
            deed, entry, lambda tx: tx.house_rules.set_report_channel(deed.guild_id, channel_id)
        )

    async def pause(self, deed: Deed, *, is_paused: bool) -> HouseRules:
        """Stop taking requests in a server, or take them again; `InvalidRequest` if it is so."""

        async def change(tx: Tx) -> None:
            if not await tx.house_rules.set_paused(deed.guild_id, is_paused=is_paused):
                raise InvalidRequest(PAUSED_ALREADY if is_paused else NOT_PAUSED)

        return await self._changed(
            deed, self._entry(deed, Act.PAUSED if is_paused else Act.RESUMED), change
        )

    async def ban(self, deed: Deed, member_id: UserId, *, reason: str) -> HouseRules:
        """Keep a member out of a server's house; `InvalidRequest` when they are out already."""
        now = self._clock.now()

        async def change(tx: Tx) -> None:
            if not await tx.house_rules.ban(deed.guild_id, member_id, at=now):
                raise InvalidRequest(BANNED_ALREADY)

        return await self._changed(
            deed, self._entry(deed, Act.BANNED, {"reason": one_line(reason)}, on=member_id), change
        )

    async def unban(self, deed: Deed, member_id: UserId) -> HouseRules:
        """Let a member in again; `InvalidRequest` when they are not kept out."""

        async def change(tx: Tx) -> None:
            await tx.forgetting.recognise(member_id)  # a ban outlives an erasure under a mark
            if not await tx.house_rules.unban(deed.guild_id, member_id):
                raise InvalidRequest(NOT_BANNED)

        return await self._changed(deed, self._entry(deed, Act.UNBANNED, on=member_id), change)

    async def bans(self, guild_id: int) -> tuple[Ban, ...]:
        """Return who is kept out of a server, the newest first."""
        return await self._database.read(
            lambda tx: tx.house_rules.bans(guild_id, limit=BANS_SHOWN_MAX)
        )

    def _entry(
        self,
        deed: Deed,
        act: Act,
        facts: Mapping[str, Fact] = NO_FACTS,
        *,
        on: UserId | None = None,
    ) -> AuditEntry:
        return deed.entry(act, at=self._clock.now(), subject_id=on, facts=facts)

    async def _changed(self, deed: Deed, entry: AuditEntry, change: _Change) -> HouseRules:
        """Note an act and do it; one that is noted already was done."""

        async def note_and_do(tx: Tx) -> HouseRules:
            if await tx.audit_trail.add(entry):
                await change(tx)
            return await tx.house_rules.get(deed.guild_id)

        rules = await self._database.write(note_and_do)
        self._rules[deed.guild_id] = rules
        return rules


def _readable(listing: Listing, entry: str) -> str:
    """Return an entry as it is kept; raise `InvalidRequest` for what could never be found."""
    if listing is Listing.PATTERN:
        try:
            check(entry)
        except PatternFault as fault:
            raise InvalidRequest(str(fault)) from fault
        return entry
    entry = one_line(entry)
    if len(entry) > ENTRY_CHARS_MAX:
        raise InvalidRequest(TOO_LONG)
    if listing is Listing.WORD and not any(char.isalnum() for char in folded(entry)):
        raise InvalidRequest(NO_ENTRY)
    if not entry:
        raise InvalidRequest(NO_ENTRY)
    return entry
