"""All messages that were ever posted, found by id, channel or nonce."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from enum import StrEnum

from bot.sandbox.clock import Clock
from bot.sandbox.discord.bell import Bell
from bot.sandbox.discord.messages import Message, Version
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.snowflakes import Mint
from bot.sandbox.discord.wire import ApiError
from bot.sandbox.discord.world import Channel, User


class Change(StrEnum):
    """What happened to a message; the names of the gateway's events."""

    CREATED = "MESSAGE_CREATE"
    EDITED = "MESSAGE_UPDATE"
    DELETED = "MESSAGE_DELETE"


class Posts:
    """The message store. `bell` rings whenever any message appears or changes."""

    def __init__(self, *, rules: DiscordRules, clock: Clock, mint: Mint) -> None:
        self._rules = rules
        self._clock = clock
        self._mint = mint
        self._by_id: dict[str, Message] = {}
        self._by_channel: defaultdict[str, list[Message]] = defaultdict(list)
        self._by_nonce: dict[tuple[str, str], Message] = {}
        self._late_edits: defaultdict[str, deque[float]] = defaultdict(deque)
        self.bell = Bell()
        self.listeners: list[Callable[[Change, Message], None]] = []

    def draft(self, *, channel: Channel, author: User) -> Message:
        """Make an unpublished message with its id."""
        return Message(
            id=self._mint.mint(), channel=channel, author=author, created_at=self._clock.now()
        )

    def publish(self, message: Message, version: Version) -> Message:
        """Show a message for the first time."""
        message.versions.append(version)
        self._by_id[message.id] = message
        self._by_channel[message.channel.id].append(message)
        if message.nonce is not None:
            self._by_nonce[message.channel.id, str(message.nonce)] = message
        self._changed(Change.CREATED, message)
        return message

    def revise(self, message: Message, version: Version) -> Message:
        """Add a version. Raises 30046 where an old message was edited too often."""
        self._count_late_edit(message)
        message.versions.append(version)
        self._changed(Change.EDITED, message)
        return message

    def delete(self, message: Message) -> None:
        """Remove a message from everybody's sight."""
        message.deleted_at = self._clock.now()
        self._changed(Change.DELETED, message)

    def find(self, message_id: str, *, channel: Channel | None = None) -> Message | None:
        """Return a message that still exists (in `channel`, where given)."""
        message = self._by_id.get(message_id)
        if message is None or message.deleted_at is not None:
            return None
        return message if channel is None or message.channel is channel else None

    def in_channel(self, channel: Channel) -> Iterator[Message]:
        """Yield a channel's messages, oldest first, deleted ones included."""
        yield from self._by_channel[channel.id]

    def with_nonce(self, channel: Channel, nonce: str) -> Message | None:
        """Return the message that a recent request with this nonce made."""
        message = self._by_nonce.get((channel.id, nonce))
        if message is None:
            return None
        age_s = (self._clock.now() - message.created_at).total_seconds()
        return message if age_s <= self._rules.nonce_life_s else None

    def _count_late_edit(self, message: Message) -> None:
        now_s = self._clock.elapsed_s()
        if (self._clock.now() - message.created_at).total_seconds() <= self._rules.old_message_s:
            return
        limit = self._rules.old_message_edits
        recent = self._late_edits[message.id]
        while recent and recent[0] <= now_s - limit.per_s:
            recent.popleft()
        if len(recent) >= limit.count:
            text = "Maximum number of edits to messages older than 1 hour reached."
            raise ApiError(429, 30046, text, retry_after_s=recent[0] + limit.per_s - now_s)
        recent.append(now_s)

    def _changed(self, change: Change, message: Message) -> None:
        message.bell.ring()
        self.bell.ring()
        for listener in self.listeners:
            listener(change, message)
