"""AIME's answers, as they were recorded, in our words."""

import base64

import pytest
from pydantic import SecretStr

from bot.domain.errors import (
    Ambiguous,
    BotError,
    InvalidRequest,
    KeyRejected,
    Permanent,
    ProtocolBroken,
    Transient,
)
from bot.domain.jobs import Remote
from bot.providers.aime import answers
from bot.providers.aime.answers import Looked, Made, Open, to_looked, to_observation
from bot.providers.aime.errors import refusal
from bot.providers.aime.pictures import PREVIEW_BYTES_MAX, preview
from bot.providers.base import Ended, Ending, Finished, Working
from bot.providers.downloads import sniff
from tests.providers.provider_cases import CASES, NOW, WEBP
from tests.providers.recorded_answers import RECORDED, as_answer, exchange, made_answer

REMOTE = CASES["aime"].remote
WORKER_SECRET = "fa4efa4efa4efa4efa4efa4efa4ef6"  # the start of those in the recordings


def looked(name: str) -> Looked | None:
    response = exchange(name, of="aime")["response"]
    return to_looked(as_answer(response), secrets=())


def said(body: dict, status: int = 200) -> Looked:
    seen = to_looked(made_answer(status, body), secrets=())
    assert seen is not None
    return seen


def done(**result) -> Looked:
    return said({"job_state": "done", "job_result": {"success": True, **result}})


def seen(*parts: Looked, remote: Remote = REMOTE):
    return to_observation(parts, remote)


def of_parts(*counts: int, total: int | None = None) -> Remote:
    extras = {
        "endpoint": "flux-dev",
        "ids": " ".join(f"id-{index}" for index, _ in enumerate(counts)),
        "counts": " ".join(map(str, counts)),
    }
    return Remote(id="id-0", total=total or sum(counts), submitted_at=NOW, extras=extras)


def uri(data: bytes = WEBP) -> str:
    return f"data:image/JPEG;base64,{base64.b64encode(data).decode()}"


HANDED_OUT = said({"job_state": "done"})


def working(**fields) -> Looked:
    return said({"job_state": "processing", "progress": fields})


@pytest.mark.parametrize(
    "name",
    [
        path.stem
        for path in (RECORDED / "aime").glob("*_progress*.json")
        if path.stem != "stream_progress_error_500_text"
    ],
)
def test_every_recorded_look_is_read(name):
    assert isinstance(looked(name), Open | Made | Ended)
    assert WORKER_SECRET not in repr(looked(name))


def test_a_recorded_job_goes_from_work_to_its_picture():
    parts = [looked("image_previews_1_progress")]
    parts += [looked(f"image_previews_{index}_progress") for index in range(2, 7)]

    observed = [seen(part) for part in parts if part]

    assert [type(one) for one in observed] == [Working] * 5 + [Finished]
    percents = [one.percent for one in observed if isinstance(one, Working)]
    assert percents == [None, 17, 33, 50, 67]
    previews = [one.preview for one in observed if isinstance(one, Working)]
    assert previews[0] is None
    assert all(sniff(picture or b"") == "image/jpeg" for picture in previews[1:])
    finished = observed[-1]
    assert isinstance(finished, Finished)
    (item,) = finished.items
    assert sniff(item.data or b"") == "image/jpeg"
    assert (item.id, item.seed, item.model, item.url) == ("1-1", "7", "flux-dev", None)


def test_a_place_in_the_queue_and_a_time_are_told():
    observed = seen(looked("queue_progress_b_position_1"))

    assert observed == Working(
        is_queued=True, finished=0, total=1, place=1, eta_s=0.6, percent=None, items=()
    )


@pytest.mark.parametrize("name", ["no_worker_progress", "lapse_1_progress_queued"])
def test_nobody_at_work_is_told(name):
    observed = seen(looked(name))

    assert isinstance(observed, Working)
    assert not observed.is_possible
    assert observed.eta_s is None
    assert observed.place == 1


@pytest.mark.parametrize(
    "name,how",
    [
        ("image_previews_7_progress_after_done", Ending.LOST),
        ("worker_error_3_progress_after_done", Ending.LOST),
        ("progress_error_402_unknown_job", Ending.LOST),
        ("progress_error_402_unencoded_hash", Ending.LOST),
        ("restart_2_progress_after", Ending.LOST),
        ("lapse_4_progress_after_lifetime", Ending.LOST),
        ("lapse_2_progress_lapsed", Ending.EXPIRED),
        ("worker_error_2_progress_done_with_error", Ending.FAILED),
    ],
)
def test_the_ends_without_a_picture_are_told_apart(name, how):
    observed = seen(looked(name))

    assert isinstance(observed, Ended)
    assert observed.how is how


