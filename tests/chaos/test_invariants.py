"""Would the invariants notice? Each is broken by hand once."""

import json
from dataclasses import replace

import aiohttp
import pytest

from bot.bench.books import Books
from bot.bench.chaos import secrets_of
from bot.bench.invariants import broken, leaks, unbegun
from bot.bench.provider_invariants import (
    handed_out,
    strange_results,
    told_secrets,
    too_many_submits,
)
from bot.bench.town import Town
from bot.sandbox.providers.hosts import HOUSE_KEY, Host, open_host
from tests.scenarios.stage import SPEED, done, until_sent

TEXT = {"type": 10}
COMPONENTS_V2 = 1 << 15


@pytest.fixture
async def town(stage, tmp_path):
    """The stage as the bench sees it, with one job delivered."""
    card = await stage.ann.runs("/imagine", in_=stage.channel, prompt="a cat", count=2)
    await card.until(done)
    await stage.until_settled(card)
    return Town(
        discord=stage.discord,
        horde=stage.horde,
        hosts={"horde": Host(name="horde", title="AI Horde", server=stage.horde, settings={})},
        community=stage.guild,
        channels=[stage.channel],
        folder=tmp_path,
        inherited={},
    )


@pytest.fixture
def books(stage):
    return Books(stage.service.database)


async def write_as_the_bot(town, method, path, body):
    headers = {"Authorization": f"Bot {town.discord.bot_token}"}
    url = f"{town.discord.api_url}/channels/{town.channels[0].id}/messages{path}"
    async with aiohttp.request(method, url, json=body, headers=headers) as response:
        assert response.ok, await response.text()


async def write_to_the_store(stage, sql, **values):
    await stage.service.database.write(lambda tx: tx.jobs._db.change(sql, **values))


async def strange(town, books):
    jobs = await books.jobs()
    return list(strange_results(jobs, await handed_out(jobs, town.hosts)))


def only_text(text):
    return {"components": [{**TEXT, "content": text}], "attachments": []}


async def test_a_delivered_job_breaks_nothing(town, books):
    assert await broken(town, books) == []
    assert unbegun(town, await books.jobs()) == []


# ---------------------------------------------------------------- cards


async def test_a_card_that_says_something_else_is_noticed(town, books):
    (card,) = town.public_cards()

    await write_as_the_bot(town, "PATCH", f"/{card.id}", only_text("### Drawing"))

    (problem,) = await broken(town, books)
    assert "is done, its card says" in problem


async def test_a_card_that_names_another_price_is_noticed(town, books):
    (card,) = town.public_cards()

    await write_as_the_bot(town, "PATCH", f"/{card.id}", only_text("### Done\n9 credits"))

    assert any("credits”, its card says" in problem for problem in await broken(town, books))


async def test_a_card_without_its_pictures_is_noticed(town, books):
    (card,) = town.public_cards()

    await write_as_the_bot(town, "PATCH", f"/{card.id}", only_text(card.text))

    (problem,) = await broken(town, books)
    assert problem.endswith("has 2 pictures, its card 0.")


async def test_a_card_with_somebody_elses_words_is_noticed(town, books):
    (card,) = town.public_cards()

    text = card.text.replace("a cat", "a dog")
    await write_as_the_bot(town, "PATCH", f"/{card.id}", only_text(text))

    assert any("words that its card does not show" in one for one in await broken(town, books))


async def test_a_card_with_other_pictures_than_its_own_is_noticed(town, books):
    (card,) = town.public_cards()
    shown = card.message.versions[-1]

    card.message.versions[-1] = replace(shown, attachments=shown.attachments[::-1])

    (problem,) = await broken(town, books)
    assert problem.endswith("shows other pictures than its own.")


async def test_a_second_message_is_noticed(town, books):
    body = {**only_text("### Done"), "flags": COMPONENTS_V2}
    del body["attachments"]

    await write_as_the_bot(town, "POST", "", body)

    problems = await broken(town, books)
    assert any("it was posted beside the cards" in problem for problem in problems)


async def test_a_card_whose_job_is_gone_is_noticed(stage, town, books):
    await write_to_the_store(
        stage, "UPDATE jobs SET target = replace(target, '\"message_id\":', '\"message_id\":1')"
    )

    cards = unbegun(town, await books.jobs())

    assert [card.id for card in cards] == [card.id for card in town.public_cards()]
    assert any("belongs to no job" in problem for problem in await broken(town, books))


async def test_what_discord_would_not_forgive_is_noticed(town, books, forgiving):
    headers = {"Authorization": f"Bot {town.discord.bot_token}"}
    async with aiohttp.request("GET", f"{town.discord.api_url}/dreams", headers=headers) as answer:
        assert answer.status == 404

    (problem,) = await broken(town, books)

    assert problem == "no such route: GET /dreams"


# ---------------------------------------------------------------- jobs and credits


async def test_a_job_that_is_still_open_is_noticed(stage, town, books):
    stage.horde.script.next(held=True)
    await stage.bob.runs("/imagine", in_=stage.channel, prompt="a dog")
    await until_sent(stage, 2)

    problems = await broken(town, books)

    assert any(problem.startswith("Job ") and " is still " in problem for problem in problems)


