"""Claims: answered commands that are no job yet. `Jobs.accept` drops them with the job's own row."""

from bot.domain.claims import Claim
from bot.domain.errors import ConfigurationError
from bot.domain.jobs import JobId, UserId
from storage.executor import Executor, Row
from storage.moments import from_text, to_text
from storage.sealing import Purpose, Sealed, Sealer


class Claims:
    """The claims of one transaction."""

    __slots__ = ("_db", "_sealer")

    def __init__(self, executor: Executor, *, sealer: Sealer) -> None:
        self._db = executor
        self._sealer = sealer

    async def make(self, claim: Claim) -> bool:
        """Keep a claim; False for one that is known, or whose job is there already."""
        sealed = self._sealer.seal(
            claim.token,
            purpose=Purpose.INTERACTION_TOKEN,
            owner_id=claim.owner_id,
            name=claim.id,
        )
        changed = await self._db.change(
            """
            INSERT INTO claims (id, owner_id, application_id, token, token_key_id, created_at)
            SELECT :id, :owner_id, :application_id, :token, :token_key_id, :created_at
            WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = :id)
            ON CONFLICT (id) DO NOTHING
            """,
            id=claim.id,
            owner_id=claim.owner_id,
            application_id=claim.application_id,
            token=sealed.data,
            token_key_id=sealed.key_id,
            created_at=to_text(claim.created_at),
        )
        return changed == 1

    async def drop(self, job_id: JobId) -> bool:
        """Forget a claim; False when there is none."""
        return await self._db.change("DELETE FROM claims WHERE id = :id", id=job_id) == 1

    async def all(self) -> tuple[Claim, ...]:
        """Return the claims there are, the oldest first; what cannot be opened is of no use."""
        rows = await self._db.rows("SELECT * FROM claims ORDER BY created_at, id")
        return tuple(claim for claim in map(self._claim_of, rows) if claim is not None)

    def _claim_of(self, row: Row) -> Claim | None:
        try:
            token = self._sealer.unseal(
                Sealed(key_id=row["token_key_id"], data=row["token"]),
                purpose=Purpose.INTERACTION_TOKEN,
                owner_id=row["owner_id"],
                name=row["id"],
            )
        except ConfigurationError:
            return None
        return Claim(
            id=JobId(row["id"]),
            owner_id=UserId(row["owner_id"]),
            application_id=row["application_id"],
            created_at=from_text(row["created_at"]),
            token=token,
        )
