"""Values that the tests of the store share."""

import base64
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.claims import Claim
from bot.domain.credits import (
    Microcredits,
    TransferId,
    member_account,
    post_id,
    reserve_id,
    void_id,
)
from bot.domain.jobs import Job, JobId, JobState, Picture, Progress, Remote, Target, UserId
from bot.domain.requests import BlobId, PictureRequest
from storage.database import Tx
from storage.sealing import MasterKeys, Sealer
from storage.sqlite import SqliteDatabase

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ANNA, BERT = UserId(175928847299117063), UserId(2)
TOKEN = "aW50ZXJhY3Rpb24-marked-secret"
PATH_TO_DELIVERED = (
    JobState.SUBMITTING,
    JobState.RUNNING,
    JobState.COLLECTED,
    JobState.DELIVERED,
)


def sealer_of(*letters: bytes) -> Sealer:
    return Sealer(MasterKeys.from_base64(*(base64.b64encode(x * 32).decode() for x in letters)))


def a_target(**changes: Any) -> Target:
    target = Target(
        application_id=11,
        channel_id=22,
        message_id=33,
        guild_id=44,
        created_at=NOON,
        file_bytes_max=10_485_760,
        token=TOKEN,
    )
    return replace(target, **changes)


def a_job(job_id: str = "1", **changes: Any) -> Job:
    job = Job(
        id=JobId(job_id),
        owner_id=ANNA,
        request=PictureRequest(prompt="a lighthouse"),
        target=a_target(),
        provider="horde",
        price=Microcredits(0),
        created_at=NOON,
        changed_at=NOON,
    )
    return replace(job, **changes)


def a_claim(job_id: str = "1", **changes: Any) -> Claim:
    claim = Claim(id=JobId(job_id), owner_id=ANNA, application_id=11, created_at=NOON, token=TOKEN)
    return replace(claim, **changes)


def a_blob(letter: str) -> BlobId:
    return BlobId(letter * 64)


def a_picture(item_id: str = "item", **changes: Any) -> Picture:
    picture = Picture(
        item_id=item_id,
        blob=a_blob("a"),
        mime="image/webp",
        width=512,
        height=512,
        size_bytes=1000,
    )
    return replace(picture, **changes)


def a_progress(finished: int) -> Progress:
    return Progress(is_queued=False, finished=finished, total=4)


def a_remote(remote_id: str = "remote") -> Remote:
    return Remote(id=remote_id, total=4, submitted_at=NOON)


def in_state(state: JobState, job_id: str = "1", **changes: Any) -> Job:
    """A job as if it had come that far, without the way there."""
    return a_job(job_id, state=state, **changes)


class TooPoor(Exception):
    """The reservation of a job was refused, so the job is not kept either."""


async def rich(tx: Tx, owner_id: UserId, amount: int) -> None:
    await tx.credits.open_member(owner_id)
    await tx.credits.grant(
        TransferId(f"grant:{owner_id}:{amount}"),
        account=member_account(owner_id),
        amount=Microcredits(amount),
        at=NOON,
    )


async def take_in(tx: Tx, job: Job) -> None:
    """Accept a job and hold its price, together or not at all."""
    payer = job.payer or member_account(job.owner_id)
    await tx.jobs.accept(job.evolve(payer=payer))
    outcome = await tx.credits.reserve(
        reserve_id(job.id),
        account=payer,
        amount=job.price,
        job_id=job.id,
        at=NOON,
        expires_at=NOON + HOUR,
    )
    if outcome == "too poor":
        raise TooPoor


async def settle(tx: Tx, before: Job, *, amount: int) -> bool:
    """Deliver a job that just began and charge it."""
    job = before
    for state in PATH_TO_DELIVERED:
        after = job.to(state, at=NOON)
        if state is JobState.DELIVERED:
            after = after.evolve(charged=Microcredits(amount))
        if not await tx.jobs.move(job, after):
            return False
        job = after
    return await tx.credits.post(
        post_id(job.id), reserve_id=reserve_id(job.id), amount=Microcredits(amount), at=NOON
    )


async def refund(tx: Tx, before: Job) -> bool:
    """End a job without pictures and give its credits back."""
    if not await tx.jobs.move(before, before.to(JobState.FAILED, at=NOON)):
        return False
    return await tx.credits.void(void_id(before.id), reserve_id=reserve_id(before.id), at=NOON)


async def tamper(database: SqliteDatabase, *statements: str) -> None:
    """Do to the tables what no code of ours does."""

    def run(raw: sqlite3.Connection) -> None:
        for statement in statements:
            raw.execute(statement)

    await database._writer._connection.run(run)
