"""Four hundred commands at the same instant: how long until each member sees an answer."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.bench.books import open_books
from bot.bench.floors import Bare
from bot.bench.process import BenchFailed
from bot.bench.rows import Row, quantile, spread
from bot.bench.town import Town, imagine
from bot.sandbox.discord.cards import Card

AT_ONCE = 400
WARM_UP = 20
P99_AIM_MS = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the members saw; `kept` is how many jobs the store has of them."""

    took_s: Sequence[float]
    lost: int
    kept: int


async def ask_at_once(town: Town) -> Answers:
    """Let everybody type at once; nobody waits for a picture."""
    people = [town.member() for _ in range(WARM_UP + AT_ONCE)]
    async with town.serving("answers"):
        for person in people[:WARM_UP]:
            await imagine(person, town.channels[0], "warming up")
        found = await asyncio.gather(
            *(
                imagine(person, town.channels[n % len(town.channels)], f"all at once {n}")
                for n, person in enumerate(people[WARM_UP:])
            ),
            return_exceptions=True,
        )
        cards = [one for one in found if isinstance(one, Card)]
        _raise_surprises(found)
        kept = await _kept(town, len(cards))
    return Answers(
        took_s=[card.ack_s for card in cards if card.ack_s is not None],
        lost=AT_ONCE - len(cards),
        kept=kept,
    )


def _raise_surprises(found: Sequence[object]) -> None:
    """Let pass what is measured, an answer that never came, and nothing else."""
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, BenchFailed):
            raise one


async def _kept(town: Town, answered: int) -> int:
    """Wait until every answered command is a job in the store; count those that are."""
    kept = 0
    async with open_books(town.environment("answers")) as books:
        for _ in range(200):
            kept = len(await books.ask(lambda tx: tx.jobs.open_ids())) - WARM_UP
            if kept >= answered:
                break
            await asyncio.sleep(0.05)
    return kept


async def floor_of(bare: Bare) -> list[float]:
    """Ask the bare client the same; seconds of each answer."""
    await bare.asked([f"warming up {number}" for number in range(WARM_UP)])
    cards = await bare.asked([f"all at once {number}" for number in range(AT_ONCE)])
    return [card.ack_s for card in cards.values() if card.ack_s is not None]


def row_of(answers: Answers, *, floor_s: Sequence[float]) -> Row:
    """Turn it into a row."""
    milliseconds = [took * 1000 for took in answers.took_s]
    is_complete = answers.lost == 0 and answers.kept == AT_ONCE
    return Row(
        name=f"first answer to a command, {AT_ONCE} at once",
        unit="ms",
        values={**spread(milliseconds, 50, 99), "lost": float(answers.lost)},
        floor=spread([took * 1000 for took in floor_s], 50, 99),
        aim=f"p99 < {P99_AIM_MS:.0f} ms, none over 3 s, none lost",
        is_met=is_complete and quantile(milliseconds, 0.99) < P99_AIM_MS,
        note=f"{answers.kept} of {AT_ONCE} are jobs in the store",
        samples=milliseconds,
    )
