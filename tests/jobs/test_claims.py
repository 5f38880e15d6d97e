"""Cards that were answered and never became a job are closed; those at work are left alone."""

import pytest

from bot.domain.errors import CardDelayed, CardLost, StorageUnavailable
from bot.jobs.claims import TOKEN_LIFE, Claims
from storage.sqlite import open_sqlite
from tests.jobs.workshop import Clock
from tests.storage.store_values import a_job, sealer_of


class Cards:
    """Remembers which cards it was told to close; what it says instead can be an accident."""

    def __init__(self):
        self.closed = []
        self.says = {}

    async def close(self, claim):
        if claim.id in self.says:
            raise self.says[claim.id]
        self.closed.append(claim.id)


class Away:
    """A store that takes nothing."""

    async def write(self, fn):
        raise StorageUnavailable("The disk is full.")


@pytest.fixture
async def database(tmp_path):
    async with open_sqlite(tmp_path / "easel.db", sealer=sealer_of(b"a")) as opened:
        yield opened


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cards():
    return Cards()


def job_of(clock, job_id="1"):
    return a_job(job_id, created_at=clock.now())


async def claimed(database):
    return [claim.id for claim in await database.read(lambda tx: tx.claims.all())]


async def test_what_a_dead_process_had_answered_is_closed_by_the_next(database, cards, clock):
    await Claims(database, cards, clock=clock).make(job_of(clock))

    closed = await Claims(database, cards, clock=clock).close_lost()

    assert (closed, cards.closed) == (1, ["1"])
    assert await claimed(database) == []


async def test_what_is_in_hand_is_left_alone_until_it_is_let_go(database, cards, clock):
    claims = Claims(database, cards, clock=clock)
    await claims.make(job_of(clock))

    between = await claims.close_lost()
    claims.let_go("1")
    after = await claims.close_lost()

    assert (between, after) == (0, 1)


async def test_of_a_double_delivery_the_loser_leaves_the_claim_to_the_winner(
    database, cards, clock
):
    claims = Claims(database, cards, clock=clock)
    await claims.make(job_of(clock))
    await claims.make(job_of(clock))

    await claims.drop("1")
    between = await claimed(database)
    await claims.drop("1")

    assert between == ["1"]
    assert await claimed(database) == []


async def test_a_card_that_cannot_be_closed_now_is_tried_again(database, cards, clock):
    await Claims(database, cards, clock=clock).make(job_of(clock))
    claims = Claims(database, cards, clock=clock)
    cards.says["1"] = CardDelayed("Discord is away.", retry_after_s=1)

    assert await claims.close_lost() == 0
    cards.says.clear()
    assert await claims.close_lost() == 1


async def test_a_card_that_is_not_there_is_forgotten(database, cards, clock):
    await Claims(database, cards, clock=clock).make(job_of(clock))
    cards.says["1"] = CardLost("It was deleted.")

    assert await Claims(database, cards, clock=clock).close_lost() == 0
    assert await claimed(database) == []


async def test_a_claim_whose_token_is_dead_is_forgotten(database, cards, clock):
    await Claims(database, cards, clock=clock).make(job_of(clock))
    clock.ahead += TOKEN_LIFE

    await Claims(database, cards, clock=clock).close_lost()

    assert cards.closed == []
    assert await claimed(database) == []


async def test_without_a_store_the_answer_goes_out_all_the_same(cards, clock):
    claims = Claims(Away(), cards, clock=clock)

    await claims.make(job_of(clock))
    await claims.drop("1")