def test_a_workers_reason_is_passed_on_without_what_it_must_not_say():
    (key,) = secrets = (SecretStr("MARKED-key"),)
    text = f'CUDA said no to {key.get_secret_value()}\nTraceback: File "x.py"'
    answer = made_answer(200, {"job_state": "done", "job_result": {"error": text}})

    ended = to_looked(answer, secrets=secrets)

    assert isinstance(ended, Ended)
    assert ended.reason == "A worker of AIME failed at this: CUDA said no to …"


def test_an_error_counts_more_than_a_picture_beside_it():
    assert isinstance(done(images=[uri()], error="no memory"), Ended)
    assert isinstance(done(images=[uri()], error=["no memory"]), Ended)
    assert isinstance(done(images=[uri()], error=""), Made)
    assert isinstance(done(images=[uri()], error=None), Made)


@pytest.mark.parametrize("result", [{"images": []}, {"images": None}, {}, {"text": "hello"}])
def test_a_result_without_a_picture_is_a_failure(result):
    observed = seen(done(**result))

    assert isinstance(observed, Ended)
    assert observed.how is Ending.FAILED


def test_a_single_picture_may_come_under_the_other_name():
    observed = seen(done(image=uri()))

    assert isinstance(observed, Finished)
    assert [item.data for item in observed.items] == [WEBP]


def test_a_broken_picture_is_an_item_that_cannot_be_fetched():
    observed = seen(done(images=["data:image/JPEG;base64,%%%", uri()]))

    assert isinstance(observed, Finished)
    assert [item.data for item in observed.items] == [None, WEBP]


@pytest.mark.parametrize("state", ["canceled", "unknown", "resting"])
def test_a_state_that_nobody_knows_is_work(state):
    observed = seen(said({"job_state": state}))

    assert isinstance(observed, Working)
    assert not observed.is_queued


@pytest.mark.parametrize(
    "fields,percent",
    [({"progress": 250}, 100), ({"progress": -1}, None), ({"progress": "41.5"}, 41.5), ({}, None)],
)
def test_a_percentage_is_one(fields, percent):
    observed = seen(working(**fields))

    assert isinstance(observed, Working)
    assert observed.percent == percent


def test_what_is_at_work_is_possible_although_its_worker_is_silent():
    observed = seen(working(num_workers_online=0))

    assert isinstance(observed, Working)
    assert observed.is_possible


@pytest.mark.parametrize("estimate", [-1, 0, None, "nan"])
def test_no_estimate_is_none(estimate):
    observed = seen(working(estimate=estimate))

    assert isinstance(observed, Working)
    assert observed.eta_s is None


def test_the_older_server_is_understood():
    open_ = working(progress=50, progress_data={"images": [base64.b64encode(WEBP).decode()]})
    end = said(
        {
            "job_state": "done",
            "progress": {"progress": 100, "queue_position": 0},
            "job_result": {"images": [base64.b64encode(WEBP).decode()]},
        }
    )

    observed, finished = seen(open_), seen(end)

    assert isinstance(observed, Working)
    assert isinstance(finished, Finished)
    assert observed.preview == WEBP == finished.items[0].data


def test_parts_are_told_as_one():
    first = working(progress=50, estimate=3)
    second = said(
        {"job_state": "queued", "progress": {"queue_position": 4, "estimate": 9, "progress": 0}}
    )

    observed = seen(first, second, remote=of_parts(1, 1))

    assert observed == Working(is_queued=False, finished=0, total=2, eta_s=9, percent=25, items=())


def test_a_part_that_is_done_comes_along_while_others_are_in_work():
    observed = seen(done(images=[uri()], seed=8), working(progress=40), remote=of_parts(1, 1))

    assert isinstance(observed, Working)
    assert (observed.finished, observed.total, observed.percent) == (1, 2, 70)
    assert observed.items is not None
    assert [(item.id, item.seed, item.data) for item in observed.items] == [("1-1", "8", WEBP)]


def test_what_came_earlier_is_counted_while_others_are_in_work():
    between = seen(HANDED_OUT, working(progress=0), remote=of_parts(1, 1))

    assert isinstance(between, Working)
    assert (between.finished, between.items) == (1, ())


def test_a_part_whose_only_answer_was_lost_is_told_beside_the_others():
    end = seen(HANDED_OUT, done(images=[uri()]), remote=of_parts(1, 1))

    assert [item.id for item in end.items] == ["2-1"]
    assert "hands a result out once" in end.notes[0]


