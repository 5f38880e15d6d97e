"""A provider forgets what it took on: the card says so, and everything that was held goes back."""

import pytest

from bot.domain.jobs import JobState
from bot.sandbox.providers.hosts import HOSTS, Host
from tests.scenarios.stage import until

REMEMBERING = sorted(
    HOSTS.keys() - {"nebula"}
)  # that one has nothing to forget: its call is the job


@pytest.fixture(params=REMEMBERING)
async def offered(request, world):
    """The stage with one provider that takes a request and does nothing about it."""
    if request.param == "horde":
        host = Host(name="horde", title="AI Horde", server=world.horde, settings={})
        host.server.script.default(held=True)
        async with world.playing():
            yield world, host
        return
    async with world.beside(request.param) as host:
        host.server.script.default(held=True)
        async with world.playing():
            yield world, host


async def test_what_a_provider_forgot_is_told_and_given_back(offered):
    stage, host = offered
    card = await stage.ann.runs("/imagine", prompt="a lighthouse", provider=host.name)
    await until(lambda: host.accepted)

    await host.server.restart(with_memory=False)

    await card.until(lambda version: version.shows("returned"), timeout_s=60)
    await stage.until_settled(card)
    job = await stage.job(card)
    assert job.state in {JobState.FAILED, JobState.EXPIRED}
    assert job.charged == 0
    assert card.shows(host.title)
    assert await stage.audit() == ()
