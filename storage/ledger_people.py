"""A member or a server is taken out of the ledger, which stays exact.

Amounts, kinds, times and the way that each transfer went stay; whose account it was, and which job
it was for, do not. The new account belongs to a number below zero, the new ids to their place in
the ledger: nothing leads back.
"""

from bot.domain.credits import AccountId
from storage.executor import Executor

NOBODY = "nobody:"


async def take_out_of_ledger(
    db: Executor, *, account: AccountId, nobody_id: int, their_jobs: str, theirs: int
) -> None:
    """Let everything of an account, and of jobs whose row says `their_jobs`, be nobody's.

    `their_jobs` is a condition on the table of jobs with the value `:theirs`.
    """
    assert nobody_id < 0, "numbers of people and servers are above zero"
    kind, _, _ = account.partition(":")
    nobody = f"{kind}:{nobody_id}"
    await db.change(
        """
        INSERT INTO accounts (id, kind, owner_id, guild_id, balance, held)
        SELECT :nobody, kind, CASE WHEN owner_id IS NOT NULL THEN :nobody_id END,
            CASE WHEN guild_id IS NOT NULL THEN :nobody_id END, balance, held
        FROM accounts WHERE id = :account
        """,
        nobody=nobody,
        nobody_id=nobody_id,
        account=account,
    )
    await db.change(
        f"""
        WITH theirs AS (
            SELECT seq, id FROM transfers WHERE debit = :account
            UNION SELECT seq, id FROM transfers WHERE credit = :account
            UNION SELECT seq, id FROM transfers
            WHERE kind = 'reserve' AND job_id IN (SELECT id FROM jobs WHERE {their_jobs})
        ), whole AS (
            SELECT seq FROM theirs
            UNION SELECT x.seq FROM transfers x JOIN theirs r ON x.reserve_id = r.id
        )
        UPDATE transfers SET id = new.id, reserve_id = new.reserve_id, job_id = new.job_id,
            debit = new.debit, credit = new.credit
        FROM (
            SELECT t.seq, :prefix || t.seq AS id,
                CASE WHEN r.seq IS NOT NULL THEN :prefix || r.seq END AS reserve_id,
                CASE WHEN t.job_id IS NOT NULL THEN :prefix || COALESCE(r.seq, t.seq) END
                    AS job_id,
                CASE WHEN t.debit = :account THEN :nobody ELSE t.debit END AS debit,
                CASE WHEN t.credit = :account THEN :nobody ELSE t.credit END AS credit
            FROM transfers t LEFT JOIN transfers r ON r.id = t.reserve_id
            WHERE t.seq IN (SELECT seq FROM whole)
        ) AS new WHERE new.seq = transfers.seq
        """,  # noqa: S608 - a condition of ours
        account=account,
        theirs=theirs,
        nobody=nobody,
        prefix=f"{NOBODY}{-nobody_id}:",
    )
    await db.change("DELETE FROM accounts WHERE id = :account", account=account)
