"""Prove the ledger: whatever the accounts remember is derived again from the transfers.

Run by every test that moves credits, and an operator's command.
"""

from collections.abc import Iterable

from storage.executor import Executor, Row

# A void or an expiry shows what came back; only these kinds move a balance.
_MOVES = "('allowance', 'grant', 'gift', 'post')"

_ACCOUNTS = f"""
    SELECT a.id, a.kind, a.balance, a.held,
        COALESCE(gained.amount, 0) - COALESCE(paid.amount, 0) AS derived,
        COALESCE(holding.amount, 0) AS derived_held
    FROM accounts a
    LEFT JOIN (SELECT credit AS id, SUM(amount) AS amount FROM transfers
        WHERE kind IN {_MOVES} GROUP BY credit) gained ON gained.id = a.id
    LEFT JOIN (SELECT debit AS id, SUM(amount) AS amount FROM transfers
        WHERE kind IN {_MOVES} GROUP BY debit) paid ON paid.id = a.id
    LEFT JOIN (SELECT r.debit AS id, SUM(r.amount) AS amount FROM transfers r
        WHERE r.kind = 'reserve'
        AND NOT EXISTS (SELECT 1 FROM transfers x WHERE x.reserve_id = r.id)
        GROUP BY r.debit) holding ON holding.id = a.id
"""  # noqa: S608 - constants of ours

_RESOLUTIONS = """
    SELECT reserve_id, COUNT(*) AS times, SUM(amount) AS amount, MAX(reserved) AS reserved
    FROM (
        SELECT x.reserve_id, x.amount, r.amount AS reserved,
            CASE WHEN x.kind = 'post' AND x.debit = r.debit AND x.credit = r.credit
                    AND x.amount <= r.amount THEN 0
                WHEN x.kind <> 'post' AND x.debit = r.credit AND x.credit = r.debit
                    AND x.amount = r.amount THEN 0
                ELSE 1 END AS crooked
        FROM transfers x LEFT JOIN transfers r ON r.id = x.reserve_id AND r.kind = 'reserve'
        WHERE x.reserve_id IS NOT NULL
    ) AS resolutions
    GROUP BY reserve_id HAVING COUNT(*) <> 1 OR SUM(crooked) > 0
"""

_IDLE = """
    SELECT r.id, r.job_id FROM transfers r
    WHERE r.kind = 'reserve'
    AND NOT EXISTS (SELECT 1 FROM transfers x WHERE x.reserve_id = r.id)
    AND NOT EXISTS (SELECT 1 FROM working_jobs j WHERE j.id = r.job_id)
"""

# More than the price is held where a cheaper provider took over.
_UNCOVERED = """
    SELECT j.id, j.price FROM working_jobs j
    WHERE j.price > 0 AND j.has_own_key = 0
    AND NOT EXISTS (
        SELECT 1 FROM transfers r WHERE r.job_id = j.id AND r.kind = 'reserve'
        AND r.amount >= j.price AND r.debit = j.payer
        AND NOT EXISTS (SELECT 1 FROM transfers x WHERE x.reserve_id = r.id)
    )
"""

# Which kinds of accounts a movement may go between, and that a job's money is its payer's.
_CROOKED = """
    SELECT t.id, t.kind, t.debit, t.credit FROM transfers t
    JOIN accounts d ON d.id = t.debit JOIN accounts c ON c.id = t.credit
    LEFT JOIN jobs j ON j.id = t.job_id
    WHERE NOT CASE t.kind
        WHEN 'allowance' THEN d.id = 'system:allowance' AND c.kind = 'member'
        WHEN 'grant' THEN (d.id = 'system:grants' OR d.kind = 'server') AND c.kind <> 'system'
            OR d.kind <> 'system' AND c.id = 'system:grants'
        WHEN 'gift' THEN d.kind = 'member' AND c.kind <> 'system'
        WHEN 'reserve' THEN d.kind <> 'system' AND c.id = 'system:spent'
            AND (j.id IS NULL OR d.id = j.payer)
        ELSE 1 END
"""

_CHARGED = """
    SELECT j.id, j.charged, COALESCE(SUM(x.amount), 0) AS posted
    FROM jobs j LEFT JOIN transfers x ON x.job_id = j.id AND x.kind = 'post'
    WHERE j.has_own_key = 0
    AND NOT EXISTS (SELECT 1 FROM working_jobs w WHERE w.id = j.id)
    GROUP BY j.id, j.charged HAVING j.charged <> COALESCE(SUM(x.amount), 0)
"""


async def problems(db: Executor) -> tuple[str, ...]:
    """Return a sentence for everything that is not exact."""
    accounts = await db.rows(_ACCOUNTS)
    total = sum(account["balance"] for account in accounts)
    return (
        *(f"All accounts together hold {total} instead of 0." for _ in range(total != 0)),
        *_account_problems(accounts),
        *(_resolution_problem(row) for row in await db.rows(_RESOLUTIONS)),
        *(
            f"Reservation {row['id']} is open, but job {row['job_id']} is not working."
            for row in await db.rows(_IDLE)
        ),
        *(
            f"Transfer {row['id']} is a {row['kind']} from {row['debit']} to {row['credit']}."
            for row in await db.rows(_CROOKED)
        ),
        *(
            f"Job {row['id']} is working for {row['price']} without an open reservation."
            for row in await db.rows(_UNCOVERED)
        ),
        *(
            f"Job {row['id']} says it cost {row['charged']}, the ledger says {row['posted']}."
            for row in await db.rows(_CHARGED)
        ),
    )


def _account_problems(accounts: Iterable[Row]) -> Iterable[str]:
    for row in accounts:
        name = row["id"]
        if row["balance"] != row["derived"]:
            yield f"{name} remembers {row['balance']}; its transfers add up to {row['derived']}."
        if row["held"] != row["derived_held"]:
            yield f"{name} holds {row['held']}; its open reservations hold {row['derived_held']}."
        if row["kind"] != "system" and row["balance"] < row["held"]:
            yield f"{name} has {row['balance'] - row['held']} available."


def _resolution_problem(row: Row) -> str:
    return (
        f"Reservation {row['reserve_id']} of {row['reserved']} was resolved {row['times']} times "
        f"with {row['amount']} in all."
    )
