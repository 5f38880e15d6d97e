"""From the submit to the pictures: queue, progress, cancel, expiry, restart."""

import base64

import aiohttp
import pytest

from bot.sandbox.providers.horde import HordeRules, SandboxHorde
from bot.sandbox.providers.horde.jobs import JobState
from tests.sandbox.providers.horde_client import Client, eventually, recorded, size_of

COUNTS = ("waiting", "processing", "finished", "restarted")


def counts(answer: dict) -> tuple[int, ...]:
    return tuple(answer[name] for name in COUNTS)


async def test_a_request_of_two_goes_through_the_recorded_polls(
    horde: SandboxHorde, client: Client
):
    horde.script.next(queue_s=1, seconds_per_picture=4)
    remote_id = await client.accepted(params={"n": 2, "steps": 20})
    seen, now_s = [], 0.0

    for poll in recorded("check_sequence_happy_n2")["sequence"]:
        horde.clock.advance(poll["t_s"] - now_s)
        now_s = poll["t_s"]
        seen.append((await client.check(remote_id), poll["json"]))

    for ours, theirs in seen:
        assert {**ours, "wait_time": 0} == {**theirs, "wait_time": 0}
        assert bool(ours["wait_time"]) == bool(theirs["wait_time"])


async def test_pictures_have_the_wished_size_and_differ(horde: SandboxHorde, client: Client):
    remote_id = await client.accepted(
        models=["SDXL 1.0"], params={"n": 3, "width": 768, "height": 512, "seed": "7"}
    )
    horde.finish(remote_id)

    status = await client.status(remote_id)
    downloads = [await client.download(entry["img"]) for entry in status["generations"]]

    assert [(code, kind) for code, kind, _ in downloads] == [(200, "image/webp")] * 3
    assert {size_of(data) for *_, data in downloads} == {(768, 512)}
    assert len({data for *_, data in downloads}) == 3
    assert {entry["seed"] for entry in status["generations"]} == {"7"}
    assert [p["id"] for p in status["generations"]] == sorted(
        p["id"] for p in status["generations"]
    )


async def test_base64_is_the_same_picture_as_the_link(horde: SandboxHorde, client: Client):
    linked = await client.accepted(params={"seed": "7"})
    inline = await client.accepted(params={"seed": "7"}, r2=False)
    horde.finish(linked)
    horde.finish(inline)

    *_, data = await client.download((await client.status(linked))["generations"][0]["img"])
    text = (await client.status(inline))["generations"][0]["img"]

    assert base64.b64decode(text, validate=True) == data


async def test_a_seed_may_be_a_word_and_may_vary(horde: SandboxHorde, client: Client):
    horde.switch(limited=False)
    by_word = await client.accepted(params={"seed": "lighthouse"})
    too_large = await client.accepted(params={"seed": str(2**32 + 5)})
    varied = await client.accepted(params={"seed": "10", "seed_variation": 3, "n": 3})
    without = await client.accepted(params={})

    seeds = {job.remote_id: [p.seed for p in job.pictures] for job in horde.truth.jobs}

    assert 0 <= seeds[by_word][0] < 2**32
    assert seeds[too_large] == [5]
    assert seeds[varied] == [10, 13, 16]
    assert 0 <= seeds[without][0] < 2**32


async def test_a_bare_prompt_gets_the_effective_defaults(horde: SandboxHorde, client: Client):
    await client.ask("POST", "/generate/async", json={"prompt": "a lighthouse"})

    wish = horde.truth.jobs[0].wish

    assert (wish.width, wish.height, wish.steps, wish.n) == (512, 512, 30, 1)
    assert (wish.cfg_scale, wish.sampler_name, wish.karras) == (5.0, "k_euler_a", True)
    assert (wish.nsfw, wish.censor_nsfw, wish.r2, wish.slow_workers) == (True, True, True, True)
    assert wish.models == ("stable_diffusion",)


async def test_an_answer_to_check_is_kept_for_a_second(horde: SandboxHorde, client: Client):
    remote_id = await client.accepted()
    first = await client.check(remote_id)
    horde.finish(remote_id)

    at_once = await client.check(remote_id)
    horde.clock.advance(1)
    later = await client.check(remote_id)

    assert at_once == first
    assert later["done"] is True


async def test_the_place_in_the_queue_counts_those_before(horde: SandboxHorde, client: Client):
    horde.script.default(held=True)
    first, second = await client.accepted(), await client.accepted()

    at_first = await client.check(second)
    horde.clock.advance(1)
    queued = await client.check(second)
    horde.finish(first)
    horde.clock.advance(1)
    next_up = await client.check(second)

    assert at_first["queue_position"] == 0
    assert queued["queue_position"] == 2
    assert next_up["queue_position"] == 1


