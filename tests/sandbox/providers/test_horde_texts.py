"""Texts: their life, what is refused, what they cost, and how little their answers say."""

import pytest

from bot.sandbox.providers.horde import SandboxHorde
from tests.sandbox.providers.horde_client import Client


async def test_a_text_waits_is_written_and_stays_readable(horde: SandboxHorde, client: Client):
    horde.text_script.next(queue_s=2, seconds_per_picture=3, text="And then it rained.")
    remote_id = await client.written()

    seen = []
    for seconds in (0, 1.5, 1, 3):
        horde.clock.advance(seconds)
        seen.append(await client.text_status(remote_id))

    assert [(s["waiting"], s["processing"], s["finished"]) for s in seen] == [
        (1, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1),
    ]  # fmt: skip
    assert [s["done"] for s in seen] == [False, False, False, True]
    assert [s["queue_position"] for s in seen] == [0, 1, 0, 0]
    (generation,) = seen[-1]["generations"]
    assert (generation["text"], generation["state"]) == ("And then it rained.", "ok")
    assert "id" not in generation


async def test_a_text_and_a_picture_do_not_know_each_others_ids(
    horde: SandboxHorde, client: Client
):
    text_id, picture_id = await client.written(), await client.accepted()

    as_picture = await client.ask("GET", f"/generate/check/{text_id}")
    as_text = await client.ask("GET", f"/generate/text/status/{picture_id}")
    no_check = await client.ask("GET", f"/generate/text/check/{text_id}")

    assert (as_picture.status, as_picture.json["rc"]) == (404, "RequestNotFound")
    assert (as_text.status, as_text.json["rc"]) == (404, "RequestNotFound")
    assert no_check.status == 404


@pytest.mark.parametrize(
    "fields, rc",
    [
        ({"prompt": ""}, "MissingPrompt"),
        ({"params": {"max_length": 300, "max_context_length": 200}}, "TokenOverflow"),
        ({"params": {"stop_sequence": ["x"] * 129}}, "TooManyStopSequences"),
        ({"params": {"stop_sequence": ["x" * 1001] * 2}}, "ExcessiveStopSequence"),
        ({"extra_source_images": [{"image": "x"}]}, "InvalidExtraSourceImages"),
        ({"proxied_account": "somebody"}, "OnlyServiceAccountProxy."),
        ({"style": "nobody's"}, "StyleNotFound"),
    ],
)
async def test_a_wrong_wish_has_a_code(fields: dict, rc: str, client: Client):
    assert (await client.write(**fields)).json["rc"] == rc


async def test_long_texts_want_kudos_beforehand_and_less_when_many_wait(
    horde: SandboxHorde, client: Client
):
    horde.add_key("rich", username="rich#5", kudos=500)
    horde.text_script.default(held=True)
    horde.switch(limited=False)

    at_the_limit = await client.write(params={"max_length": 512})
    above = await client.write(params={"max_length": 513})
    with_kudos = await client.write(
        key="rich", params={"max_length": 4096, "max_context_length": 8192}
    )
    for _ in range(20):
        await client.write(params={"n": 20})
    crowded = await client.write(params={"max_length": 400})

    assert [at_the_limit.status, above.status, with_kudos.status] == [202, 403, 202]
    assert (above.json["rc"], crowded.json["rc"]) == ("KudosUpfront", "KudosUpfront")
    assert "over 256 tokens" in crowded.json["message"]


async def test_a_stop_sequence_ends_a_text_and_is_in_it(horde: SandboxHorde, client: Client):
    horde.text_script.next(text="one\n\ntwo\n\nthree")
    remote_id = await client.written(params={"stop_sequence": ["\n\n"]})
    horde.finish(remote_id)

    status = await client.text_status(remote_id)

    assert status["generations"][0]["text"] == "one\n\n"


async def test_a_text_is_no_longer_than_was_allowed(horde: SandboxHorde, client: Client):
    horde.text_script.next(text="word " * 100)
    remote_id = await client.written(params={"max_length": 16})
    horde.finish(remote_id)

    status = await client.text_status(remote_id)

    assert len(status["generations"][0]["text"].split()) == 16


async def test_a_withheld_text_says_so_in_its_state(horde: SandboxHorde, client: Client):
    horde.text_script.next(outcome="censored", text="secret")
    remote_id = await client.written()
    horde.finish(remote_id)

    (generation,) = (await client.text_status(remote_id))["generations"]

    assert generation["state"] == "censored"
    assert "secret" not in generation["text"]


async def test_a_timeout_of_the_address_holds_for_texts_and_the_prompt_filter_does_not(
    horde: SandboxHorde, client: Client
):
    accepted = await client.write("a blockedword story")
    horde.time_out(100)
    refused = await client.write("a story")

    assert accepted.status == 202
    assert (refused.status, refused.json["rc"]) == (403, "TimeoutIP")


async def test_the_tax_is_paid_at_once_and_the_rest_on_delivery(
    horde: SandboxHorde, client: Client
):
    account = horde.add_key("mine", username="mine#4", kudos=100)
    remote_id = await client.written(key="mine")
    after_submit = account.kudos
    horde.finish(remote_id)

    status = await client.text_status(remote_id)

    assert after_submit == 99
    assert status["kudos"] == 3.0
    assert account.kudos == pytest.approx(100 - 1 - 80 * 0.0195)


async def test_running_texts_are_listed_for_their_owner_only_by_kind(
    horde: SandboxHorde, client: Client
):
    horde.add_key("mine", username="mine#4", kudos=100)
    horde.text_script.default(held=True)
    remote_id = await client.written(key="mine")

    account = (await client.ask("GET", "/find_user", key="mine")).json

    assert account["active_generations"] == {"text": [remote_id]}
    assert account["records"]["request"] == {"image": 0, "text": 1, "interrogation": 0}


async def test_a_text_nobody_takes_is_gone_after_a_while(horde: SandboxHorde, client: Client):
    horde.text_model("koboldcpp/nobody-serves-this", count=0)
    answer = await client.write(models=["koboldcpp/nobody-serves-this"])
    remote_id = answer.json["id"]
    before = await client.text_status(remote_id)
    horde.clock.advance(horde.rules.request_lifetime_s + 1)

    after = await client.ask("GET", f"/generate/text/status/{remote_id}")

    assert answer.json["warnings"][0]["code"] == "NoAvailableWorker"
    assert before["is_possible"] is False
    assert (after.status, after.json["rc"]) == (404, "RequestNotFound")


async def test_a_cancelled_text_that_waits_is_dropped(horde: SandboxHorde, client: Client):
    horde.text_script.next(held=True)
    remote_id = await client.written()

    before = (await client.ask("DELETE", f"/generate/text/status/{remote_id}")).json
    after = await client.text_status(remote_id)

    assert (before["waiting"], before["done"]) == (1, False)
    assert (after["waiting"], after["done"], after["generations"]) == (0, True, [])
