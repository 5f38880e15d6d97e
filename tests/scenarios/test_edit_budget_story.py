"""Many cards, little room: everybody gets their pictures, in order, and nobody twice."""

import asyncio
import os
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.sandbox.discord.rules import DiscordRules, Limit
from tests.scenarios.stage import done, titled, until, until_sent

CROWD, PICTURES = 50, 4
TOKEN_LIFE_S = 15 * 60
SLACK_S = 0.5  # for what was on its way already
SMALL = "--size 512x512"
HOUSE_KEY = "house-key-of-the-crowd"


@pytest.fixture
def rules():
    return DiscordRules(wait_s=60.0)


@pytest.fixture
def world(world):
    """A provider with room for a crowd, asked often enough and not too often."""
    world.horde.add_key(HOUSE_KEY, username="house#7", kudos=1e6, concurrency=500)
    world.horde.switch(limited=False)
    world.horde.script.default(held=True)
    world.environment |= {"HORDE_KEY": HOUSE_KEY, "EASEL_POLL_INTERVAL_S": "0.5"}
    return world


async def crowd_asks(stage, people: int, *, count: int = 1, channel=None):
    """Let as many members ask for pictures in one channel; return their cards, held in the queue."""
    channel = channel or stage.channel
    members = [stage.guild.member(f"Member {number}") for number in range(people)]
    cards = await asyncio.gather(
        *(
            member.runs("/imagine", in_=channel, prompt=f"cat {number} {SMALL}", count=count)
            for number, member in enumerate(members)
        )
    )
    await until_sent(stage, people)
    await asyncio.gather(*(card.until(titled("In the queue")) for card in cards))
    return cards


async def finish_all(stage) -> None:
    """Let every held job end now; the drawing itself is the sandbox's work and comes before."""
    jobs = stage.horde.truth.jobs
    studio = stage.horde._studio
    await asyncio.gather(*(studio.picture(j.picture_wish(p)) for j in jobs for p in j.pictures))
    for job in jobs:
        stage.horde.finish(job.remote_id)


async def all_done(stage, cards) -> None:
    await asyncio.gather(*(card.until(done) for card in cards))
    for card in cards:
        await stage.until_settled(card)


def posted_once(stage, cards, *, pictures: int) -> None:
    """Check that each job ended on its own message, with its pictures, and stayed that way."""
    assert {message.id for message in stage.discord.messages(stage.channel)} == {
        card.id for card in cards
    }
    for card in cards:
        finals = [version for version in card.versions if version.shows("### Done")]
        assert len(finals) == 1
        assert finals[0].number == card.versions[-1].number
        assert len(card.attachments) == pictures


def waits_s(stage, cards) -> list[float]:
    """Return the seconds from "the provider has it" to "Discord has it", the shortest first."""
    clock = stage.discord.clock
    ended = {
        job.wish.prompt: job.done_monotonic_s for job in stage.horde.truth.jobs
    }  # every member asked for another cat
    posted = {}
    for card in cards:
        shown = card.versions[-1]
        prompt = shown.text.split("```\n")[1].split("\n")[0]
        posted[prompt] = clock._started_s + (shown.at - clock._started_at).total_seconds()
    return sorted(posted[prompt] - ended[prompt] for prompt in posted)


def statuses(stage, pattern: str = "") -> list[int | None]:
    """Return how edits were answered, oldest first."""
    edits = [r for r in stage.discord.requests if r.method == "PATCH" and pattern in r.path]
    return [edit.status for edit in edits]


async def test_fifty_jobs_that_end_at_once_are_all_posted(stage):
    cards = await crowd_asks(stage, CROWD, count=PICTURES)

    await finish_all(stage)
    await all_done(stage, cards)

    posted_once(stage, cards, pictures=PICTURES)
    for card in cards:
        visible = sum(one.text != other.text for one, other in pairwise(card.versions))
        assert stage.edits(card) <= visible + 2
    figures = stage.service.editor.figures()
    assert (figures.waiting, figures.in_flight) == (0, 0)
    assert set(statuses(stage)) == {200}
    waits = waits_s(stage, cards)
    print(
        f"\n{CROWD} × {PICTURES}: provider done → posted p50 {waits[CROWD // 2]:.2f} s, "
        f"p95 {waits[CROWD * 95 // 100]:.2f} s, max {waits[-1]:.2f} s; "
        f"last edits waited {max(figures.finals_waited_s) * 1000:.1f} ms at most; "
        f"load {os.getloadavg()}"
    )


