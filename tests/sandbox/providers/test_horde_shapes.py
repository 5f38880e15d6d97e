"""The sandbox gives the answers that were recorded from the real service, key by key."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.sandbox.providers.horde import SandboxHorde
from tests.sandbox.providers.horde_client import RECORDED, Answer, Client, recorded

Setup = Callable[[SandboxHorde, Client], Awaitable[str | None]]

REGISTERED = "FAKEregisteredKey00000"
OURS_ONLY = {"date", "server", "content-length", "access-control-allow-origin", "connection"}

# Routes that this sandbox does not speak (yet), by the start of the file's name.
NOT_SPOKEN = ("documents_", "news", "shared_key_", "stats_", "workers_")
# Tested by test_horde_webhooks.py and test_horde_lifecycle.py.
ELSEWHERE = {
    "webhook_image", "webhook_image_base64", "webhook_image_basic_auth", "webhook_retry_and_redirect_timing",
    "check_sequence_happy_n2", "webhook_text", "webhook_alchemy_caption", "webhook_alchemy_upscale",
}  # fmt: skip


DEMO_OIL = {"steps": 12, "sampler_name": "k_euler", "width": 512, "height": 512}


async def nothing(horde: SandboxHorde, client: Client) -> None:
    return None


async def two_queued(horde: SandboxHorde, client: Client) -> str:
    remote_id = await client.accepted(params={"n": 2, "steps": 20})
    horde.hold(remote_id)
    horde.clock.advance(1)
    return remote_id


async def one_running_one_queued(horde: SandboxHorde, client: Client) -> str:
    remote_id = await two_queued(horde, client)
    horde.step(remote_id)
    return remote_id


async def cancelled(horde: SandboxHorde, client: Client) -> str:
    remote_id = await two_queued(horde, client)
    await client.cancel(remote_id)
    return remote_id


def ended(outcome: str, **fields: Any) -> Setup:
    async def setup(horde: SandboxHorde, client: Client) -> str:
        horde.script.next(outcome=outcome)
        remote_id = await client.accepted(**fields)
        if outcome == "never":
            horde.clock.advance(1)
        else:
            horde.finish(remote_id)
        return remote_id

    return setup


async def nobody_serves(horde: SandboxHorde, client: Client) -> None:
    horde.model("stable_diffusion", count=0)


async def nobody_online(horde: SandboxHorde, client: Client) -> None:
    horde.switch(worker_count=0, thread_count=0)


async def style_exists(horde: SandboxHorde, client: Client) -> None:
    horde.add_key("trusted", username="workerowner#1", trusted=True)
    await client.submit(
        key="trusted"
    )  # from here on the address is trusted, as it was when recorded
    horde.style("demo oil", prompt="{p}, oil painting{np}", params=DEMO_OIL)


async def shared(horde: SandboxHorde, client: Client) -> str:
    horde.add_key("owner", username="workerowner#1", kudos=1000)
    return horde.share_key("owner", name="demo", kudos=27).shared_id


async def estimated_before(horde: SandboxHorde, client: Client) -> None:
    await client.ask(
        "POST",
        "/generate/async",
        json=recorded("dry_run_cached_ignores_bad_key")["request"]["json"],
    )


async def out_of_submits(horde: SandboxHorde, client: Client) -> None:
    await client.submit()
    await client.submit()


async def in_timeout(horde: SandboxHorde, client: Client) -> None:
    horde.time_out(179)


async def registered(horde: SandboxHorde, client: Client) -> None:
    horde.add_key(REGISTERED, username="someuser#2", kudos=50)


async def registered_and_busy(horde: SandboxHorde, client: Client) -> None:
    await registered(horde, client)
    await client.accepted(key=REGISTERED)


async def text_processing(horde: SandboxHorde, client: Client) -> str:
    remote_id = await client.written(models=["koboldcpp/sandbox-tiny-1B"])
    horde.hold(remote_id)
    horde.step(remote_id)
    horde.clock.advance(1)
    return remote_id


async def text_done(horde: SandboxHorde, client: Client) -> str:
    remote_id = await client.written()
    horde.finish(remote_id)
    return remote_id


def alchemy(*, is_done: bool) -> Setup:
    async def setup(horde: SandboxHorde, client: Client) -> str:
        remote_id = await client.transmuted("caption", "nsfw", "RealESRGAN_x2plus")
        if is_done:
            horde.finish(remote_id)
        return remote_id

    return setup


async def one_form_waits(horde: SandboxHorde, client: Client) -> str:
    return await client.transmuted("caption")


async def both_registered(horde: SandboxHorde, client: Client) -> None:
    horde.add_key("FAKEworkerOwnerKey0000", username="workerowner#1", kudos=1000)
    horde.add_key(REGISTERED, username="someuser#2", kudos=50)


async def was_given_kudos(horde: SandboxHorde, client: Client) -> None:
    await both_registered(horde, client)
    gift = {"username": "someuser#2", "amount": 10}
    await client.ask("POST", "/kudos/transfer", key="FAKEworkerOwnerKey0000", json=gift)


async def one_style(horde: SandboxHorde, client: Client) -> None:
    horde.style(
        "demo oil",
        prompt="{p}, oil painting{np}",
        params=DEMO_OIL,
        info="oil painting look",
        tags=("oil",),
    )


async def only_one_style(horde: SandboxHorde, client: Client) -> None:
    await one_style(horde, client)
    for name in ("ink wash", "clay figures", "pixel garden", "after dark"):
        creator = "someoneelse#9" if name in {"pixel garden", "after dark"} else "stylemaker#7"
        horde.style(name, creator=creator, public=False)


async def only_three_models(horde: SandboxHorde, client: Client) -> None:
    for name in ("Dreamshaper", "Anything Diffusion", "SDXL 1.0", "Juggernaut XL"):
        horde.model(name, count=0)


async def cold(horde: SandboxHorde, client: Client) -> None:
    horde.switch(cold_models=True)


SETUPS: dict[str, Setup] = {
    "submit_accepted_n2_with_webhook": nothing,
    "submit_accepted_no_worker_warning": nobody_serves,
    "submit_accepted_with_style": style_exists,
    "submit_accepted_allow_downgrade": nothing,
    "submit_accepted_prompt_replaced": nothing,
    "submit_with_shared_key": shared,
    "dry_run_sd15": nothing,
    "dry_run_sdxl": nothing,
    "dry_run_flux": nothing,
    "dry_run_cached_ignores_bad_key": estimated_before,
    "check_queued_not_possible": ended("never"),
    "check_queued": two_queued,
    "status_done_two_images": ended("ok", params={"n": 2, "seed": "1234"}),
    "status_done_base64_webp": ended("ok", r2=False),
    "status_done_censored_csam": ended("censored"),
    "status_faulted": ended("faulted"),
    "status_done_but_no_generations": ended("empty"),
    "cancel_while_waiting": two_queued,
    "check_after_cancel": cancelled,
    "status_after_cancel": cancelled,
    "cancel_while_processing": one_running_one_queued,
    "error_400_size_not_multiple": nothing,
    "error_400_bool_as_string": nothing,
    "error_400_empty_prompt": nothing,
    "error_400_missing_prompt": nothing,
    "error_400_no_apikey_header": nothing,
    "error_400_steps_too_many": nothing,
    "error_400_unsupported_sampler": nothing,
    "error_400_webhook_too_short": nothing,
    "error_400_malformed_json": nothing,
    "error_400_bad_source_image": nothing,
    "error_400_mask_without_source": nothing,
    "error_400_cfg_decimals": nothing,
    "error_400_two_upscalers": nothing,
    "error_400_webhook_not_https": nothing,
    "error_400_corrupt_prompt": nothing,
    "error_400_rating_not_public": nothing,
    "error_401_unknown_key": nothing,
    "error_404_find_user_echoes_key": nothing,
    "error_403_banned_client_agent": nothing,
    "error_403_kudos_upfront": nothing,
    "error_403_shared_key_kudos": shared,
    "error_403_ip_timeout": in_timeout,
    "error_429_limiter": out_of_submits,
    "error_404_check_unknown_id": nothing,
    "error_404_check_malformed_id": nothing,
    "error_404_cancel_unknown_id": nothing,
    "error_404_unknown_style": nothing,
    "find_user_anonymous": nothing,
    "find_user_idle": registered,
    "find_user_with_active_image": registered_and_busy,
    "heartbeat": nothing,
    "models_image": only_three_models,
    "models_cold_cache_empty": cold,
    "model_single": nothing,
    "modes": nothing,
    "models_text": nothing,
    "text_submit_accepted_with_webhook": nothing,
    "text_submit_minimal": nothing,
    "text_status_processing": text_processing,
    "text_status_done": text_done,
    "text_error_400_empty_prompt": nothing,
    "text_error_400_max_length": nothing,
    "text_error_400_webhook_not_https": nothing,
    "text_error_401_unknown_key": nothing,
    "text_error_403_kudos_upfront": nothing,
    "alchemy_submit_one_form": nothing,
    "alchemy_submit_three_forms": nothing,
    "alchemy_status_waiting": alchemy(is_done=False),
    "alchemy_status_done": alchemy(is_done=True),
    "alchemy_cancel": one_form_waits,
    "alchemy_error_400_bad_image": nothing,
    "alchemy_error_400_no_source": nothing,
    "alchemy_error_400_unreachable_url": nothing,
    "alchemy_error_401_unknown_key": nothing,
    "kudos_transfer_ok": both_registered,
    "kudos_transfer_error_from_anonymous": both_registered,
    "kudos_transfer_error_too_fast": was_given_kudos,
    "style_created": both_registered,
    "style_by_name": one_style,
    "style_by_unique_name": one_style,
    "styles_list": only_one_style,
    "collections_empty": nothing,
    "performance": nothing,
    "performance_no_workers": nobody_online,
}


def test_every_recorded_answer_is_compared_or_named_as_not_spoken():
    files = {path.stem for path in RECORDED.glob("*.json")}

    spoken = {name for name in files if not name.startswith(NOT_SPOKEN)}

    assert spoken == set(SETUPS) | ELSEWHERE


@pytest.mark.parametrize("name", SETUPS)
async def test_the_answer_has_the_recorded_shape(name: str, horde: SandboxHorde, client: Client):
    entry = recorded(name)
    horde.switch(https_only_webhooks=True)
    replaced = await SETUPS[name](horde, client)

    answer = await replay(client, entry["request"], replaced)

    assert answer.status == entry["response"]["status"]
    assert shape_difference(entry["response"]["json"], answer.json) == []
    assert set(answer.headers) - OURS_ONLY == {
        header.lower() for header in entry["response"]["headers"]
    }
    assert answer.headers["content-type"] == entry["response"]["headers"]["Content-Type"]


@pytest.mark.parametrize("name", [name for name in SETUPS if "error_" in name])
async def test_an_error_says_what_the_real_one_said(name: str, horde: SandboxHorde, client: Client):
    entry = recorded(name)
    horde.switch(https_only_webhooks=True)
    replaced = await SETUPS[name](horde, client)

    answer = await replay(client, entry["request"], replaced)

    if name in {
        "error_403_kudos_upfront",
        "error_403_shared_key_kudos",
    }:  # the figures are the server's own
        assert without_figures(answer.json) == without_figures(entry["response"]["json"])
    else:
        assert answer.json == entry["response"]["json"]


@pytest.mark.parametrize("name", ["dry_run_sd15", "dry_run_sdxl", "dry_run_flux",
                                  "submit_accepted_n2_with_webhook", "submit_accepted_prompt_replaced",
                                  "submit_accepted_allow_downgrade", "submit_accepted_with_style"])  # fmt: skip
async def test_a_price_is_the_recorded_one(name: str, horde: SandboxHorde, client: Client):
    entry = recorded(name)
    await SETUPS[name](horde, client)

    answer = await replay(client, entry["request"], None)

    assert answer.json["kudos"] == entry["response"]["json"]["kudos"]


@pytest.mark.parametrize("name", [name for name in SETUPS if name != "heartbeat"])
async def test_the_limit_told_is_the_recorded_one(name: str, horde: SandboxHorde, client: Client):
    entry = recorded(name)
    replaced = await SETUPS[name](horde, client)

    answer = await replay(client, entry["request"], replaced)

    path = entry["request"]["path"]  # some were recorded from a trusted address
    was_trusted = path.startswith("/api/v2/generate/") and path.endswith("/async")
    told = entry["response"]["headers"]["X-Ratelimit-Limit"]
    assert answer.headers["x-ratelimit-limit"] in ({"2", "10"} if was_trusted else {told})


async def replay(client: Client, request: dict[str, Any], replaced: str | None) -> Answer:
    """Send a recorded request again, with our id or shared key in the place of the recorded one."""
    path = request["path"].removeprefix("/api/v2")
    headers = dict(request["headers"])
    key = headers.pop("apikey", None)
    if replaced and key and key.startswith("fa4e"):
        key = replaced
    elif replaced:
        path = re.sub(r"[0-9a-f-]{36}", replaced, path)
    body: dict[str, Any] = {"json": request["json"]} if "json" in request else {}
    if "text" in request:
        body = {"data": request["text"]}
    return await client.ask(request["method"], path, key=key, headers=headers, **body)


def shape_difference(theirs: Any, ours: Any, path: str = "") -> list[str]:
    """Return where two JSON values differ in keys, types or emptiness of lists."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if set(theirs) != set(ours):
            return [f"{path}: keys {sorted(set(theirs) ^ set(ours))}"]
        return [
            gap
            for key in theirs
            for gap in shape_difference(theirs[key], ours[key], f"{path}.{key}")
        ]
    if isinstance(theirs, list) and isinstance(ours, list):
        if bool(theirs) != bool(ours):
            return [f"{path}: {len(theirs)} entries recorded, {len(ours)} ours"]
        return [
            gap
            for each in ours
            for gap in shape_difference(counterpart(each, theirs), each, f"{path}[]")
        ]
    if theirs == 0 and type(theirs) is int and type(ours) is float:
        return []  # the server writes 0 where it has nothing and 0.0 where it has counted
    return (
        []
        if type(theirs) is type(ours)
        else [f"{path}: {type(theirs)} recorded, {type(ours)} ours"]
    )


def counterpart(entry: Any, theirs: list[Any]) -> Any:
    """Return what an entry of ours is compared with: the same form of alchemy, else the first."""
    form = entry.get("form") if isinstance(entry, dict) else None
    return next((each for each in theirs if form and each["form"] == form), theirs[0])


def without_figures(body: dict[str, Any]) -> dict[str, Any]:
    return {name: re.sub(r"[\d.]+", "#", value) for name, value in body.items()}
