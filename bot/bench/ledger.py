"""Reserve and settle per second, in this process, beside bare sqlite3 on the same disk."""

import asyncio
import itertools
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.bench.rows import Row, spread
from bot.domain.credits import (
    AccountId,
    Microcredits,
    TransferId,
    credits_of,
    member_account,
    post_id,
    reserve_id,
)
from bot.domain.jobs import JobId, UserId
from storage.bare_sqlite import reserve_and_settle
from storage.database import Database, Tx
from storage.sealing import MASTER_KEY_BYTES, MasterKeys, Sealer
from storage.sqlite import open_sqlite

CALLERS = (1, 10, 100)
MEMBERS = 100
ONE = Microcredits(1)
RATE_AIM, P99_AIM_MS = 2000, 50


async def ledger_rows(folder: Path, *, for_s: float) -> list[Row]:
    """Measure each number of callers for so many seconds, ours and the floor in turn."""
    return [await _row(folder, callers, for_s) for callers in CALLERS]


async def _row(folder: Path, callers: int, for_s: float) -> Row:
    async with _books(folder / f"ours-{callers}.db") as database:
        ours_s = await _pairs(database, callers, for_s)
    async with _books(folder / f"bare-{callers}.db"):
        pass  # closed again: bare sqlite3 gets the same schema and accounts for itself alone
    accounts = [_account(n) for n in range(MEMBERS)]
    bare_s = await asyncio.to_thread(
        reserve_and_settle,
        folder / f"bare-{callers}.db",
        accounts,
        batch=callers,
        for_s=for_s,
    )
    values = _figures(ours_s, for_s)
    is_measured = callers == max(CALLERS)
    return Row(
        name=f"reserve + settle, {callers} at once",
        unit="pairs/s, ms",
        values=values,
        floor=_figures(bare_s, for_s),
        aim=f"≥ {RATE_AIM:,}/s, p99 < {P99_AIM_MS} ms" if is_measured else "",
        is_met=values["per s"] >= RATE_AIM and values["p99"] < P99_AIM_MS if is_measured else None,
        note="floor: bare sqlite3, a perfect batch per commit; below 1 of it is slower",
        samples=[took_s * 1000 for took_s in ours_s],
        sample_unit="ms",
    )


def _figures(took_s: list[float], for_s: float) -> dict[str, float]:
    milliseconds = [took * 1000 for took in took_s]
    return {"per s": len(took_s) / for_s, **spread(milliseconds, 50, 99)}


def _account(number: int) -> AccountId:
    return member_account(UserId(number + 1))


@asynccontextmanager
async def _books(path: Path) -> AsyncIterator[Database]:
    """Open a new ledger whose members are rich."""
    key = secrets.token_bytes(MASTER_KEY_BYTES)
    sealer = Sealer(MasterKeys(by_id={"bench": key}, current_id="bench"))

    async def enrich(tx: Tx) -> None:
        for number in range(MEMBERS):
            await tx.credits.open_member(UserId(number + 1))
            await tx.credits.grant(
                TransferId(f"grant:{number}"),
                account=_account(number),
                amount=credits_of(1000),
                at=datetime.now(UTC),
            )

    async with open_sqlite(path, sealer=sealer) as database:
        await database.write(enrich)
        yield database


async def _pairs(database: Database, callers: int, for_s: float) -> list[float]:
    took_s: list[float] = []
    numbers = itertools.count()
    ends_at = time.perf_counter() + for_s

    async def call_again_and_again() -> None:
        while (started_at := time.perf_counter()) < ends_at:
            await _pair(database, next(numbers))
            took_s.append(time.perf_counter() - started_at)

    async with asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(call_again_and_again())
    return took_s


async def _pair(database: Database, number: int) -> None:
    job_id, now = JobId(str(number)), datetime.now(UTC)
    await database.write(
        lambda tx: tx.credits.reserve(
            reserve_id(job_id),
            account=_account(number % MEMBERS),
            amount=ONE,
            job_id=job_id,
            at=now,
            expires_at=now + timedelta(hours=1),
        )
    )
    await database.write(
        lambda tx: tx.credits.post(
            post_id(job_id), reserve_id=reserve_id(job_id), amount=ONE, at=now
        )
    )
