"""Values that the tests of accounts share."""

from datetime import datetime

from bot.domain.askers import Asker
from bot.domain.audit_trail import Deed
from bot.domain.credits import Microcredits, TransferId, server_account
from bot.domain.jobs import Job, UserId
from tests.storage.store_values import ANNA, BERT, NOON, a_job, rich

HERE = 44
CHIEF = UserId(9)


class StillClock:
    """A clock that the tests turn."""

    def __init__(self) -> None:
        self.time: datetime = NOON

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here waits")


def a_deed(deed_id="deed", *, by=CHIEF, guild_id=HERE) -> Deed:
    return Deed(id=deed_id, by=by, guild_id=guild_id)


def an_asker(owner_id=ANNA, **changes) -> Asker:
    return Asker(**{"id": owner_id, "guild_id": HERE, "channel_id": 22, **changes})


def a_new_job(job_id="1", *, price=10, owner_id=ANNA, at=NOON, **changes) -> Job:
    return a_job(
        job_id,
        owner_id=owner_id,
        price=Microcredits(price),
        created_at=at,
        changed_at=at,
        **changes,
    )


async def provide(database, *, member=1000, pool=1000) -> None:
    """Let Anna, Bert and the pool own something."""

    async def give(tx):
        for owner_id in (ANNA, BERT):
            await rich(tx, owner_id, member)
        await tx.credits.open_server(HERE)
        if pool:
            await tx.credits.grant(
                TransferId("pool"),
                account=server_account(HERE),
                amount=Microcredits(pool),
                at=NOON,
            )

    await database.write(give)


async def acts(database) -> list[str]:
    """Return what admins did, the newest first."""
    from bot.domain.audit_trail import AuditView

    view = AuditView(guild_id=HERE)
    return [
        entry.act for entry in await database.read(lambda tx: tx.audit_trail.page(view, limit=99))
    ]
