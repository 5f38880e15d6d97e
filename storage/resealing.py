"""Every sealed secret of the store, sealed again under a new master key, batch by batch."""

from dataclasses import dataclass

from bot.domain.errors import ConfigurationError
from storage.executor import Executor, Row
from storage.sealing import Purpose, Sealed, Sealer

BATCH = 100


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
        table="jobs",
        sealed="token",
        key_id="token_key_id",
        owner="owner_id",
        name="id",
        purpose=Purpose.INTERACTION_TOKEN,
        among="id IN (SELECT id FROM open_jobs)",  # who is told needs no token, and has none
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What became of some secrets; `last` is where the next batch goes on, None at the end."""

    resealed: int
    unopened: int
    last: tuple[int, str] | None


class Resealing:
    """The sealed secrets of one transaction."""

    __slots__ = ("_db", "_sealer")

    def __init__(self, executor: Executor, *, sealer: Sealer) -> None:
        self._db = executor
        self._sealer = sealer

    async def left(self) -> int:
        """Count the secrets that another master key than the current one seals."""
        return sum([await self._left_in(place) for place in PLACES])

    async def batch(self, place: Place, *, after: tuple[int, str] | None) -> Batch:
        """Seal the next secrets of a place again; what cannot be opened stays as it is."""
        owner_id, name = after or (-1, "")
        rows = await self._db.rows(
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
            limit=BATCH,
        )
        resealed = sum([await self._reseal(place, row) for row in rows])
        last = (rows[-1]["owner_id"], rows[-1]["name"]) if len(rows) == BATCH else None
        return Batch(resealed=resealed, unopened=len(rows) - resealed, last=last)

    async def _left_in(self, place: Place) -> int:
        row = await self._db.row(
            f"""
            SELECT COUNT(*) AS many FROM {place.table}
            WHERE {place.key_id} <> :current AND {place.among}
            """,  # noqa: S608 - names are ours
            current=self._sealer.current_id,
        )
        assert row is not None
        return int(row["many"])

    async def _reseal(self, place: Place, row: Row) -> bool:
        at = {"purpose": place.purpose, "owner_id": row["owner_id"], "name": row["name"]}
        before = Sealed(key_id=row["key_id"], data=row["sealed"])
        try:
            after = self._sealer.seal(self._sealer.unseal(before, **at), **at)
        except ConfigurationError:  # its master key is gone, or it was tampered with
            return False
        changed = await self._db.change(
            f"""
            UPDATE {place.table} SET {place.sealed} = :sealed, {place.key_id} = :key_id
            WHERE {place.owner} = :owner_id AND {place.name} = :name AND {place.key_id} = :was
            """,  # noqa: S608 - names are ours
            sealed=after.data,
            key_id=after.key_id,
            owner_id=row["owner_id"],
            name=row["name"],
            was=before.key_id,
        )
        return changed == 1
