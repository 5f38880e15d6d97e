"""Alchemy at the Horde: one submit with several forms, words beside links."""

import base64
import json

import pytest

from bot.domain.errors import InvalidRequest, Permanent
from bot.domain.jobs import PassageKind, Remote
from bot.domain.requests import AlchemyRequest, BlobId, Conduct, Form
from bot.providers.base import Callback, Ended, Ending, Finished, Inputs, Working
from bot.providers.horde.alchemy.answers import FORMS, to_observation
from bot.providers.horde.alchemy.forms import to_payload, to_plan
from bot.providers.horde.wire import AlchemyStatus
from tests.providers.provider_cases import KEY, NOW, REMOTE_ID, WEBP, link
from tests.providers.recorded_answers import exchange, replay
from tests.providers.scripted_host import Reply

BLOB = BlobId("a" * 64)
ORDER = "caption,nsfw,RealESRGAN_x2plus"
REMOTE = Remote(id=REMOTE_ID, total=3, submitted_at=NOW, extras={"kind": "alchemy", FORMS: ORDER})


def planned(*forms: Form, model: str | None = None) -> AlchemyRequest:
    plan = to_plan(AlchemyRequest(picture=BLOB, forms=forms, model=model))
    assert isinstance(plan.request, AlchemyRequest)
    return plan.request


def status(name: str = "alchemy_status_done", **changes) -> AlchemyStatus:
    recorded = exchange(name)["response"]["json"]
    return AlchemyStatus.model_validate({**recorded, **changes})


def one(form: str, result: object, state: str = "done") -> AlchemyStatus:
    return status(forms=[{"form": form, "state": state, "result": result}])


@pytest.mark.parametrize(
    "forms, model, names",
    [
        ((Form.CAPTION, Form.TAGS, Form.NSFW), None, ["caption", "interrogation", "nsfw"]),
        ((Form.CUTOUT,), None, ["strip_background"]),
        ((Form.UPSCALE,), None, ["RealESRGAN_x2plus"]),
        ((Form.UPSCALE,), "4x_animesharp", ["4x_AnimeSharp"]),
        ((Form.FACE_FIX,), "codeformers", ["CodeFormers"]),
        ((Form.FACE_FIX, Form.UPSCALE), "NMKD_Siax", ["GFPGAN", "NMKD_Siax"]),
        ((Form.CAPTION, Form.CAPTION), None, ["caption"]),
    ],
)
def test_forms_have_the_hordes_names(forms, model, names):
    body = to_payload(planned(*forms, model=model), Inputs(source=WEBP))

    assert [form["name"] for form in body["forms"]] == names


@pytest.mark.parametrize(
    "forms, model", [((Form.UPSCALE,), "GFPGAN"), ((Form.CAPTION,), "GFPGAN"), ((), None)]
)
def test_what_the_horde_has_not_got_is_refused(forms, model):
    with pytest.raises(InvalidRequest):
        planned(*forms, model=model)


def test_the_body_carries_the_picture_and_the_conduct():
    request = planned(Form.CAPTION).evolve(conduct=Conduct(trusted_workers=True))

    body = to_payload(request, Inputs(source=WEBP, callback_url="https://bot.example/hook/1"))

    assert base64.b64decode(body["source_image"]) == WEBP
    assert (body["trusted_workers"], body["slow_workers"]) == (True, True)
    assert body["webhook"] == "https://bot.example/hook/1"


def test_words_are_read_and_pictures_are_behind_links():
    seen = to_observation(status(), REMOTE)

    assert isinstance(seen, Finished)
    caption, nsfw, upscaled = seen.items
    assert (caption.id, caption.kind, caption.text) == (
        "caption", PassageKind.CAPTION, "an orange rectangle",
    )  # fmt: skip
    assert (nsfw.kind, nsfw.text) == (PassageKind.NSFW, "no")
    assert upscaled.text is None
    assert upscaled.url.startswith("https://images.example/")
    assert upscaled.model == "RealESRGAN_x2plus"


def test_results_keep_the_order_in_which_they_were_asked_for():
    forms = exchange("alchemy_status_done")["response"]["json"]["forms"]

    seen = to_observation(status(forms=list(reversed(forms))), REMOTE)

    assert [item.id for item in seen.items] == ORDER.split(",")


def test_tags_are_found_however_deep_they_lie():
    tags = {
        "interrogation": {
            "tags": [
                {"text": "a lighthouse", "confidence": 0.8},
                {"text": "dusk", "confidence": 0.4},
            ],
            "artists": [{"text": "a lighthouse", "confidence": 0.2}],
            "mediums": [],
        }
    }

    seen = to_observation(one("interrogation", tags), REMOTE)

    assert seen.items[0].text == "a lighthouse, dusk"


def test_forms_that_wait_are_a_queue_without_places():
    seen = to_observation(status("alchemy_status_waiting"), REMOTE)

    assert isinstance(seen, Working)
    assert (seen.is_queued, seen.finished, seen.place, seen.items) == (True, 0, None, ())


