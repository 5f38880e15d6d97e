"""What goes wrong in a chaos run, and when: made from a seed alone, so that a failing one replays.

Moments are seconds of the wall's time after the beginning. What the service makes of them still
depends on the machine; the invariants have to hold all the same.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

PICTURES = (1, 1, 1, 2, 4)
OUTCOMES = (
    *("ok",) * 12,
    *(
        "faulted",
        "empty",
        "partial",
        "restarted",
        "censored",
        "partly_censored",
        "never",
        "expired",
    ),
)
HORDE_ROUTES = (
    ("POST", "/generate/async"),
    ("GET", "/generate/check/*"),
    ("GET", "/generate/status/*"),
    ("DELETE", "/generate/status/*"),
    ("GET", "/images/*"),
)
HORDE_FAULTS = (
    {"kind": "html"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 429},
    {"kind": "xml"},
    {"kind": "empty"},
    {"kind": "redirect"},
    {"kind": "cut_before"},
    {"kind": "cut_after"},
    {"kind": "truncated"},
    {"kind": "wrong_type"},
    {"kind": "slow", "delay_s": 0.7},
    {"kind": "drip", "delay_s": 0.7},
)
DISCORD_ROUTES = (
    ("PATCH", "/webhooks/*"),
    ("PATCH", "/webhooks/*"),
    ("PATCH", "/channels/*"),
    ("POST", "/interactions/*"),
)
DISCORD_FAULTS = (
    {"status": 429},
    {"status": 500},
    {"status": 502},
    {"status": 503},
    {"cut": "before"},
    {"cut": "after"},
    {"cut": "body"},
    {"delay_s": 0.7},
)
GATEWAY_FAULTS = ("cut", "reconnect", "invalidate", "partial")
DELIVERIES = ({"twice": True}, {"lose": True}, {"delay_s": 0.5}, {"delay_s": 3.5})
PERMISSIONS = ("SEND_MESSAGES", "ATTACH_FILES", "VIEW_CHANNEL")

Facts = Mapping[str, object]


class What(StrEnum):
    """The kinds of trouble."""

    HORDE_CALL = "a call to the Horde goes wrong"
    HORDE_AWAY = "the Horde refuses connections"
    PICTURES_AWAY = "the picture host refuses connections"
    HORDE_RESTARTS = "the Horde restarts"
    HORDE_FORGETS = "the Horde restarts without its memory"
    MAINTENANCE = "the Horde is closed for maintenance"
    TIMED_OUT = "the Horde puts our address into timeout"
    DISCORD_CALL = "a call to Discord goes wrong"
    GATEWAY = "the gateway's connection breaks"
    DELIVERY = "a command comes twice, late or never"
    CARD_DELETED = "a moderator deletes a card"
    PERMISSION = "the bot loses a permission for a while"
    KILLED = "the service is killed with -9 and started again"


SHARES: Mapping[What, int] = {
    What.HORDE_CALL: 10,
    What.HORDE_AWAY: 2,
    What.PICTURES_AWAY: 2,
    What.HORDE_RESTARTS: 2,
    What.HORDE_FORGETS: 1,
    What.MAINTENANCE: 1,
    What.TIMED_OUT: 1,
    What.DISCORD_CALL: 10,
    What.GATEWAY: 1,  # each may keep the bot offline for seconds
    What.DELIVERY: 4,
    What.CARD_DELETED: 3,
    What.PERMISSION: 2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One member asks, and may change their mind."""

    at_s: float
    member: int
    channel: int
    prompt: str
    count: int
    script: Facts
    cancels_after_s: float | None = None
    stranger_presses: bool = False
    asks_again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something goes wrong."""

    at_s: float
    what: What
    facts: Facts = field(default_factory=dict)

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.at_s:6.2f} s  {self.what}" + (f": {told}" if told else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of it."""

    jobs: int
    members: int
    channels: int
    length_s: float
    troubles: int
    kills: int
    without: frozenset[What] = frozenset()


