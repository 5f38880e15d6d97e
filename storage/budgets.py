"""Budgets of servers, and what is used of them: counted in the transaction that takes a job in.

Use is written first and compared afterwards, in one transaction: whoever writes the row of this
hour holds it, so no other request of the same member or server can pass between the two. Who turns
out to have used too much raises, and nothing was written.
"""

import json
from collections.abc import Collection
from datetime import date, datetime

from bot.domain.budgets import EVERYBODY, Budget, BudgetId, DayTotal, Measure, Period, Used, Whom
from bot.domain.credits import Microcredits
from bot.domain.jobs import UserId
from storage.executor import Executor, Row
from storage.moments import from_text, to_text

_HOUR_CHARS = len("2026-11-21T03")
_DAY_CHARS = len("2026-11-21")


class Budgets:
    """The budgets of one transaction."""

    __slots__ = ("_db",)

    def __init__(self, executor: Executor) -> None:
        self._db = executor

    # ------------------------------------------------------------ the rules

    async def put(self, budget: Budget) -> None:
        """Set a budget; one about the same is replaced."""
        await self._db.change(
            """
            INSERT INTO budgets
                (guild_id, id, whom, subject_id, measure, period, amount, except_role_ids)
            VALUES (:guild_id, :id, :whom, :subject_id, :measure, :period, :amount, :except_role_ids)
            ON CONFLICT (guild_id, id) DO UPDATE
                SET amount = excluded.amount, except_role_ids = excluded.except_role_ids
            """,
            guild_id=budget.guild_id,
            id=budget.id,
            whom=budget.whom.value,
            subject_id=budget.subject_id,
            measure=budget.measure.value,
            period=None if budget.period is None else budget.period.value,
            amount=budget.amount,
            except_role_ids=json.dumps(sorted(budget.except_role_ids)),
        )

    async def get(self, guild_id: int, budget_id: BudgetId) -> Budget | None:
        """Return a budget, or None."""
        row = await self._db.row(
            "SELECT * FROM budgets WHERE guild_id = :guild_id AND id = :id",
            guild_id=guild_id,
            id=budget_id,
        )
        return None if row is None else _budget_of(row)

    async def remove(self, guild_id: int, budget_id: BudgetId) -> bool:
        """Take a budget away; False when there was none."""
        changed = await self._db.change(
            "DELETE FROM budgets WHERE guild_id = :guild_id AND id = :id",
            guild_id=guild_id,
            id=budget_id,
        )
        return changed == 1

    async def of(self, guild_id: int) -> tuple[Budget, ...]:
        """Return a server's budgets, by what they are about."""
        rows = await self._db.rows(
            "SELECT * FROM budgets WHERE guild_id = :guild_id ORDER BY id", guild_id=guild_id
        )
        return tuple(map(_budget_of, rows))

    # ------------------------------------------------------------ what is used

    async def use(
        self, guild_id: int, owner_id: UserId, *, price: Microcredits, at: datetime
    ) -> None:
        """Count a job and its price, for the member and for all of the server."""
        for user_id in (owner_id, EVERYBODY):
            await self._db.change(
                """
                INSERT INTO used (guild_id, owner_id, hour, credits, jobs)
                VALUES (:guild_id, :owner_id, :hour, :credits, 1)
                ON CONFLICT (guild_id, owner_id, hour) DO UPDATE
                    SET credits = used.credits + excluded.credits, jobs = used.jobs + 1
                """,
                guild_id=guild_id,
                owner_id=user_id,
                hour=_hour(at),
                credits=price,
            )

    async def give_back(
        self, guild_id: int, owner_id: UserId, *, unspent: Microcredits, jobs: int, at: datetime
    ) -> None:
        """Take off what was counted at a moment and not used in the end.

        A job from before all this was counted finds nothing to take off.
        """
        for user_id in (owner_id, EVERYBODY):
            await self._db.change(
                """
                UPDATE used SET credits = credits - :credits, jobs = jobs - :jobs
                WHERE guild_id = :guild_id AND owner_id = :owner_id AND hour = :hour
                AND credits >= :credits AND jobs >= :jobs
                """,
                guild_id=guild_id,
                owner_id=user_id,
                hour=_hour(at),
                credits=unspent,
                jobs=jobs,
            )

    async def used(self, guild_id: int, owner_id: UserId, *, since: datetime) -> Used:
        """Return what a member, or everybody, used since a full hour."""
        row = await self._db.row(
            """
            SELECT COALESCE(SUM(credits), 0) AS credits, COALESCE(SUM(jobs), 0) AS jobs
            FROM used WHERE guild_id = :guild_id AND owner_id = :owner_id AND hour >= :hour
            """,
            guild_id=guild_id,
            owner_id=owner_id,
            hour=_hour(since),
        )
        assert row is not None
        return Used(credits=Microcredits(row["credits"]), jobs=row["jobs"])

    async def usage(
        self, guild_id: int, pairs: Collection[tuple[UserId, Period]], *, at: datetime
    ) -> dict[tuple[UserId, Period], Used]:
        """Return what was used by each of some, in a period each, up to now."""
        return {
            (user_id, period): await self.used(guild_id, user_id, since=period.start(at))
            for user_id, period in pairs
        }

    async def pause(
        self, guild_id: int, owner_id: UserId, *, at: datetime, not_after: datetime
    ) -> datetime | None:
        """Note a member's job, unless their last one came after a moment; then return when."""
        changed = await self._db.change(
            """
            INSERT INTO pauses (guild_id, owner_id, last_at) VALUES (:guild_id, :owner_id, :at)
            ON CONFLICT (guild_id, owner_id) DO UPDATE SET last_at = excluded.last_at
                WHERE pauses.last_at <= :not_after
            """,
            guild_id=guild_id,
            owner_id=owner_id,
            at=to_text(at),
            not_after=to_text(not_after),
        )
        return None if changed else await self.last_job(guild_id, owner_id)

    async def last_job(self, guild_id: int, owner_id: UserId) -> datetime | None:
        """Return when a member last began a job where pauses are asked for."""
        row = await self._db.row(
            """
            SELECT last_at FROM pauses WHERE guild_id = :guild_id AND owner_id = :owner_id
            """,
            guild_id=guild_id,
            owner_id=owner_id,
        )
        return None if row is None else from_text(row["last_at"])

    # ------------------------------------------------------------ looking back

    async def days(self, guild_id: int, *, since: datetime) -> tuple[DayTotal, ...]:
        """Return what was used on each day that had any use, the newest first."""
        rows = await self._db.rows(
            """
            SELECT SUBSTR(hour, 1, :day_chars) AS day, SUM(credits) AS credits, SUM(jobs) AS jobs
            FROM used WHERE guild_id = :guild_id AND owner_id = :everybody AND hour >= :hour
            GROUP BY SUBSTR(hour, 1, :day_chars) ORDER BY day DESC
            """,
            guild_id=guild_id,
            everybody=EVERYBODY,
            hour=_hour(since),
            day_chars=_DAY_CHARS,
        )
        return tuple(
            DayTotal(
                day=date.fromisoformat(row["day"]),
                credits=Microcredits(row["credits"]),
                jobs=row["jobs"],
            )
            for row in rows
        )

    async def forget(self, *, of_members: datetime, of_servers: datetime) -> None:
        """Drop what no period reaches back to, and after a longer time what servers used."""
        await self._db.change(
            """
            DELETE FROM used WHERE hour < :of_servers
            OR hour < :of_members AND owner_id <> :everybody
            """,
            of_servers=_hour(of_servers),
            of_members=_hour(of_members),
            everybody=EVERYBODY,
        )
        await self._db.change(
            "DELETE FROM pauses WHERE last_at < :of_members", of_members=to_text(of_members)
        )


def _hour(at: datetime) -> str:
    return to_text(at)[:_HOUR_CHARS]


def _budget_of(row: Row) -> Budget:
    return Budget(
        guild_id=row["guild_id"],
        whom=Whom(row["whom"]),
        subject_id=row["subject_id"],
        measure=Measure(row["measure"]),
        period=None if row["period"] is None else Period(row["period"]),
        amount=row["amount"],
        except_role_ids=frozenset(json.loads(row["except_role_ids"])),
    )
