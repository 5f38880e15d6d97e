"""The gateway: sessions, their sequence numbers and what they missed.

Discord, "Gateway". A session outlives its connection; the connection is in `gateway_socket.py`.
"""

import secrets
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Protocol

from bot.sandbox.clock import Clock
from bot.sandbox.discord.bell import Bell
from bot.sandbox.discord.payloads import guild_create_payload, user_payload
from bot.sandbox.discord.rules import DiscordRules
from bot.sandbox.discord.wire import Json
from bot.sandbox.discord.world import Guild, World, shard_of

DISPATCH = 0
SECONDS_A_DAY = 86_400


class Intent(IntFlag):
    """The intents that decide about this world's events."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    DIRECT_MESSAGES = 1 << 12
    MESSAGE_CONTENT = 1 << 15


PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT
NO_INTENT = Intent(0)


class Connection(Protocol):
    """What a session needs of its socket: something that takes payloads in order."""

    def put(self, payload: Json) -> None:
        """Queue a payload for sending."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """One identified client of one shard."""

    id: str
    shard: int
    shards: int
    intents: Intent
    sequence: int = 0
    sent: deque[Json]
    connection: Connection | None = None
    lost_s: float = 0.0

    def dispatch(self, event: str, data: Json) -> None:
        """Give an event its number, keep it for a resume, and send it if somebody listens."""
        self.sequence += 1
        payload: Json = {"op": DISPATCH, "t": event, "s": self.sequence, "d": data}
        self.sent.append(payload)
        if self.connection is not None:
            self.connection.put(payload)

    def missed_since(self, sequence: int) -> list[Json] | None:
        """Return what came after `sequence`; None where that is not known any more."""
        missed = [payload for payload in self.sent if payload["s"] > sequence]
        if sequence > self.sequence or len(missed) < self.sequence - sequence:
            return None
        return missed


@dataclass(slots=True)
class StartLimit:
    """How many sessions may still be started today."""

    remaining: int
    resets_s: float = SECONDS_A_DAY
    last_identify_s: dict[int, float] = field(default_factory=dict)


class Gateway:
    """All sessions. Several may hold the same shard, and each of those hears everything."""

    def __init__(self, *, rules: DiscordRules, clock: Clock, world: World) -> None:
        self._rules = rules
        self._clock = clock
        self._world = world
        self._sessions: dict[str, Session] = {}
        self._start_limit = StartLimit(rules.sessions_per_day)
        self.resume_url = ""
        self.bell = Bell()

    def start_limit_payload(self) -> Json:
        """Draw `session_start_limit` of GET /gateway/bot."""
        self._renew_start_limit()
        left_s = self._start_limit.resets_s - self._clock.elapsed_s()
        return {
            "total": self._rules.sessions_per_day,
            "remaining": self._start_limit.remaining,
            "reset_after": int(left_s * 1000),
            "max_concurrency": self._rules.identify_concurrency,
        }

    def may_identify(self, shard: int) -> bool:
        """Take one start out of the day's budget, if this shard's window is free."""
        self._renew_start_limit()
        key = shard % self._rules.identify_concurrency
        now_s = self._clock.elapsed_s()
        last_s = self._start_limit.last_identify_s.get(key)
        if last_s is not None and now_s < last_s + self._rules.identify_every_s:
            return False
        if self._start_limit.remaining <= 0:
            return False
        self._start_limit.last_identify_s[key] = now_s
        self._start_limit.remaining -= 1
        return True

    def start(self, connection: Connection, *, shard: int, shards: int, intents: Intent) -> Session:
        """Begin a session: READY, then a GUILD_CREATE each where the intents ask for guilds."""
        session = Session(
            id=secrets.token_hex(16),
            shard=shard,
            shards=shards,
            intents=intents,
            sent=deque(maxlen=self._rules.session_replay_max),
            connection=connection,
        )
        self._sessions[session.id] = session
        guilds = list(self._guilds_of(session))
        session.dispatch("READY", self._ready(session, guilds))
        if intents & Intent.GUILDS:
            for guild in filter(lambda known: known.is_available, guilds):
                session.dispatch("GUILD_CREATE", guild_create_payload(self._world, guild))
        self.bell.ring()
        return session

    def resume(self, connection: Connection, *, session_id: str, sequence: int) -> Session | None:
        """Take a session up again and replay what it missed; None where that cannot be done."""
        session = self._sessions.get(session_id)
        missed = session.missed_since(sequence) if session else None
        if session is None or missed is None:
            return None
        session.connection = connection
        for payload in missed:
            connection.put(payload)
        session.dispatch("RESUMED", {})
        self.bell.ring()
        return session

    def lose(self, session: Session, connection: Connection, *, for_good: bool) -> None:
        """Note that a session's connection has gone; a resume may follow unless `for_good`."""
        if session.connection is not connection:
            return
        session.connection = None
        session.lost_s = self._clock.elapsed_s()
        if for_good:
            self._sessions.pop(session.id, None)
        self.bell.ring()

    def forget_all(self) -> None:
        """Make every session impossible to resume."""
        self._sessions.clear()

    def connected(self) -> int:
        """Count the sessions that somebody listens to."""
        return sum(session.connection is not None for session in self._sessions.values())

    def dispatch(
        self,
        event: str,
        data: Json,
        *,
        guild: Guild | None,
        intent: Intent = NO_INTENT,
        copies: int = 1,
    ) -> None:
        """Send an event to every session of the guild's shard that wants it."""
        self._bury_the_dead()
        for session in self._sessions.values():
            if session.shard != shard_of(guild, session.shards):
                continue
            if intent and not session.intents & intent:
                continue
            for _ in range(copies):
                session.dispatch(event, data)

    def sessions(self) -> list[Session]:
        """Return every session that is connected or may still resume."""
        return list(self._sessions.values())

    def _ready(self, session: Session, guilds: list[Guild]) -> Json:
        return {
            "v": 10,
            "user": user_payload(self._world.bot) | {"verified": True, "mfa_enabled": False},
            "guilds": [{"id": guild.id, "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.resume_url,
            "shard": [session.shard, session.shards],
            "application": {"id": self._world.application_id, "flags": 0},
        }

    def _guilds_of(self, session: Session) -> Iterator[Guild]:
        for guild in self._world.guilds.values():
            if guild.has_bot and shard_of(guild, session.shards) == session.shard:
                yield guild

    def _bury_the_dead(self) -> None:
        oldest_s = self._clock.elapsed_s() - self._rules.session_life_s
        for session in self.sessions():
            if session.connection is None and session.lost_s < oldest_s:
                del self._sessions[session.id]

    def _renew_start_limit(self) -> None:
        now_s = self._clock.elapsed_s()
        if now_s >= self._start_limit.resets_s:
            self._start_limit.remaining = self._rules.sessions_per_day
            self._start_limit.resets_s = now_s + SECONDS_A_DAY
