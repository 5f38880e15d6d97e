"""Budgets of servers: counted when a job is taken in, given back when it fails, set by admins.

The functions that take a `Tx` run inside a caller's transaction, so that nothing can pass between
the count and the job.
"""

from datetime import datetime, timedelta

from bot.domain.askers import Asker
from bot.domain.audit_trail import Act, Deed
from bot.domain.budgets import (
    Budget,
    BudgetId,
    Measure,
    Standing,
    longest_pause,
    refusal,
    standings,
)
from bot.domain.clock import Clock
from bot.domain.credits import CREDIT, Microcredits
from bot.domain.errors import BudgetExceeded, InvalidRequest
from bot.domain.jobs import Job, JobState
from storage.database import Database, Tx

BUDGETS_MAX = 50  # of one server
MOST = {
    Measure.CREDITS: 10_000_000 * CREDIT,
    Measure.JOBS: 1_000_000,
    Measure.PAUSE: 7 * 24 * 3600,
}
"""The largest amount of each measure, in its own unit."""

MEMBERS_USE_KEPT = timedelta(days=40)  # longer than any month, and any pause
SERVERS_USE_KEPT = timedelta(days=400)


class BudgetBook:
    """Keep servers' budgets."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    # ------------------------------------------------------------ members

    async def take(self, tx: Tx, job: Job, *, asker: Asker) -> None:
        """Count a new job; `BudgetExceeded` when a budget of its server does not allow it."""
        guild_id = asker.guild_id
        if guild_id is None:
            return
        at = job.created_at
        await tx.budgets.use(guild_id, asker.id, price=job.price, at=at)
        budgets = await tx.budgets.of(guild_id)
        if not budgets:
            return
        exceeded = refusal(await _standings(tx, budgets, asker=asker, at=at), price=job.price)
        exceeded = exceeded or await _paused(tx, budgets, asker=asker, at=at)
        if exceeded is not None:
            raise BudgetExceeded(exceeded, needed=job.price)

    async def standings(self, asker: Asker) -> tuple[Standing, ...]:
        """Return how each budget stands that concerns a member here, the fewest left first."""
        guild_id, now = asker.guild_id, self._clock.now()
        if guild_id is None:
            return ()

        async def look(tx: Tx) -> tuple[Standing, ...]:
            budgets = await tx.budgets.of(guild_id)
            return await _standings(tx, budgets, asker=asker, at=now)

        found = await self._database.read(look)
        return tuple(
            sorted(found, key=lambda standing: standing.left / (standing.budget.amount or 1))
        )

    # ------------------------------------------------------------ admins

    async def of(self, guild_id: int) -> tuple[Budget, ...]:
        """Return a server's budgets."""
        return await self._database.read(lambda tx: tx.budgets.of(guild_id))

    async def set(self, budget: Budget, *, deed: Deed) -> None:
        """Set a budget, in the place of one about the same; `InvalidRequest` for what cannot be."""
        assert budget.guild_id == deed.guild_id
        most = MOST[budget.measure]
        if not 0 <= budget.amount <= most:
            shown = most // CREDIT if budget.measure is Measure.CREDITS else most
            raise InvalidRequest(f"A budget of {budget.measure} goes from 0 to {shown:,}.")
        now = self._clock.now()

        async def put(tx: Tx) -> None:
            others = [
                known for known in await tx.budgets.of(budget.guild_id) if known.id != budget.id
            ]
            if len(others) >= BUDGETS_MAX:
                raise InvalidRequest(
                    f"There are {BUDGETS_MAX} budgets already, and that is the most: remove one."
                )
            is_new = await tx.audit_trail.add(
                deed.entry(Act.BUDGET_SET, at=now, facts=_facts(budget))
            )
            if is_new:
                await tx.budgets.put(budget)

        await self._database.write(put)

    async def remove(self, budget_id: BudgetId, *, deed: Deed) -> bool:
        """Take a budget away; False when it is not there (any more)."""
        now = self._clock.now()

        async def take_away(tx: Tx) -> bool:
            budget = await tx.budgets.get(deed.guild_id, budget_id)
            if budget is None:
                return False
            if await tx.audit_trail.add(
                deed.entry(Act.BUDGET_REMOVED, at=now, facts=_facts(budget))
            ):
                await tx.budgets.remove(deed.guild_id, budget_id)
            return True

        return await self._database.write(take_away)


async def give_back_unused(tx: Tx, job: Job, *, unspent: Microcredits) -> None:
    """Take off the count what an ended job did not use; `unspent` is what it was held for in vain.

    A job that failed was none; one that its member stopped was asked for all the same.
    """
    guild_id = job.target.guild_id
    if guild_id is None:
        return
    was_none = job.state in {JobState.FAILED, JobState.EXPIRED} and not job.came
    if was_none or unspent:
        await tx.budgets.give_back(
            guild_id, job.owner_id, unspent=unspent, jobs=int(was_none), at=job.created_at
        )


async def forget_old_use(tx: Tx, *, now: datetime) -> None:
    """Drop what no budget reaches back to."""
    await tx.budgets.forget(of_members=now - MEMBERS_USE_KEPT, of_servers=now - SERVERS_USE_KEPT)


async def _standings(
    tx: Tx, budgets: tuple[Budget, ...], *, asker: Asker, at: datetime
) -> tuple[Standing, ...]:
    assert asker.guild_id is not None
    asked = {
        (budget.payer(asker), budget.period)
        for budget in budgets
        if budget.period is not None and budget.concerns(asker)
    }
    usage = await tx.budgets.usage(asker.guild_id, asked, at=at)
    return standings(budgets, usage, asker=asker, now=at)


async def _paused(
    tx: Tx, budgets: tuple[Budget, ...], *, asker: Asker, at: datetime
) -> Standing | None:
    """Begin a member's pause, or return the one that is not over yet."""
    pause = longest_pause(budgets, asker=asker)
    if pause is None:
        return None
    length = timedelta(seconds=pause.amount)
    last = await tx.budgets.pause(pause.guild_id, asker.id, at=at, not_after=at - length)
    return None if last is None else Standing(budget=pause, used=0, lifts_at=last + length)


def _facts(budget: Budget) -> dict[str, str | int]:
    amount = budget.amount
    facts: dict[str, str | int] = {
        "for": budget.whom.value,
        "of": budget.measure.value,
        "amount": amount // CREDIT if budget.measure is Measure.CREDITS else amount,
    }
    if budget.subject_id:
        facts["subject"] = str(budget.subject_id)
    if budget.period is not None:
        facts["per"] = budget.period.value
    if budget.except_role_ids:
        facts["except"] = ", ".join(map(str, sorted(budget.except_role_ids)))
    return facts