async def test_a_cancel_drops_what_waits_and_keeps_the_submit_charge(
    horde: SandboxHorde, client: Client
):
    horde.add_key("mine", username="ann#7", kudos=100)
    remote_id = await client.accepted(key="mine", params={"n": 2})

    before = await client.cancel(remote_id)
    after = await client.status(remote_id)
    again = await client.cancel(remote_id)

    assert counts(before) == (2, 0, 0, 0)
    assert counts(after) == (0, 0, 0, 0)
    assert after["done"] is True
    assert after["generations"] == []
    assert again == after
    job = horde.truth.job(remote_id)
    assert (job.state, job.charged, job.account.kudos) == (JobState.CANCELLED, 3.0, 97.0)


async def test_what_is_being_drawn_when_cancelled_is_delivered_and_charged(
    horde: SandboxHorde, client: Client
):
    horde.script.next(queue_s=1, seconds_per_picture=2)
    remote_id = await client.accepted(params={"n": 3})
    horde.clock.advance(1.5)

    before = await client.cancel(remote_id)
    after = await client.check(remote_id)
    horde.clock.advance(2)
    status = await client.status(remote_id)

    assert counts(before) == (2, 1, 0, 0)
    assert counts(after) == (0, 1, 0, 0)
    assert after["done"] is False
    assert counts(status) == (0, 0, 1, 0)
    assert status["done"] is True
    assert len(status["generations"]) == 1
    assert horde.truth.job(remote_id).charged > 3 + 1


async def test_ids_need_no_key(horde: SandboxHorde, client: Client):
    remote_id = await client.accepted()

    answers = [
        await client.ask(method, path + remote_id, key=None)
        for method, path in (
            ("GET", "/generate/check/"),
            ("GET", "/generate/status/"),
            ("DELETE", "/generate/status/"),
        )
    ]

    assert [answer.status for answer in answers] == [200, 200, 200]


async def test_a_faulted_request_says_done_with_a_picture_waiting(
    horde: SandboxHorde, client: Client
):
    horde.script.next(outcome="faulted")
    remote_id = await client.accepted()
    horde.clock.advance(60)

    status = await client.status(remote_id)

    assert counts(status) == (1, 0, 0, 3)
    assert (status["faulted"], status["done"], status["is_possible"]) == (True, True, False)
    assert horde.truth.job(remote_id).state is JobState.FAULTED


async def test_an_empty_request_is_done_and_nobody_is_at_fault(horde: SandboxHorde, client: Client):
    horde.script.next(outcome="empty")
    remote_id = await client.accepted(params={"n": 2})
    horde.clock.advance(60)

    status = await client.status(remote_id)

    assert counts(status) == (0, 0, 0, 2)
    assert (status["done"], status["faulted"], status["generations"]) == (True, False, [])


async def test_a_partial_request_lacks_a_picture(horde: SandboxHorde, client: Client):
    horde.script.next(outcome="partial")
    remote_id = await client.accepted(params={"n": 3})
    horde.clock.advance(60)

    status = await client.status(remote_id)

    assert counts(status) == (0, 0, 2, 1)
    assert len(status["generations"]) == 2


async def test_a_failed_attempt_counts_as_done_while_the_next_one_runs(
    horde: SandboxHorde, client: Client
):
    horde.script.next(outcome="restarted", queue_s=1, seconds_per_picture=2)
    remote_id = await client.accepted()
    horde.clock.advance(3.5)

    early = await client.check(remote_id)
    horde.clock.advance(2)
    status = await client.status(remote_id)

    assert counts(early) == (0, 1, 0, 1)
    assert early["done"] is True
    assert len(status["generations"]) == 1


async def test_one_picture_of_a_batch_may_be_censored_and_costs_only_the_tax(
    horde: SandboxHorde, client: Client
):
    horde.script.next(outcome="partly_censored")
    remote_id = await client.accepted(params={"n": 2, "seed": "5"})
    horde.finish(remote_id)

    status = await client.status(remote_id)

    job = horde.truth.job(remote_id)
    assert sorted(entry["censored"] for entry in status["generations"]) == [False, True]
    (censored,) = [entry for entry in status["generations"] if entry["censored"]]
    assert censored["gen_metadata"] == [{"type": "censorship", "value": "csam"}]
    assert job.charged == pytest.approx(3 + 1 + 1 + job.price)
    assert (await client.download(censored["img"]))[0] == 200


async def test_notes_of_the_script_come_with_the_pictures(horde: SandboxHorde, client: Client):
    horde.script.next(metadata=(("lora", "download_failed"),), warnings=("StepsTooFew",))

    answer = await client.submit()
    horde.finish(answer.json["id"])
    status = await client.status(answer.json["id"])

    assert [warning["code"] for warning in answer.json["warnings"]] == ["StepsTooFew"]
    assert status["generations"][0]["gen_metadata"] == [
        {"type": "lora", "value": "download_failed"}
    ]


