"""What recorded answers mean, and the traps between "done" and "there are pictures"."""

import base64
from datetime import UTC, datetime

import pytest

from bot.domain.errors import Ambiguous, ProtocolBroken
from bot.domain.jobs import Remote
from bot.providers.base import Ended, Ending, Finished, Working
from bot.providers.horde import answers, wire
from tests.providers.recorded_answers import answer, as_answer, exchange, made_answer, names

NOW = datetime(2026, 11, 20, tzinfo=UTC)
WEBP = bytes.fromhex("524946461a000000574542505650384c0d0000002f0000001007101111888808")


def remote(total: int = 1, **more) -> Remote:
    return Remote(id="r", total=total, submitted_at=NOW, **more)


def check(name: str) -> wire.Check:
    return wire.READER.read(wire.Check, answer(name))


def status(name: str) -> wire.Status:
    return wire.READER.read(wire.Status, answer(name))


def status_with(**changes) -> wire.Status:
    recorded = exchange("status_done_two_images")["response"]["json"]
    return wire.READER.read(wire.Status, made_answer(200, {**recorded, **changes}))


def picture(**changes) -> dict[str, object]:
    recorded = exchange("status_done_two_images")["response"]["json"]["generations"][0]
    return {**recorded, **changes}


@pytest.mark.parametrize("name", [n for n in names("submit_") if n != "submit_"])
def test_every_recorded_submit_is_accepted(name):
    recorded = exchange(name)["response"]["json"]

    submitted = wire.READER.read(wire.Submitted, answer(name), is_submit=True)

    assert submitted.id == recorded["id"]


def test_a_submit_that_nobody_can_serve_carries_a_warning_in_our_words():
    submitted = wire.READER.read(wire.Submitted, answer("submit_accepted_no_worker_warning"))

    accepted = answers.to_accepted(submitted, remote())

    assert len(accepted.notes) == 1
    assert accepted.notes[0].startswith("No worker can serve this now.")


def test_a_warning_of_tomorrow_is_told_too():
    warned = wire.Submitted(id="a", warnings=(wire.Warned(code="MoonPhase"),))

    assert "MoonPhase" in answers.to_accepted(warned, remote()).notes[0]


@pytest.mark.parametrize(
    "name,kudos",
    [
        ("dry_run_sd15", 8.0),
        ("dry_run_sdxl", 45.0),
        ("dry_run_flux", 98.0),
        ("dry_run_cached_ignores_bad_key", 8.0),
    ],
)
def test_a_dry_run_tells_the_price(name, kudos):
    assert wire.READER.read(wire.Priced, answer(name)).kudos == kudos


def test_a_queued_request_has_a_place_and_an_eta():
    seen = answers.to_progress(check("check_queued"), total=2)

    assert seen == Working(is_queued=True, finished=0, total=2, place=1, eta_s=1.0)


def test_a_request_that_nobody_can_serve_is_not_a_failed_one():
    recorded = check("check_queued_not_possible")

    assert not answers.is_over(recorded)
    assert not answers.to_progress(recorded, total=1).is_possible


def test_a_happy_request_goes_from_the_queue_to_its_end():
    polls = [
        wire.READER.read(wire.Check, as_answer(poll))
        for poll in exchange("check_sequence_happy_n2")["sequence"]
    ]

    seen = [answers.to_progress(poll, total=2) for poll in polls]

    assert [answers.is_over(poll) for poll in polls] == [False, False, False, True]
    assert [one.is_queued for one in seen] == [True, False, False, False]
    assert [one.finished for one in seen] == [0, 0, 1, 2]
    assert seen[0].place is None  # 0 means unknown
    assert seen[0].eta_s is None


def test_two_pictures_keep_their_links_seeds_and_cost():
    recorded = exchange("status_done_two_images")["response"]["json"]

    seen = answers.to_observation(status("status_done_two_images"), remote(2))

    assert isinstance(seen, Finished)
    assert [one.url for one in seen.items] == [one["img"] for one in recorded["generations"]]
    assert {one.seed for one in seen.items} == {"1234"}
    assert {one.model for one in seen.items} == {"stable_diffusion"}
    assert (seen.cost, seen.notes) == (17.0, ())


