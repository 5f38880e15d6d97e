"""Whatever two providers say, in whatever order, with starts and stops in between."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.domain.errors import (
    Ambiguous,
    ContentRefused,
    InvalidRequest,
    KeyRejected,
    Permanent,
    ProtocolBroken,
    RateLimited,
    ShutOut,
    Transient,
)
from bot.domain.jobs import JobState, Remote
from bot.providers.base import Accepted
from tests.jobs.two_providers import CHEAPER, PRICE, opened, said

SOON, LATE = 3, 4000  # seconds; the second is beyond the deadline of a job
ENDED = {JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED}


async def opens_a_place(request, now):
    """Answer as a service that makes room for a request before it takes the request."""
    place = Remote(id="place", total=request.count, submitted_at=now, is_empty=True)
    return Accepted(remote=place, is_complete=False)


def errors():
    waits = st.sampled_from([None, SOON, 60, LATE])
    passing = st.builds(
        lambda kind, wait: said(kind, retry_after_s=wait),
        st.sampled_from([Transient, RateLimited, ShutOut]),
        waits,
    )
    final = st.sampled_from(
        [Permanent, KeyRejected, ProtocolBroken, InvalidRequest, ContentRefused]
    ).map(said)
    return st.one_of(passing, final, st.just(said(Ambiguous)), st.just(opens_a_place))


deeds = st.sampled_from(["step"] * 12 + ["in line", "in line", "start", "start", "cancel"])


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    ones=st.lists(errors(), max_size=4),
    twos=st.lists(errors(), max_size=4),
    plan=st.lists(deeds, max_size=12),
    second_price=st.sampled_from([CHEAPER, PRICE]),
    is_automatic=st.sampled_from([True, True, True, False]),
)
@example(
    ones=[said(Ambiguous), opens_a_place, said(Transient, retry_after_s=60)],
    twos=[],
    plan=[],
    second_price=PRICE,
    is_automatic=True,
)
async def test_a_job_ends_once_well_or_for_nothing(ones, twos, plan, second_price, is_automatic):
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder)) as world:
            await world.asks(second_price=second_price, is_automatic=is_automatic)
            world.one.will_say(*ones)
            world.two.will_say(*twos)

            await follow(world, plan)
            job = await world.runs()

            spent = await world.spent()
            assert job.state in ENDED
            assert spent == job.charged <= job.price <= PRICE
            assert (spent > 0) == (job.state is JobState.DONE)
            assert world.one.taken + world.two.taken <= 1
            if world.two.asked:
                assert is_automatic
                assert not any(isinstance(one, Ambiguous) for one in ones[: world.one.asked])
            if job.state is JobState.FAILED:
                assert job.failure.sentence


async def follow(world, plan):
    """Do what is planned until the job is over, which it is before long."""
    for deed in plan:
        match deed:
            case "start":
                world.start()
            case "cancel":
                await world.cancels()
            case _:
                if await world.step(has_turn=deed == "step") is None:
                    return
