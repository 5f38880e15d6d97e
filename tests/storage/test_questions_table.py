"""Requests that wait for their member's word."""

from datetime import timedelta

from bot.domain.credits import Microcredits
from bot.domain.jobs import JobId, Second
from bot.domain.keys import KeyKind
from bot.domain.requests import PictureRequest, Source, TextRequest
from tests.storage.store_values import HOUR, MINUTE, NOON, a_blob, a_job, a_target

REQUEST = PictureRequest(prompt="a cat", count=4, source=Source(picture=a_blob("a")))
JOB = a_job(
    request=REQUEST,
    price=Microcredits(300),
    notes=("a note",),
    parent_id=JobId("9"),
    second=Second(
        provider="aime",
        request=TextRequest(prompt="a cat", length=100),
        price=Microcredits(200),
        key_kind=KeyKind.SERVICE,
        is_automatic=True,
    ),
    target=a_target(token=None),
)


async def ask(database, job=JOB, at=NOON):
    await database.write(lambda tx: tx.questions.put(job, at=at))


async def found(database, since=NOON - HOUR):
    return await database.read(lambda tx: tx.questions.get(JOB.id, asked_after=since))


async def test_a_request_comes_back_as_it_was_without_the_token(database):
    await ask(database, JOB.evolve(target=a_target()))

    assert await found(database) == JOB


async def test_a_repeat_changes_nothing(database):
    await ask(database)
    await ask(database, JOB.evolve(price=Microcredits(1)), NOON + HOUR)

    assert await found(database) == JOB
    assert await found(database, since=NOON) is None


async def test_it_is_answered_once(database):
    await ask(database)

    answers = [await database.write(lambda tx: tx.questions.take(JOB.id)) for _ in range(2)]

    assert answers == [True, False]
    assert await found(database) is None


async def test_what_is_not_answered_in_time_is_forgotten(database):
    await ask(database)

    await database.write(lambda tx: tx.questions.forget(NOON))
    assert await found(database) == JOB
    await database.write(lambda tx: tx.questions.forget(NOON + timedelta(seconds=1) + MINUTE))
    assert await found(database) is None