def test_fewer_pictures_than_asked_are_said_to_be_fewer():
    seen = answers.to_observation(status("status_done_two_images"), remote(4))

    assert isinstance(seen, Finished)
    assert seen.notes == ("AI Horde delivered 2 of 4 pictures; its workers gave up the rest.",)


def test_a_base64_picture_is_decoded():
    recorded = exchange("status_done_base64_webp")["response"]["json"]["generations"][0]["img"]

    (item,) = answers.to_items(status("status_done_base64_webp"))

    assert item.data == base64.b64decode(recorded)
    assert item.url is None


def test_a_censored_placeholder_inside_the_answer_is_not_posted_either():
    inside = picture(censored=True, img=base64.b64encode(WEBP).decode())

    (item,) = answers.to_items(status_with(generations=[inside]))

    assert (item.url, item.data) == (None, None)


def test_a_censored_picture_carries_nothing_to_post():
    (item,) = answers.to_items(status("status_done_censored_csam"))

    assert item.is_withheld
    assert (item.url, item.data) == (None, None)
    assert item.notes == ("AI Horde's safety filter withheld this picture.",)


@pytest.mark.parametrize("value", ["nsfw", "see_ref"])
def test_a_picture_that_its_worker_marks_and_sends_is_shown_behind_a_spoiler(value):
    marked = picture(gen_metadata=[{"type": "censorship", "value": value}])

    (item,) = answers.to_items(status_with(generations=[marked]))

    assert item.is_flagged
    assert item.url
    assert (item.is_withheld, item.notes) == (False, ())


def test_what_a_worker_calls_abuse_is_never_posted_even_when_it_comes():
    marked = picture(gen_metadata=[{"type": "censorship", "value": "csam"}])

    (item,) = answers.to_items(status_with(generations=[marked]))

    assert item.is_withheld
    assert (item.url, item.data, item.is_flagged) == (None, None, False)


def test_an_unmarked_picture_is_shown_openly():
    (item,) = answers.to_items(status_with(generations=[picture()]))

    assert not item.is_flagged


def test_a_request_with_only_censored_pictures_is_finished_not_failed():
    seen = answers.to_observation(status("status_done_censored_csam"), remote())

    assert isinstance(seen, Finished)


@pytest.mark.parametrize(
    "name", ["status_faulted", "status_done_but_no_generations", "status_after_cancel"]
)
def test_an_end_without_pictures_is_a_failure(name):
    seen = answers.to_observation(status(name), remote())

    assert isinstance(seen, Ended)
    assert seen.how is Ending.FAILED


def test_pictures_of_a_faulted_request_are_kept():
    recorded = status_with(faulted=True, waiting=1)

    seen = answers.to_observation(recorded, remote(3))

    assert isinstance(seen, Finished)
    assert len(seen.items) == 2


@pytest.mark.parametrize("field", ["processing", "waiting"])
def test_done_with_an_open_attempt_is_not_over(field):
    recorded = status_with(done=True, **{field: 1})

    assert isinstance(answers.to_observation(recorded, remote(3)), Working)


@pytest.mark.parametrize("name", names("cancel_"))
def test_a_cancel_answers_with_the_state_before_it(name):
    assert not answers.is_over(check(name))


def test_after_a_cancel_nothing_more_will_come():
    assert answers.is_over(check("check_after_cancel"))


@pytest.mark.parametrize(
    "kind,value,words",
    [
        ("lora", "download_failed", "a LoRA: it could not be downloaded"),
        ("ti", "parse_failed", "a textual inversion: it could not be read"),
        ("lora", "baseline_mismatch", "a LoRA: it does not fit the model"),
        ("source_mask", "parse_failed", "the mask: it could not be read"),
    ],
)
def test_what_a_worker_left_out_is_told(kind, value, words):
    recorded = status_with(generations=[picture(gen_metadata=[{"type": kind, "value": value}])])

    (item,) = answers.to_items(recorded)

    assert item.notes == (f"The worker left out {words}.",)


