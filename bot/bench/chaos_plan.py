"""What goes wrong in a chaos run, and when: made from a seed alone, so that a failing one replays.

Moments are seconds of the wall's time after the beginning. What the service makes of them still
depends on the machine; the invariants have to hold all the same.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bot.bench.risks import RISKS
from bot.bench.risks.base import ASK, DESCRIBE, DRAW, FAULTS, UPSCALE, Facts, Risks, Route

PICTURES = (1, 1, 1, 2, 4)
SIZE = "256x256"  # most of the time goes into drawing; whoever has sizes of their own ignores it
COMMANDS = {DRAW: 40, ASK: 3, DESCRIBE: 1, UPSCALE: 1}
ANSWER_TOKENS = 64
NOBODY_NAMED = 3  # so many members name no provider where one names each of those that can
DISCORD_ROUTES = (
    ("PATCH", "/webhooks/*"),
    ("PATCH", "/webhooks/*"),
    ("PATCH", "/channels/*"),
    ("POST", "/interactions/*"),
)
DISCORD_FAULTS = (
    {"status": 429},
    {"status": 429, "says": "<html>You are being rate limited.</html>"},
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


Wish = Callable[[random.Random, int], tuple[str, Facts]]
"""Makes the command and the options of the so-manyth member who asks."""


class What(StrEnum):
    """The kinds of trouble."""

    PROVIDER_CALL = "a call to a provider goes wrong"
    PROVIDER = "a provider is in trouble"
    DISCORD_CALL = "a call to Discord goes wrong"
    GATEWAY = "the gateway's connection breaks"
    DELIVERY = "a command comes twice, late or never"
    CARD_DELETED = "a moderator deletes a card"
    PERMISSION = "the bot loses a permission for a while"
    KILLED = "the service is killed with -9 and started again"


SHARES: Mapping[What, int] = {
    What.PROVIDER_CALL: 16,
    What.PROVIDER: 10,
    What.DISCORD_CALL: 10,
    What.GATEWAY: 1,  # each may keep the bot offline for seconds
    What.DELIVERY: 4,
    What.CARD_DELETED: 3,
    What.PERMISSION: 2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One member asks, and may change their mind; `shade` is the colour of a picture that goes along."""

    at_s: float
    member: int
    channel: int
    command: str
    options: Facts
    shade: int | None = None
    cancels_after_s: float | None = None
    stranger_presses: bool = False
    asks_again: bool = False
    asks_elsewhere: bool = False


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
class House:
    """How the operator has set the service up."""

    calls_back: bool = False  # providers that can are told to
    has_account: bool = False  # at the AI Horde, where lost submits can then be looked for
    goes_by_price: bool = False  # where nobody is named

    def __str__(self) -> str:
        return ", ".join(
            (
                "called back" if self.calls_back else "polling",
                "with an account at the Horde" if self.has_account else "anonymous at the Horde",
                "the cheapest first" if self.goes_by_price else "in the operator's order",
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of it."""

    jobs: int
    members: int
    channels: int
    length_s: float
    troubles: int
    kills: int
    patience_s: float = 10.0  # of a member who wants to ask again
    is_short: bool = False  # nothing whose end takes long
    without: frozenset[What] = frozenset()


FULL = Size(jobs=300, members=20, channels=5, length_s=45.0, troubles=260, kills=4)
SHORT = Size(
    jobs=40,
    members=8,
    channels=3,
    length_s=3.0,
    troubles=24,
    kills=1,
    patience_s=4.0,
    is_short=True,
    without=frozenset({What.GATEWAY}),  # a broken one takes seconds
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that is going to happen, in the order in which it begins.

    `lives` are the scripts of the coming requests, by provider and desk.
    """

    seed: int
    size: Size
    house: House
    asks: tuple[Ask, ...]
    troubles: tuple[Trouble, ...]
    lives: Mapping[tuple[str, str], tuple[Facts, ...]]


def plan(seed: int, size: Size) -> Plan:
    """Make the plan of a seed, over all providers."""
    chance = random.Random(f"chaos {seed}")  # noqa: S311 - repeatable on purpose
    house = House(
        calls_back=chance.random() < 0.5,  # noqa: PLR2004 - a share
        has_account=chance.random() < 0.5,  # noqa: PLR2004
        goes_by_price=chance.random() < 0.3,  # noqa: PLR2004
    )
    asks = [_ask(chance, number, size, _any_command) for number in range(size.jobs)]
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
        house=house,
        asks=tuple(sorted(asks, key=lambda ask: ask.at_s)),
        troubles=tuple(sorted(troubles, key=lambda trouble: trouble.at_s)),
        lives=_lives(chance, size, list(RISKS.values())),
    )


def steady(seed: int, *, length_s: float, per_s: float) -> Plan:
    """Make a plan in which members ask the Horde, cancel and ask again, and nothing goes wrong."""
    chance = random.Random(f"steady {seed}")  # noqa: S311 - repeatable on purpose
    jobs = max(1, int(length_s * per_s))
    members = max(8, int(per_s * 4))
    size = Size(jobs=jobs, members=members, channels=5, length_s=length_s, troubles=0, kills=0)
    asks = [_ask(chance, number, size, _a_drawing) for number in range(jobs)]
    return Plan(
        seed=seed,
        size=size,
        house=House(),
        asks=tuple(sorted(asks, key=lambda ask: ask.at_s)),
        troubles=(),
        lives=_lives(chance, size, [RISKS["horde"]]),
    )


def _ask(chance: random.Random, number: int, size: Size, wish: Wish) -> Ask:
    mood = chance.random()
    command, options = wish(chance, number)
    return Ask(
        at_s=chance.uniform(0, size.length_s),
        member=chance.randrange(size.members),
        channel=chance.randrange(size.channels),
        command=command,
        options=options,
        shade=number if command in {DESCRIBE, UPSCALE} else None,
        cancels_after_s=chance.uniform(0, 2) if mood < 0.15 else None,  # noqa: PLR2004 - a share
        stranger_presses=0.15 <= mood < 0.2,  # noqa: PLR2004
        asks_again=0.2 <= mood < 0.3,  # noqa: PLR2004
        asks_elsewhere=0.3 <= mood < 0.6,  # noqa: PLR2004
    )


def _a_drawing(chance: random.Random, number: int) -> tuple[str, Facts]:
    return DRAW, {"prompt": _prompt(number), "count": chance.choice(PICTURES)}


def _any_command(chance: random.Random, number: int) -> tuple[str, Facts]:
    """Return any command to any provider that can, or to whoever the service chooses."""
    (command,) = chance.choices(list(COMMANDS), weights=list(COMMANDS.values()))
    able = [risks.name for risks in RISKS.values() if command in risks.commands]
    provider = chance.choice([*able, *[None] * NOBODY_NAMED])
    named: Facts = {} if provider is None else {"provider": provider}
    options: Mapping[str, Facts] = {
        DRAW: {"prompt": f"{_prompt(number)} --size {SIZE}", "count": chance.choice(PICTURES)},
        ASK: {"prompt": _prompt(number), "length": ANSWER_TOKENS},
        DESCRIBE: {"tags": False},
        UPSCALE: {},
    }
    return command, {**options[command], **named}


def _prompt(number: int) -> str:
    """Return words that stand in no other member's prompt."""
    return f"number {number} in the storm"


def _lives(
    chance: random.Random, size: Size, providers: Sequence[Risks]
) -> Mapping[tuple[str, str], tuple[Facts, ...]]:
    return {
        (risks.name, lives.desk): tuple(
            lives.drawn(chance, is_short=size.is_short) for _ in range(size.jobs)
        )
        for risks in providers
        for lives in risks.lives
    }


def _facts(chance: random.Random, what: What, size: Size) -> Facts:
    for_a_while = {"for_s": round(chance.uniform(0.2, 1.5), 2)}
    make: Mapping[What, Callable[[], Facts]] = {
        What.PROVIDER_CALL: lambda: _provider_call(chance),
        What.PROVIDER: lambda: {**_trouble(chance), **for_a_while},
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


def _provider_call(chance: random.Random) -> Facts:
    risks = chance.choice(list(RISKS.values()))
    return {"provider": risks.name, **_call(chance, risks.routes, FAULTS)}


def _trouble(chance: random.Random) -> Facts:
    """Return one of all troubles: whoever has more kinds of them has more."""
    provider, trouble = chance.choice(
        [(risks.name, trouble) for risks in RISKS.values() for trouble in risks.troubles]
    )
    return {"provider": provider, "trouble": trouble}


def _call(chance: random.Random, routes: Sequence[Route], faults: Sequence[Facts]) -> Facts:
    method, pattern = chance.choice(routes)
    times = chance.choice((1, 1, 2, 4))
    return {"method": method, "pattern": pattern, "times": times, **chance.choice(faults)}