class TestNarrowChannel:
    """After 14 minutes edits are the bot's own, and everybody in a channel shares its bucket."""

    async def test_the_progress_of_thirty_jobs_does_not_delay_a_last_edit(self, stage):
        cards = await crowd_asks(stage, 30)
        await stage.time_passes(14 * 60 + 1)
        for job in stage.horde.truth.jobs:
            stage.horde.step(job.remote_id)  # thirty cards have something new to show
        await until(lambda: stage.service.editor.figures().waiting > 10)

        await finish_one(stage, cards[0])

        assert stage.service.editor.figures().waiting > 5
        assert set(statuses(stage, "/channels/")) == {200}


class TestOneChannelForAll:
    """The same, with windows that take less patience."""

    @pytest.fixture
    def rules(self):
        return DiscordRules(wait_s=60.0, channel_bucket=Limit(count=5, per_s=2.0))

    async def test_what_waits_is_replaced_and_not_piled_up(self, stage):
        cards = await crowd_asks(stage, 20, count=2)
        await stage.time_passes(14 * 60 + 1)

        for _ in range(2):
            for job in stage.horde.truth.jobs:
                stage.horde.step(job.remote_id)
            await until(lambda: stage.service.editor.figures().waiting > 5)

        assert stage.service.editor.figures().waiting <= len(cards)
        await finish_all(stage)
        await all_done(stage, cards)
        posted_once(stage, cards, pictures=2)

    @pytest.mark.parametrize("is_known", [True, False], ids=["by the clock", "by a refusal"])
    async def test_cards_whose_tokens_die_under_load_go_on_in_the_channel(self, stage, is_known):
        cards = await crowd_asks(stage, 12)
        if is_known:
            await stage.time_passes(14 * 60 + 1)
            await until(lambda: stage.service.editor.figures().in_flight == 0)
        stage.discord.clock.advance(TOKEN_LIFE_S + 1)

        await finish_all(stage)
        await all_done(stage, cards)

        posted_once(stage, cards, pictures=1)
        assert all(card.latest.via == "channel" for card in cards)
        assert set(statuses(stage, "/channels/")) == {200}
        assert statuses(stage, "/webhooks/").count(401) == (0 if is_known else len(cards))


class TestGlobalLimit:
    """Nobody may ask anything for a while; edits by token wait as well, and then all go on."""

    @pytest.fixture
    def rules(self):
        return DiscordRules(wait_s=60.0, global_bucket=Limit(count=4, per_s=3.0))

    async def test_a_global_limit_in_the_middle_holds_all_edits_and_mutes_nobody(self, stage):
        cards = await crowd_asks(stage, 10)
        crowd = [asyncio.create_task(stage.service.bot.application_info()) for _ in range(6)]
        [refused, *_] = await until_refused(stage)

        await finish_all(stage)
        await all_done(stage, cards)
        await asyncio.gather(*crowd)

        posted_once(stage, cards, pictures=1)
        pause = timedelta(seconds=stage.discord.rules.global_bucket.per_s - 1)
        edits = [r.at for r in stage.discord.requests if r.method == "PATCH"]
        begun = refused.at + timedelta(seconds=refused.took_s + SLACK_S)
        assert not [at for at in edits if begun < at < refused.at + pause]
        assert max(edits) > refused.at + pause


async def until_refused(stage):
    """Wait for the first global refusal and return all there are."""

    def refused():
        return [request for request in stage.discord.requests if request.status == 429]

    await until(refused)
    return refused()


async def finish_one(stage, card) -> None:
    """Let one job end and wait for its last edit."""
    job = await stage.job(card)
    [wanted] = [j for j in stage.horde.truth.jobs if j.remote_id == job.remote.id]
    stage.horde.finish(wanted.remote_id)
    await card.until(done)
