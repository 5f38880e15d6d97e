"""Alchemy: forms that end each for itself, words beside links, and a state that is none of both."""

import base64
import io

import pytest
from PIL import Image

from bot.sandbox.providers.horde import SandboxHorde
from tests.sandbox.providers.horde_client import Client, orange, size_of


def results(status: dict) -> dict:
    return {form["form"]: form.get("result") for form in status["forms"]}


def states(status: dict) -> dict:
    return {form["form"]: form["state"] for form in status["forms"]}


async def test_forms_end_one_after_the_other(horde: SandboxHorde, client: Client):
    horde.alchemy_script.next(queue_s=1, seconds_per_picture=2)
    remote_id = await client.transmuted("caption", "nsfw")

    seen = []
    for seconds in (0, 1, 2, 2):
        horde.clock.advance(seconds)
        seen.append(await client.alchemy_status(remote_id))

    assert [status["state"] for status in seen] == ["waiting", "processing", "processing", "done"]
    assert [states(status)["nsfw"] for status in seen] == [
        "waiting", "waiting", "processing", "done",
    ]  # fmt: skip


async def test_words_are_said_of_the_picture_that_was_sent(horde: SandboxHorde, client: Client):
    remote_id = await client.transmuted("caption", "nsfw", "interrogation")
    horde.finish(remote_id)

    found = results(await client.alchemy_status(remote_id))

    assert found["caption"] == {"caption": "an orange rectangle"}
    assert found["nsfw"] == {"nsfw": False}
    assert found["interrogation"]["interrogation"]["tags"][0]["text"] == "orange"


@pytest.mark.parametrize(
    "form, size", [("RealESRGAN_x2plus", (128, 96)), ("4x_AnimeSharp", (256, 192)), ("GFPGAN", (64, 48))]
)  # fmt: skip
async def test_a_post_processor_leaves_a_picture_behind_a_link(
    form: str, size: tuple[int, int], horde: SandboxHorde, client: Client
):
    remote_id = await client.transmuted(form)
    horde.finish(remote_id)

    (link,) = results(await client.alchemy_status(remote_id))[form].values()
    status, _, data = await client.download(link)

    assert status == 200
    assert size_of(data) == size


async def test_a_background_is_made_see_through(horde: SandboxHorde, client: Client):
    picture = Image.new("RGB", (64, 64), (255, 255, 255))
    picture.paste((200, 30, 30), (16, 16, 48, 48))
    out = io.BytesIO()
    picture.save(out, "PNG")
    remote_id = await client.transmuted("strip_background", source=out.getvalue())
    horde.finish(remote_id)

    (link,) = results(await client.alchemy_status(remote_id))["strip_background"].values()
    _, _, data = await client.download(link)

    with Image.open(io.BytesIO(data)) as cut:
        assert (cut.getpixel((2, 2))[3], cut.getpixel((32, 32))[3]) == (0, 255)


async def test_a_link_is_not_made_anew_and_dies_after_half_an_hour(
    horde: SandboxHorde, client: Client
):
    remote_id = await client.transmuted("RealESRGAN_x2plus", "caption")
    horde.step(remote_id)
    horde.step(remote_id)
    first = results(await client.alchemy_status(remote_id))["RealESRGAN_x2plus"]
    horde.clock.advance(19 * 60)
    horde.step(remote_id)
    horde.clock.advance(12 * 60)

    later = results(await client.alchemy_status(remote_id))["RealESRGAN_x2plus"]
    status, _, data = await client.download(*later.values())

    assert first == later
    assert (status, b"AccessDenied" in data) == (403, True)


async def test_what_waits_is_cancelled_and_the_rest_is_finished(
    horde: SandboxHorde, client: Client
):
    remote_id = await client.transmuted("caption", "nsfw")
    horde.hold(remote_id)
    horde.step(remote_id)

    cancelled = (await client.ask("DELETE", f"/interrogate/status/{remote_id}")).json
    horde.finish(remote_id)
    after = await client.alchemy_status(remote_id)

    assert states(cancelled) == {"caption": "processing", "nsfw": "cancelled"}
    assert (after["state"], states(after)["caption"]) == ("partial", "done")