def test_remarks_that_concern_nobody_are_not_told():
    remarks = [{"type": "batch_index", "value": "see_ref", "ref": "1"}, {"type": "new", "value": 7}]

    (item,) = answers.to_items(status_with(generations=[picture(gen_metadata=remarks)]))

    assert item.notes == ()


def test_one_broken_picture_does_not_cost_the_others():
    recorded = status_with(generations=[picture(img="%%%"), picture(id="2")])

    broken, whole = answers.to_items(recorded)

    assert (broken.url, broken.data, broken.is_withheld) == (None, None, False)
    assert whole.url


def test_a_request_found_again_must_show_our_seed():
    found = remote(1, seed=99, extras={answers.ADOPTED: "by size"})
    recorded = status_with(generations=[picture()], finished=1)

    seen = answers.to_observation(recorded, found)

    assert isinstance(seen, Ended)
    assert seen.how is Ending.LOST


@pytest.mark.parametrize(
    "found",
    [
        remote(1, seed=1234, extras={answers.ADOPTED: "by size"}),
        remote(1, seed=99),
        remote(2, seed=99, extras={answers.ADOPTED: "by size"}),
    ],
    ids=["same seed", "not found again", "a batch counts on as it likes"],
)
def test_a_seed_is_held_against_nothing_else(found):
    recorded = status_with(generations=[picture()], finished=1)

    assert isinstance(answers.to_observation(recorded, found), Finished)


def test_models_come_with_the_most_served_first():
    rows = wire.READER.read(wire.MODEL_ROWS, answer("models_image"))

    models = answers.to_models(rows)

    assert {model.name for model in models} == {
        "AlbedoBase XL (SDXL)",
        "stable_diffusion",
        "Deliberate",
    }
    assert models[0].workers == 1
    assert (models[0].queued, models[0].eta_s) == (0, 0.0)


def test_a_cold_list_of_models_is_empty_and_text_models_are_none_of_ours():
    cold = wire.READER.read(wire.MODEL_ROWS, answer("models_cold_cache_empty"))
    text = wire.READER.read(wire.MODEL_ROWS, answer("models_text"))

    assert answers.to_models(cold) == ()
    assert answers.to_models(text) == ()


def test_one_model_is_still_a_list():
    (model,) = answers.to_models(wire.READER.read(wire.MODEL_ROWS, answer("model_single")))

    assert model.name == "stable_diffusion"


@pytest.mark.parametrize(
    "name,active",
    [
        ("find_user_idle", 0),
        ("find_user_anonymous", 0),
        ("find_user_with_active_image", 1),
    ],
)
def test_an_account_may_leave_out_what_runs(name, active):
    account = wire.READER.read(wire.Account, answer(name))

    assert len(account.active_generations.image) == active


@pytest.mark.parametrize("value", [None, "3", 3, 3.0, "3.0"])
def test_numbers_come_in_every_dress(value):
    recorded = status_with(waiting=value)

    assert recorded.waiting == (0 if value is None else 3)


@pytest.mark.parametrize(
    "changes",
    [
        {"waiting": "many"},
        {"waiting": [1]},
        {"kudos": "1e999"},
        {"done": "perhaps"},
        {"generations": None},
        {"generations": [{"img": "x"}]},
    ],
)
def test_nonsense_breaks_the_protocol(changes):
    with pytest.raises(ProtocolBroken):
        status_with(**changes)


@pytest.mark.parametrize("id_", ["", "../../find_user", "a b", "x" * 65, "a#b", None])
def test_an_id_that_is_none_leaves_a_submit_unsure(id_):
    with pytest.raises(Ambiguous):
        wire.READER.read(wire.Submitted, made_answer(202, {"id": id_}), is_submit=True)


def test_an_unreadable_answer_is_logged_by_its_faults_only(caplog):
    with pytest.raises(ProtocolBroken):
        status_with(generations=[picture(img=["https://images.example/?Signature=SECRET"])])

    (record,) = caplog.records
    assert record.faults == ["generations.0.img: string_type"]
    assert "SECRET" not in str(record.__dict__)