async def test_what_nobody_serves_waits_and_then_expires(horde: SandboxHorde, client: Client):
    answer = await client.submit(models=["A model of my own"])
    horde.clock.advance(1199)

    waiting = await client.check(answer.json["id"])
    horde.clock.advance(2)
    gone = await client.ask("GET", f"/generate/check/{answer.json['id']}")

    assert answer.json["warnings"][0]["code"] == "NoAvailableWorker"
    assert (waiting["is_possible"], waiting["waiting"], waiting["queue_position"]) == (False, 1, 1)
    assert (gone.status, gone.json["rc"]) == (404, "RequestNotFound")
    assert horde.truth.job(answer.json["id"]).state is JobState.EXPIRED


async def test_a_request_can_vanish_early(horde: SandboxHorde, client: Client):
    horde.script.next(outcome="expired", queue_s=5)
    remote_id = await client.accepted()
    horde.clock.advance(6)

    answer = await client.ask("GET", f"/generate/status/{remote_id}")

    assert answer.json["rc"] == "RequestNotFound"


async def test_each_delivery_gives_a_request_twenty_more_minutes(
    horde: SandboxHorde, client: Client
):
    horde.script.next(queue_s=1000, seconds_per_picture=1000)
    remote_id = await client.accepted(params={"n": 2})

    for _ in range(3):
        horde.clock.advance(1000)
        await client.status(remote_id)
    horde.clock.advance(1100)
    kept = await client.ask("GET", f"/generate/status/{remote_id}")
    horde.clock.advance(200)
    gone = await client.ask("GET", f"/generate/status/{remote_id}")

    assert len(kept.json["generations"]) == 2
    assert gone.status == 404


async def test_links_and_pictures_die_like_in_an_object_store(horde: SandboxHorde, client: Client):
    remote_id = await client.accepted()
    horde.finish(remote_id)
    link = (await client.status(remote_id))["generations"][0]["img"]

    horde.clock.advance(31 * 60)
    expired = await client.download(link)
    horde.switch(link_lifetime_s=10 * 3600)
    second = await client.accepted()
    horde.finish(second)
    longer_link = (await client.status(second))["generations"][0]["img"]
    horde.clock.advance(121 * 60)
    vanished = await client.download(longer_link)
    forged = await client.download(longer_link.replace("Signature=", "Signature=x"))

    assert expired[:2] == (403, "application/xml")
    assert vanished[:2] == (404, "application/xml")
    assert b"NoSuchKey" in vanished[2]
    assert forged[0] == 403


async def test_a_held_request_moves_only_by_hand(horde: SandboxHorde, client: Client):
    horde.script.next(held=True)
    remote_id = await client.accepted(params={"n": 2})
    seen = []

    horde.clock.advance(600)
    seen.append(counts(await client.check(remote_id)))
    for _ in range(3):
        horde.step(remote_id)
        horde.clock.advance(2)
        seen.append(counts(await client.check(remote_id)))

    assert seen == [(2, 0, 0, 0), (1, 1, 0, 0), (0, 1, 1, 0), (0, 0, 2, 0)]


async def test_a_released_request_goes_on(horde: SandboxHorde, client: Client):
    horde.script.next(held=True, seconds_per_picture=2)
    remote_id = await client.accepted()

    horde.release(remote_id)
    horde.clock.advance(2)

    assert (await client.check(remote_id))["done"] is True


async def test_a_restart_with_memory_keeps_requests_and_forgets_limits(
    horde: SandboxHorde, client: Client
):
    remote_id = await client.accepted()
    await client.submit()
    url = horde.url

    await horde.restart(with_memory=True)
    third = await client.submit()

    assert horde.url == url
    assert third.status == 202
    assert (await client.check(remote_id))["waiting"] == 1


async def test_a_restart_without_memory_forgets_requests_but_not_the_truth(
    horde: SandboxHorde, client: Client
):
    remote_id = await client.accepted()
    horde.finish(remote_id)
    link = (await client.status(remote_id))["generations"][0]["img"]

    await horde.restart(with_memory=False)
    answer = await client.ask("GET", f"/generate/check/{remote_id}")

    assert answer.status == 404
    assert (await client.download(link))[0] == 200
    assert horde.truth.job(remote_id).state is JobState.EXPIRED
    assert await client.accepted() != remote_id


async def test_time_that_runs_needs_no_hand():
    rules = HordeRules(speed=50, seed=1)
    async with SandboxHorde(rules) as horde:
        async with aiohttp.ClientSession() as session:
            client = Client(session, horde)
            remote_id = await client.accepted()
            job = horde.truth.job(remote_id)
            await eventually(lambda: job.is_over)

        assert job.state is JobState.DONE
        assert job.done_at_s == pytest.approx(job.accepted_at_s + 3.0)
        assert job.done_monotonic_s is not None