@pytest.mark.parametrize("outcome, overall", [("faulted", "faulted"), ("partial", "partial")])
async def test_a_form_is_given_up_after_its_fourth_failure(
    outcome: str, overall: str, horde: SandboxHorde, client: Client
):
    horde.alchemy_script.next(outcome=outcome)
    remote_id = await client.transmuted("caption", "nsfw")
    horde.finish(remote_id)

    status = await client.alchemy_status(remote_id)

    assert status["state"] == overall
    assert states(status)["nsfw"] == "faulted"


async def test_finished_forms_change_their_place_in_the_list(horde: SandboxHorde, client: Client):
    remote_id = await client.transmuted("caption", "nsfw", "interrogation")
    before = [form["form"] for form in (await client.alchemy_status(remote_id))["forms"]]
    horde.step(remote_id)
    horde.step(remote_id)

    after = [form["form"] for form in (await client.alchemy_status(remote_id))["forms"]]

    assert sorted(before) == sorted(after)
    assert after[-1] == "caption"


@pytest.mark.parametrize(
    "body, errors",
    [
        ({"source_image": "x"}, {"forms": "Missing required parameter in the JSON body"}),
        ({"forms": [{"name": "caption"}]}, {"source_image": "Missing required parameter in the JSON body"}),
        ({"forms": "caption", "source_image": "x"}, {"forms": "'caption' is not of type 'array'"}),
        ({"forms": [{}], "source_image": "x"}, {"forms.0.name": "'name' is a required property"}),
    ],
)  # fmt: skip
async def test_a_wrong_form_names_the_place(body: dict, errors: dict, client: Client):
    answer = await client.ask("POST", "/interrogate/async", json=body)

    assert (answer.status, answer.json["errors"]) == (400, errors)


async def test_an_unknown_form_is_refused(client: Client):
    answer = await client.transmute("divination")

    assert answer.status == 400
    assert "'divination' is not one of" in answer.json["errors"]["forms.0.name"]


async def test_a_timeout_of_the_address_does_not_hold_here(horde: SandboxHorde, client: Client):
    horde.time_out(100)

    assert (await client.transmute("caption")).status == 202


async def test_ten_forms_may_be_open_for_each_that_may_wait(horde: SandboxHorde, client: Client):
    horde.add_key("small", username="small#6", concurrency=1)
    horde.alchemy_script.default(held=True)

    first = await client.transmute(*["caption"] * 10, key="small")
    second = await client.transmute("caption", key="small")

    assert first.status == 202
    assert (second.status, second.json["rc"]) == (429, "TooManyPrompts")


async def test_a_very_large_picture_is_refused(client: Client):
    answer = await client.transmute("caption", source=orange((8192, 8192)))

    assert (answer.status, answer.json["rc"]) == (400, "SourceImageResolutionExceeded")


async def test_a_form_whose_result_nobody_has_seen_is_never_served(
    horde: SandboxHorde, client: Client
):
    remote_id = await client.transmuted("vectorize")
    horde.clock.advance(60)
    waiting = await client.alchemy_status(remote_id)
    horde.clock.advance(horde.rules.request_lifetime_s)

    gone = await client.ask("GET", f"/interrogate/status/{remote_id}")

    assert waiting["state"] == "waiting"
    assert (gone.status, gone.json["rc"]) == (404, "RequestNotFound")


async def test_a_source_may_be_a_link(horde: SandboxHorde, client: Client):
    drawn = await client.accepted(params={"steps": 10})
    horde.finish(drawn)
    link = (await client.status(drawn))["generations"][0]["img"]

    answer = await client.transmute("caption", source_image=link)
    elsewhere = await client.transmute(
        "caption", source_image=base64.b64encode(b"no picture").decode()
    )

    assert answer.status == 202
    assert elsewhere.json["rc"] == "ImageValidationFailed"