FULL = Size(jobs=300, members=20, channels=5, length_s=45.0, troubles=220, kills=4)
SHORT = Size(
    jobs=24,
    members=8,
    channels=3,
    length_s=3.0,
    troubles=18,
    kills=1,
    # After maintenance the service rightly waits for a minute; a broken gateway takes seconds.
    without=frozenset({What.MAINTENANCE, What.GATEWAY}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that is going to happen, in the order in which it begins."""

    seed: int
    size: Size
    asks: tuple[Ask, ...]
    troubles: tuple[Trouble, ...]


def plan(seed: int, size: Size) -> Plan:
    """Make the plan of a seed."""
    chance = random.Random(f"chaos {seed}")  # noqa: S311 - repeatable on purpose
    asks = [_ask(chance, number, size) for number in range(size.jobs)]
    shares = {what: share for what, share in SHARES.items() if what not in size.without}
    kinds = chance.choices(list(shares), weights=list(shares.values()), k=size.troubles)
    troubles = [
        Trouble(at_s=chance.uniform(0, size.length_s), what=what, facts=_facts(chance, what, size))
        for what in kinds
    ]
    # Spread out, so that each finds work under way.
    for number in range(size.kills):
        share = (number + chance.uniform(0.4, 0.9)) / size.kills
        troubles.append(Trouble(at_s=share * size.length_s, what=What.KILLED))
    return Plan(
        seed=seed,
        size=size,
        asks=tuple(sorted(asks, key=lambda ask: ask.at_s)),
        troubles=tuple(sorted(troubles, key=lambda trouble: trouble.at_s)),
    )


def steady(seed: int, *, length_s: float, per_s: float) -> Plan:
    """Make a plan in which members ask, cancel and ask again, and nothing goes wrong."""
    jobs = max(1, int(length_s * per_s))
    members = max(8, int(per_s * 4))
    size = Size(jobs=jobs, members=members, channels=5, length_s=length_s, troubles=0, kills=0)
    return plan(seed, size)


def _ask(chance: random.Random, number: int, size: Size) -> Ask:
    mood = chance.random()
    return Ask(
        at_s=chance.uniform(0, size.length_s),
        member=chance.randrange(size.members),
        channel=chance.randrange(size.channels),
        prompt=f"storm number {number}",
        count=chance.choice(PICTURES),
        script={
            "outcome": chance.choice(OUTCOMES),
            "queue_s": chance.uniform(0, 30),
            "seconds_per_picture": chance.uniform(2, 20),
        },
        cancels_after_s=chance.uniform(0, 2) if mood < 0.15 else None,  # noqa: PLR2004 - a share
        stranger_presses=0.15 <= mood < 0.2,  # noqa: PLR2004
        asks_again=0.2 <= mood < 0.3,  # noqa: PLR2004
    )


def _facts(chance: random.Random, what: What, size: Size) -> Facts:
    for_a_while = {"for_s": round(chance.uniform(0.2, 1.5), 2)}
    make: Mapping[What, Callable[[], Facts]] = {
        What.HORDE_CALL: lambda: _call(chance, HORDE_ROUTES, HORDE_FAULTS),
        What.DISCORD_CALL: lambda: _call(chance, DISCORD_ROUTES, DISCORD_FAULTS),
        What.GATEWAY: lambda: {"fault": chance.choice(GATEWAY_FAULTS)},
        What.DELIVERY: lambda: chance.choice(DELIVERIES),
        What.PERMISSION: lambda: {
            "channel": chance.randrange(size.channels),
            "permission": chance.choice(PERMISSIONS),
            **for_a_while,
        },
        What.CARD_DELETED: lambda: {"which": chance.random()},
    }
    return make.get(what, lambda: for_a_while)()


def _call(
    chance: random.Random, routes: tuple[tuple[str, str], ...], faults: tuple[Facts, ...]
) -> Facts:
    method, pattern = chance.choice(routes)
    times = chance.choice((1, 1, 2, 4))
    return {"method": method, "pattern": pattern, "times": times, **chance.choice(faults)}
