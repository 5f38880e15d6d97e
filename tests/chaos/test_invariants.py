"""Would the invariants notice? Each is broken by hand once."""

from dataclasses import replace

import aiohttp
import pytest

from bot.bench.books import Books
from bot.bench.invariants import broken, leaks, unbegun
from bot.bench.town import Town
from tests.scenarios.stage import done, until_sent

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


def only_text(text):
    return {"components": [{**TEXT, "content": text}], "attachments": []}


async def test_a_delivered_job_breaks_nothing(town, books):
    assert await broken(town, books) == []
    assert unbegun(town, await books.jobs()) == []


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


async def test_a_second_message_is_noticed(town, books):
    body = {**only_text("### Done"), "flags": COMPONENTS_V2}
    del body["attachments"]

    await write_as_the_bot(town, "POST", "", body)

    problems = await broken(town, books)
    assert any("it was posted beside the cards" in problem for problem in problems)


async def test_a_job_that_is_still_open_is_noticed(stage, town, books):
    stage.horde.script.next(held=True)
    await stage.bob.runs("/imagine", in_=stage.channel, prompt="a dog")
    await until_sent(stage, 2)

    problems = await broken(town, books)

    assert any(problem.startswith("Job ") and " is still " in problem for problem in problems)


async def test_a_picture_that_was_drawn_for_somebody_else_is_noticed(stage, town, books):
    (remote,) = town.horde.truth.jobs
    remote.wish = replace(remote.wish, prompt="somebody else's dog")

    problems = await broken(town, books)

    assert len(problems) == 2
    assert all('drawn for "somebody else\'s dog"' in problem for problem in problems)


async def test_a_charge_that_the_ledger_does_not_know_is_noticed(stage, town, books):
    await write_to_the_store(stage, "UPDATE jobs SET charged = charged - 1")

    problems = await broken(town, books)
    await write_to_the_store(stage, "UPDATE jobs SET charged = charged + 1")

    assert any("the ledger says" in problem for problem in problems)


async def test_a_card_whose_job_is_gone_is_noticed(stage, town, books):
    await write_to_the_store(
        stage, "UPDATE jobs SET target = replace(target, '\"message_id\":', '\"message_id\":1')"
    )

    cards = unbegun(town, await books.jobs())

    assert [card.id for card in cards] == [card.id for card in town.public_cards()]
    assert any("belongs to no job" in problem for problem in await broken(town, books))


def test_what_an_idle_service_holds_too_much_of_is_told():
    assert list(leaks(10, 5, files_max=10, tasks_max=5)) == []
    assert list(leaks(None, 5, files_max=10, tasks_max=5)) == []
    assert len(list(leaks(11, 6, files_max=10, tasks_max=5))) == 2
