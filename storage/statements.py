"""What can be read in the ledger: an account's movements by the page, and what was given."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.credits import (
    SEQ_MAX,
    AccountId,
    Cursor,
    Microcredits,
    Transfer,
    TransferId,
    TransferKind,
)
from storage.executor import Executor, Row
from storage.moments import from_text, to_text

# One index each, newest or oldest first; together they are sorted once more.
_ONE_SIDE = """
    SELECT * FROM (
        SELECT * FROM transfers t WHERE {side} = :account AND seq {past} :seq
        AND (kind <> 'reserve'
            OR NOT EXISTS (SELECT 1 FROM transfers x WHERE x.reserve_id = t.id))
        AND (:guild_id IS NULL OR kind IN ('allowance', 'grant')
            OR job_id IN (SELECT id FROM jobs WHERE guild_id = :guild_id))
        ORDER BY seq {order} LIMIT :limit
    ) AS {side}_side
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gifts:
    """What an account gave and was given since a moment, in microcredits."""

    given: Microcredits
    received: Microcredits


async def movements(
    db: Executor,
    account: AccountId,
    *,
    limit: int,
    cursor: Cursor | None,
    guild_id: int | None = None,
) -> tuple[Transfer, ...]:
    """Return an account's transfers, the newest first; of a reservation only how it ended.

    With a server come only jobs asked for there, and what was given by nobody in particular.
    """
    place = cursor or Cursor(seq=SEQ_MAX)
    past, order = ("<", "DESC") if place.way == "older" else (">", "ASC")
    both = " UNION ALL ".join(
        _ONE_SIDE.format(side=side, past=past, order=order) for side in ("debit", "credit")
    )
    rows = await db.rows(
        f"{both} ORDER BY seq {order} LIMIT :limit",
        account=account,
        seq=place.seq,
        limit=limit,
        guild_id=guild_id,
    )
    return tuple(sorted(map(transfer_of, rows), key=lambda row: row.seq, reverse=True))


async def gifts(db: Executor, account: AccountId, *, since: datetime) -> Gifts:
    """Return what an account has given and been given since a moment."""
    row = await db.row(
        """
        SELECT
            (SELECT COALESCE(SUM(amount), 0) FROM transfers
                WHERE debit = :account AND kind = 'gift' AND at >= :since) AS given,
            (SELECT COALESCE(SUM(amount), 0) FROM transfers
                WHERE credit = :account AND kind = 'gift' AND at >= :since) AS received
        """,
        account=account,
        since=to_text(since),
    )
    assert row is not None
    return Gifts(given=Microcredits(row["given"]), received=Microcredits(row["received"]))


def transfer_of(row: Row) -> Transfer:
    """Read a row of the ledger."""
    return Transfer(
        id=TransferId(row["id"]),
        kind=TransferKind(row["kind"]),
        debit=AccountId(row["debit"]),
        credit=AccountId(row["credit"]),
        amount=Microcredits(row["amount"]),
        at=from_text(row["at"]),
        reserve_id=row["reserve_id"],
        job_id=row["job_id"],
        seq=row["seq"],
    )