def test_a_part_that_failed_is_told_beside_the_others():
    lapsed = said({"success": False, "error": "Job x lapsed!", "job_state": "lapsed"}, 400)

    observed = seen(done(images=[uri()]), lapsed, remote=of_parts(1, 1))

    assert isinstance(observed, Finished)
    assert len(observed.items) == 1
    assert observed.notes == ("AIME gave this up: no worker finished it in time.",)


def test_parts_that_were_never_taken_for_certain_are_told():
    observed = seen(done(images=[uri()]), remote=of_parts(1, total=3))

    assert isinstance(observed, Finished)
    assert "not certain" in observed.notes[0]


def test_of_several_ends_the_telling_one_counts():
    failed = done(error="no memory")

    assert seen(HANDED_OUT, failed, remote=of_parts(1, 1)) is failed
    lost = seen(HANDED_OUT, HANDED_OUT, remote=of_parts(1, 1))
    assert isinstance(lost, Ended)
    assert lost.how is Ending.LOST


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"[]", b'{"success": true}'])
def test_a_good_answer_that_cannot_be_read_breaks_the_protocol(body):
    with pytest.raises(ProtocolBroken):
        to_looked(made_answer(200, body), secrets=())


@pytest.mark.parametrize("status", [400, 404, 500, 502, 503])
def test_a_bad_answer_says_nothing_of_the_job(status):
    assert to_looked(made_answer(status, b"oops"), secrets=()) is None


SUBMITS: dict[str, type[BotError]] = {
    "error_400_bad_selection": InvalidRequest,
    "error_400_login_fields_on_submit": InvalidRequest,
    "error_400_missing_prompt": InvalidRequest,
    "error_400_unknown_parameters": InvalidRequest,
    "blocking_error_400_chat_context_is_list": InvalidRequest,
    "error_400_queue_full": Transient,
    "error_400_form_body_text": Permanent,
    "error_401_bad_key": KeyRejected,
    "error_401_no_credentials": KeyRejected,
    "error_401_unknown_session": KeyRejected,
    "restart_3_submit_with_old_session": KeyRejected,
    "error_404_unknown_endpoint_text": Permanent,
    "error_500_post_without_body_text": Ambiguous,
    "error_503_blocking_call_timeout": Ambiguous,
    "image_input_plain_text_hangs": Ambiguous,
    "image_input_raw_base64_hangs": Ambiguous,
}


def test_every_recorded_refusal_of_a_submit_is_judged():
    refused = {
        path.stem
        for path in (RECORDED / "aime").glob("*.json")
        if exchange(path.stem, of="aime")["response"]["status"] >= 400
    }
    of_reads = {name for name in refused if "progress" in name or name.startswith("endpoints_")}
    of_openai = {name for name in refused if name.startswith("openai_")}

    assert refused - of_reads - of_openai - {"restart_2_progress_after"} == set(SUBMITS)


@pytest.mark.parametrize("name", SUBMITS)
def test_a_refused_submit_says_what_to_do(name):
    response = exchange(name, of="aime")["response"]

    error = refusal(as_answer(response), secrets=(), is_submit=True)

    assert type(error) is SUBMITS[name]
    assert "\n" not in str(error)
    assert "config file" not in str(error)


def test_a_full_queue_is_worth_a_try_in_a_while():
    response = exchange("error_400_queue_full", of="aime")["response"]

    error = refusal(as_answer(response), secrets=(), is_submit=True)

    assert isinstance(error, Transient)
    assert error.retry_after_s
    assert "Job queue reached max length 1!" in str(error)


def test_a_key_for_other_endpoints_may_go_on_with_those():
    answer = made_answer(402, {"success": False, "error": ["Key not valid for endpoint x"]})

    assert type(refusal(answer, secrets=(), is_submit=True)) is Permanent


def test_every_fault_of_a_request_is_told():
    answer = made_answer(400, {"error": ["first\nhint", "second"], "success": False})

    error = refusal(answer, secrets=(), is_submit=True)

    assert str(error) == "AIME refused this request: first; second"


def test_a_read_is_never_the_members_fault():
    answer = made_answer(400, {"error": ["what?"], "success": False})

    assert isinstance(refusal(answer, secrets=()), Permanent)


@pytest.mark.parametrize(
    "texts",
    [
        (),
        ("%%%",),
        (base64.b64encode(b"no picture").decode(),),
        ("A" * (PREVIEW_BYTES_MAX * 2),),
    ],
    ids=["none", "noise", "words", "huge"],
)
def test_a_preview_that_is_none_is_left_out(texts):
    assert preview(texts) is None


def test_the_states_under_way_are_the_wires():
    assert {"queued", "processing"} == answers.UNDERWAY
