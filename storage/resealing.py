"""Every sealed secret of the store, sealed again under a new master key, batch by batch."""

from dataclasses import dataclass

from bot.domain.errors import ConfigurationError
from storage.executor import Executor, Row
from storage.sealing import Purpose, Sealed, Sealer

BATCH = 100
ALL = 2**31 - 1

Cursor = tuple[int, str]
"""The owner and the name of the last secret of a batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A column of sealed secrets; owner and name together are unique in its table."""

    table: str
    sealed: str
    key_id: str
    owner: str
    name: str
    purpose: Purpose
    among: str = "TRUE"


PLACES = (
    Place(
        table="keys",
        sealed="sealed",
        key_id="key_id",
        owner="owner_id",
        name="provider",
        purpose=Purpose.PROVIDER_KEY,
    ),
    Place(
        table="server_keys",
        sealed="sealed",
        key_id="key_id",
        owner="guild_id",
        name="provider",
        purpose=Purpose.SERVER_KEY,
    ),
    Place(
        table="house_secrets",
        sealed="sealed",
        key_id="key_id",
        owner="number",
        name="name",
        purpose=Purpose.HOUSE_SECRET,
    ),
    Place(
        table="jobs",
        sealed="token",
        key_id="token_key_id",
        owner="owner_id",
        name="id",
        purpose=Purpose.INTERACTION_TOKEN,
        among="id IN (SELECT id FROM open_jobs)",  # who is told needs no token, and has none
    ),
    Place(
        table="claims",
        sealed="token",
        key_id="token_key_id",
        owner="owner_id",
        name="id",
        purpose=Purpose.INTERACTION_TOKEN,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What became of some secrets; `last` is where the next batch goes on, None at the end."""

    resealed: int
    unopened: int
    last: Cursor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Secrets that an older master key seals, and those that none here opens."""

    sealed_before: int
    lost: int


class Resealing:
    """The sealed secrets of one transaction."""

    __slots__ = ("_db", "_sealer")

    def __init__(self, executor: Executor, *, sealer: Sealer) -> None:
        self._db = executor
        self._sealer = sealer

    async def left(self) -> Left:
        """Count the secrets that another master key than the current one seals."""
        opened = [
            self._opened(place, row) is not None
            for place in PLACES
            for row in await self._old(place)
        ]
        return Left(sealed_before=opened.count(True), lost=opened.count(False))

    async def batch(self, place: Place, *, after: Cursor | None) -> Batch:
        """Seal the next secrets of a place again; what cannot be opened stays as it is."""
        rows = await self._old(place, after=after, limit=BATCH)
        resealed = sum([await self._reseal(place, row) for row in rows])
        last = (rows[-1]["owner_id"], rows[-1]["name"]) if len(rows) == BATCH else None
        return Batch(resealed=resealed, unopened=len(rows) - resealed, last=last)

    async def _old(
        self, place: Place, *, after: Cursor | None = None, limit: int = ALL
    ) -> list[Row]:
        owner_id, name = after or (-1, "")
        return await self._db.rows(
            f"""
            SELECT {place.owner} AS owner_id, {place.name} AS name,
                {place.sealed} AS sealed, {place.key_id} AS key_id
            FROM {place.table}
            WHERE {place.key_id} <> :current AND {place.among}
            AND ({place.owner}, {place.name}) > (:owner_id, :name)
            ORDER BY {place.owner}, {place.name} LIMIT :limit
            """,  # noqa: S608 - names are ours
            current=self._sealer.current_id,
            owner_id=owner_id,
            name=name,
            limit=limit,
        )

    def _opened(self, place: Place, row: Row) -> str | None:
        """Open a secret; None when its master key is gone, or it was tampered with."""
        try:
            return self._sealer.unseal(
                Sealed(key_id=row["key_id"], data=row["sealed"]),
                purpose=place.purpose,
                owner_id=row["owner_id"],
                name=row["name"],
            )
        except ConfigurationError:
            return None

    async def _reseal(self, place: Place, row: Row) -> bool:
        plain = self._opened(place, row)
        if plain is None:
            return False
        after = self._sealer.seal(
            plain, purpose=place.purpose, owner_id=row["owner_id"], name=row["name"]
        )
        changed = await self._db.change(
            f"""
            UPDATE {place.table} SET {place.sealed} = :sealed, {place.key_id} = :key_id
            WHERE {place.owner} = :owner_id AND {place.name} = :name AND {place.key_id} = :was
            """,  # noqa: S608 - names are ours
            sealed=after.data,
            key_id=after.key_id,
            owner_id=row["owner_id"],
            name=row["name"],
            was=row["key_id"],
        )
        return changed == 1
