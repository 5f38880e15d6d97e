"""Kudos that change hands, service accounts, and styles that requests may name."""

import pytest

from bot.sandbox.providers.horde import SandboxHorde
from tests.sandbox.providers.horde_client import Answer, Client


@pytest.fixture(autouse=True)
def accounts(horde: SandboxHorde) -> None:
    horde.add_key("rich", username="rich#5", kudos=500)
    horde.add_key("poor", username="poor#6", kudos=3)


async def give(
    client: Client, amount: int, to: str, *, key: str = "rich", once: str = ""
) -> Answer:
    headers = {"Idempotency-Key": once} if once else {}
    body = {"username": to, "amount": amount}
    return await client.ask("POST", "/kudos/transfer", key=key, json=body, headers=headers)


async def kudos(horde: SandboxHorde, client: Client, key: str) -> float:
    horde.clock.advance(31)  # the answer is kept for half a minute
    return (await client.ask("GET", "/find_user", key=key)).json["kudos"]


async def test_kudos_change_hands(horde: SandboxHorde, client: Client):
    answer = await give(client, 40, "poor#6")

    assert (answer.status, answer.json) == (200, {"transferred": 40.0})
    assert await kudos(horde, client, "rich") == 460
    assert await kudos(horde, client, "poor") == 43


async def test_the_same_key_of_a_transfer_moves_kudos_once(horde: SandboxHorde, client: Client):
    first = await give(client, 40, "poor#6", once="k")
    horde.clock.advance(1)
    second = await give(client, 40, "poor#6", once="k")
    horde.clock.advance(1)
    other = await give(client, 41, "poor#6", once="k")

    assert first.json == second.json
    assert other.json["rc"] == "IdempotencyKeyConflict"
    assert [gift.amount for gift in horde.truth.gifts] == [40]


@pytest.mark.parametrize(
    "amount, to, key, rc",
    [
        (1, "rich#5", "rich", "KudosTransferToSelf"),
        (1, "Anonymous#0", "rich", "KudosTransferToAnon"),
        (1, "rich#5", "0000000000", "KudosTransferFromAnon"),
        (4, "rich#5", "poor", "KudosTransferNotEnough"),
        (-1, "poor#6", "rich", "NegativeKudosTransfer"),
        (1, "nobody#77", "rich", "InvalidTargetUsername"),
        (1, "poor#6", "unknown", "InvalidAPIKey"),
    ],
)
async def test_a_transfer_that_cannot_be_has_a_code(
    amount: int, to: str, key: str, rc: str, horde: SandboxHorde, client: Client
):
    answer = await give(client, amount, to, key=key)

    assert answer.json["rc"] == rc
    assert horde.truth.gifts == []


async def test_nothing_goes_straight_back(horde: SandboxHorde, client: Client):
    await give(client, 40, "poor#6")
    at_once = await give(client, 1, "rich#5", key="poor")
    horde.clock.advance(60)
    later = await give(client, 1, "rich#5", key="poor")

    assert at_once.json["rc"] == "TooFastKudosTransfers"
    assert later.status == 200


async def test_a_transfer_a_second_for_each_key(horde: SandboxHorde, client: Client):
    first, second = await give(client, 1, "poor#6"), await give(client, 1, "poor#6")
    elsewhere = await give(client, 1, "nobody#7", key="poor")

    assert (first.status, second.status) == (200, 429)
    assert second.json == {"message": "1 per 1 second"}
    assert elsewhere.status == 400


async def test_a_shared_key_can_be_given_kudos(horde: SandboxHorde, client: Client):
    shared = horde.share_key("poor", name="lent", kudos=2)

    await give(client, 10, shared.shared_id)

    assert shared.kudos == 12


async def test_only_a_service_account_may_name_whom_it_asks_for(
    horde: SandboxHorde, client: Client
):
    horde.add_key("service", username="service#8", kudos=100, is_service=True)
    picture = await client.submit(key="service", proxied_account="m-1")
    text = await client.write(key="service", proxied_account="m-1")
    alchemy = await client.transmute("caption", key="service", proxied_account="m-1")
    refused = await client.submit(key="rich", proxied_account="m-1")

    assert [picture.status, text.status, alchemy.status] == [202, 202, 202]
    assert refused.json["rc"] == "OnlyServiceAccountProxy."
    assert (await client.ask("GET", "/find_user", key="service")).json["service"] is True


async def test_styles_are_listed_by_use_or_age_and_by_tag(client: Client):
    async def names(query: str) -> list[str]:
        found = (await client.ask("GET", f"/styles/image{query}")).json
        return [style["name"] for style in found]

    assert (await names(""))[:2] == ["ink wash", "clay figures"]
    assert (await names("?sort=age"))[0] == "after dark"
    assert await names("?tag=garden") == ["pixel garden"]
    assert await names("?model=Dreamshaper") == ["clay figures"]
    assert await names("?page=2") == []


async def test_a_page_has_twenty_five_styles_and_none_that_are_private(
    horde: SandboxHorde, client: Client
):
    for number in range(30):
        horde.style(f"numbered {number}", public=number % 10 != 0)

    first = (await client.ask("GET", "/styles/image?page=1")).json
    second = (await client.ask("GET", "/styles/image?page=2")).json

    assert (len(first), len(second)) == (25, 4 + 27 - 25)


@pytest.mark.parametrize(
    "named", ["mood", "workerowner#1::style::mood", "5a4db0c5-0000-4000-8000-000000000101"]
)
async def test_a_style_is_a_whole_preset(named: str, horde: SandboxHorde, client: Client):
    params = {"steps": 9, "width": 320, "height": 448}
    horde.style("mood", prompt="{p}, moody###bright, {np}", params=params, models=("Deliberate",))

    remote_id = await client.accepted(
        "a cat###dog", style=named, params={"n": 2, "width": 512, "height": 512, "steps": 30}
    )

    wish = horde.truth.job(remote_id).wish
    assert wish.n == 2
    if named.startswith("5a4db0c5"):
        assert wish.models == ("AlbedoBase XL (SDXL)",)
    else:
        assert (wish.width, wish.height, wish.steps, wish.models) == (320, 448, 9, ("Deliberate",))
        assert wish.prompt == "a cat, moody###bright, ###dog"


async def test_anonymous_users_make_no_styles(client: Client):
    answer = await client.ask("POST", "/styles/image", json={"name": "mine", "prompt": "{p}"})

    assert (answer.status, answer.json["rc"]) == (403, "AnonForbidden")


async def test_a_style_that_was_made_can_be_read_by_its_id(client: Client):
    style = {"name": "mine", "prompt": "{p}, mine"}
    made = await client.ask("POST", "/styles/image", key="rich", json=style)

    found = await client.ask("GET", f"/styles/image/{made.json['id']}")
    missing = await client.ask("GET", "/styles/image/nothing")

    assert found.json["creator"] == "rich#5"
    assert (missing.status, missing.json["rc"]) == (404, "StyleNotFound")