async def test_a_charge_that_the_ledger_does_not_know_is_noticed(stage, town, books):
    await write_to_the_store(stage, "UPDATE jobs SET charged = charged - 1")

    problems = await broken(town, books)
    await write_to_the_store(stage, "UPDATE jobs SET charged = charged + 1")

    assert any("the ledger says" in problem for problem in problems)
    assert any(" is done and took " in problem for problem in problems)


@pytest.mark.parametrize("state", ["failed", "expired"])
async def test_a_failure_that_cost_something_is_noticed(stage, town, books, state):
    await write_to_the_store(stage, "UPDATE jobs SET state = :state", state=state)

    problems = await broken(town, books)

    assert any(f" is {state} and took " in one and "instead of 0." in one for one in problems)


async def test_a_failure_by_our_own_fault_is_noticed(stage, town, books):
    failure = json.dumps({"kind": "ours", "sentence": "Something went wrong."})
    await write_to_the_store(stage, "UPDATE jobs SET failure = :failure", failure=failure)

    assert any("by our own fault" in problem for problem in await broken(town, books))


# ---------------------------------------------------------------- providers


async def test_a_picture_that_was_drawn_for_somebody_else_is_noticed(town, books):
    (remote,) = town.horde.truth.jobs
    remote.wish = replace(remote.wish, prompt="somebody else's dog")

    problems = await strange(town, books)

    assert len(problems) == 2
    assert all(" of horde, made for " in problem for problem in problems)
    assert set(problems) <= set(await broken(town, books))


async def test_a_picture_that_another_provider_drew_is_noticed(stage, town, books):
    await write_to_the_store(stage, "UPDATE jobs SET provider = 'aime'")
    async with open_host("aime", speed=SPEED) as aime:
        town.hosts = {**town.hosts, "aime": aime}

        problems = await strange(town, books)

    assert len(problems) == 2
    assert all(" of aime, made for []" in problem for problem in problems)


async def test_a_text_that_nobody_wrote_is_noticed(stage, town, books):
    card = await stage.ann.runs("/ask", prompt="Why is the sky blue?", in_=stage.channel)
    await card.until(done)
    await stage.until_settled(card)
    assert await broken(town, books) == []

    stage.horde.truth.texts.clear()

    (problem,) = await strange(town, books)
    assert " got text " in problem


async def test_a_submit_too_many_is_noticed(town, books):
    (remote,) = town.horde.truth.jobs
    town.horde.truth.jobs.append(remote)
    assert await broken(town, books) == []  # twice is what the policy on unsure submits allows

    town.horde.truth.jobs.append(remote)

    assert await broken(town, books) == ["horde took 'a cat' on 3 times; 2 is the most."]


async def test_a_submit_for_nobody_is_noticed(stage, town, books):
    await write_to_the_store(stage, "UPDATE jobs SET provider = 'nebula'")

    assert list(too_many_submits(await books.jobs(), town.hosts)) == [
        "horde took 'a cat' on 1 times; 0 is the most."
    ]


async def test_a_call_that_draws_may_not_be_made_again(stage, town, books):
    await write_to_the_store(stage, "UPDATE jobs SET provider = 'nebula'")
    body = {
        "model": "black-forest-labs/FLUX.1-schnell",
        "prompt": "a cat",
        "width": 64,
        "height": 64,
    }
    headers = {"Authorization": f"Bearer {HOUSE_KEY}"}
    async with open_host("nebula", speed=SPEED) as nebula, aiohttp.ClientSession() as session:
        told = []
        for _ in range(3):  # of a job for two pictures
            told.append(list(too_many_submits(await books.jobs(), {"nebula": nebula})))
            url = f"{nebula.server.url}/images/generation"
            async with session.post(url, json=body, headers=headers) as answer:
                assert answer.status == 200
        told.append(list(too_many_submits(await books.jobs(), {"nebula": nebula})))

    assert told == [[], [], [], ["nebula took 'a cat' on 3 times; 2 is the most."]]


# ---------------------------------------------------------------- the service itself


async def test_a_secret_in_the_log_is_noticed_and_not_repeated(town, books):
    jobs = await books.jobs()
    remote_id = town.horde.truth.jobs[0].remote_id

    token = next(
        one.path.split("/")[3] for one in town.discord.requests if "/webhooks/" in one.path
    )

    for secret in (town.discord.bot_token, HOUSE_KEY, remote_id, token):
        (problem,) = told_secrets(f"job sent as {secret} today", secrets_of(town, jobs))
        assert secret not in problem
    assert list(told_secrets("job sent", secrets_of(town, jobs))) == []


def test_what_an_idle_service_holds_too_much_of_is_told():
    assert list(leaks(10, 5, files_max=10, tasks_max=5)) == []
    assert list(leaks(None, 5, files_max=10, tasks_max=5)) == []
    assert len(list(leaks(11, 6, files_max=10, tasks_max=5))) == 2