def test_what_is_there_already_comes_along_while_others_are_at_work():
    forms = exchange("alchemy_status_done")["response"]["json"]["forms"]
    running = [forms[0], {"form": "nsfw", "state": "processing"}, {"form": "x", "state": "waiting"}]

    seen = to_observation(status(state="processing", forms=running), REMOTE)

    assert isinstance(seen, Working)
    assert (seen.is_queued, seen.finished) == (False, 1)
    assert [item.id for item in seen.items] == ["caption"]


def test_partial_is_an_end_with_what_came():
    forms = exchange("alchemy_status_done")["response"]["json"]["forms"]
    seen = to_observation(
        status(state="partial", forms=[*forms[:2], {"form": "x", "state": "faulted"}]), REMOTE
    )

    assert isinstance(seen, Finished)
    assert len(seen.items) == 2
    assert "2 of 3" in seen.notes[0]


@pytest.mark.parametrize("name", ["alchemy_cancel"])
def test_nothing_at_all_is_a_failure(name):
    seen = to_observation(status(name), REMOTE)

    assert isinstance(seen, Ended)
    assert seen.how is Ending.FAILED


def test_a_faulted_form_is_a_failure_of_the_workers():
    seen = to_observation(one("caption", None, state="faulted"), REMOTE)

    assert isinstance(seen, Ended)
    assert "gave it up" in seen.reason


@pytest.mark.parametrize("state", ["something new", ""])
def test_a_state_nobody_knows_is_still_at_work(state):
    assert isinstance(to_observation(one("caption", None, state=state), REMOTE), Working)


@pytest.mark.parametrize(
    "form, result",
    [("caption", {}), ("caption", {"caption": "  "}), ("GFPGAN", {"GFPGAN": "no link"}), ("nsfw", None)],
)  # fmt: skip
def test_a_result_that_says_nothing_is_none(form, result):
    assert isinstance(to_observation(one(form, result), REMOTE), Ended)


async def test_alchemy_has_routes_of_its_own(horde, host):
    request = planned(Form.CAPTION, Form.NSFW, Form.UPSCALE)
    host.says(
        replay("alchemy_submit_three_forms"),
        replay("alchemy_status_waiting"),
        replay("alchemy_status_done"),
        replay("alchemy_cancel"),
    )

    accepted = await horde.submit(request, key=KEY, inputs=Inputs(source=WEBP), now=NOW)
    seen = [await horde.poll(accepted.remote, key=KEY) for _ in range(2)]
    await horde.cancel(accepted.remote, key=KEY)

    paths = [(call.method, call.path.removeprefix("/api/v2")) for call in host.calls]
    status_path = "/interrogate/status/80447ba0-06c1-4ee5-9a77-f14c14b33e85"
    assert paths == [
        ("POST", "/interrogate/async"),
        ("GET", status_path),
        ("GET", status_path),
        ("DELETE", status_path),
    ]
    assert [type(one) for one in seen] == [Working, Finished]
    assert accepted.remote.extras == {"kind": "alchemy", FORMS: ORDER}
    assert accepted.remote.total == 3


async def test_a_link_is_fetched_from_allowed_hosts_alone(horde, host):
    host.says(Reply(body=WEBP))
    result = {"RealESRGAN_x2plus": link(host)}
    seen = to_observation(one("RealESRGAN_x2plus", result), REMOTE)
    elsewhere = to_observation(status(), REMOTE).items[-1]

    assert await horde.fetch(seen.items[0]) == WEBP
    with pytest.raises(Permanent):
        await horde.fetch(elsewhere)


async def test_a_picture_that_the_horde_cannot_read_is_the_members_to_mend(horde, host):
    host.says(replay("alchemy_error_400_bad_image"))

    with pytest.raises(InvalidRequest, match="Image validation failed"):
        await horde.submit(planned(Form.CAPTION), key=KEY, inputs=Inputs(source=WEBP), now=NOW)


async def test_nobody_says_beforehand_what_alchemy_costs(horde, host):
    with pytest.raises(Permanent):
        await horde.estimate(planned(Form.CAPTION), key=KEY, inputs=Inputs(source=WEBP))

    assert host.calls == []


@pytest.mark.parametrize(
    "name, item_id, text",
    [
        ("webhook_alchemy_caption", "caption", "an orange rectangle"),
        ("webhook_alchemy_upscale", "RealESRGAN_x2plus", None),
    ],
)
def test_a_webhook_names_a_form_as_the_status_does(horde, name, item_id, text):
    body = json.dumps(exchange(name)["request"]["json"]).encode()

    news = horde.read_callback(Callback(headers={}, body=body))

    assert (news.item.id, news.item.text, news.extras["kind"]) == (item_id, text, "alchemy")


def test_a_webhook_about_a_form_that_failed_is_no_news(horde):
    recorded = exchange("webhook_alchemy_caption")["request"]["json"]
    body = json.dumps({**recorded, "state": "faulted", "result": None}).encode()

    assert horde.read_callback(Callback(headers={}, body=body)) is None
