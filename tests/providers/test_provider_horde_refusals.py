"""Every recorded refusal, and what it means for a job."""

import pytest
from pydantic import SecretStr

from bot.domain.errors import (
    Ambiguous,
    BotError,
    ContentRefused,
    InvalidRequest,
    KeyBusy,
    KeyRejected,
    Permanent,
    RateLimited,
    ShutOut,
    Transient,
    TurnedAway,
)
from bot.providers.horde.errors import is_gone, refusal
from bot.providers.reading import EXPLANATION_CHARS_MAX
from tests.providers.recorded_answers import answer, exchange, made_answer, names

RECORDED: dict[str, type[BotError]] = {
    "error_400_bad_source_image": InvalidRequest,
    "error_400_bool_as_string": InvalidRequest,
    "error_400_cfg_decimals": InvalidRequest,
    "error_400_corrupt_prompt": ContentRefused,
    "error_400_empty_prompt": InvalidRequest,
    "error_400_malformed_json": Permanent,
    "error_400_mask_without_source": InvalidRequest,
    "error_400_missing_prompt": InvalidRequest,
    "error_400_no_apikey_header": InvalidRequest,
    "error_400_rating_not_public": InvalidRequest,
    "error_400_size_not_multiple": InvalidRequest,
    "error_400_steps_too_many": InvalidRequest,
    "error_400_two_upscalers": InvalidRequest,
    "error_400_unsupported_sampler": InvalidRequest,
    "error_400_webhook_not_https": InvalidRequest,
    "error_400_webhook_too_short": InvalidRequest,
    "error_401_unknown_key": KeyRejected,
    "error_403_banned_client_agent": TurnedAway,
    "error_403_ip_timeout": ShutOut,
    "error_403_kudos_upfront": InvalidRequest,
    "error_403_shared_key_kudos": InvalidRequest,
    "error_404_cancel_unknown_id": Permanent,
    "error_404_check_malformed_id": Permanent,
    "error_404_check_unknown_id": Permanent,
    "error_404_find_user_echoes_key": KeyRejected,
    "error_404_unknown_style": InvalidRequest,
    "error_429_limiter": RateLimited,
}


def test_every_recorded_refusal_is_judged_here():
    assert set(names("error_")) == set(RECORDED)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_refusal_says_what_to_do(name):
    assert type(refusal(answer(name), is_submit=True)) is RECORDED[name]


@pytest.mark.parametrize("name", RECORDED)
def test_a_refusal_is_one_short_line_without_routes(name):
    sentence = str(refusal(answer(name)))

    assert "\n" not in sentence
    assert "You have requested this URI" not in sentence
    assert len(sentence) < EXPLANATION_CHARS_MAX + 100


def test_the_providers_own_explanation_is_kept():
    sentence = str(refusal(answer("error_400_size_not_multiple")))

    assert sentence == "AI Horde refused this request: width: 500 is not a multiple of 64"


def test_a_limiter_is_waited_for_as_long_as_it_says():
    limited = refusal(answer("error_429_limiter"))

    assert isinstance(limited, RateLimited)
    assert limited.retry_after_s == 1.0


@pytest.mark.parametrize(
    "text,wait_s", [("2 per 1 second", 1.0), ("90 per 1 minute", 60.0), ("90 per 1 hour", 3600.0)]
)
def test_a_limiter_without_a_header_speaks_by_its_text(text, wait_s):
    limited = refusal(made_answer(429, {"message": text}))

    assert isinstance(limited, RateLimited)
    assert limited.retry_after_s == wait_s


def test_an_address_in_timeout_is_told_for_how_long():
    penalty = refusal(answer("error_403_ip_timeout"))

    assert isinstance(penalty, RateLimited)
    assert penalty.retry_after_s == 179.0


def test_the_price_is_quoted_and_the_wrong_limits_are_not():
    sentence = str(refusal(answer("error_403_kudos_upfront")))

    assert "147.832 kudos" in sentence
    assert "1032" not in sentence
    assert "Lower the size, the steps or the count" in sentence


def test_a_find_user_refusal_never_repeats_the_key():
    recorded = exchange("error_404_find_user_echoes_key")["response"]["json"]["message"]
    assert "nosuch12345" in recorded

    assert "nosuch12345" not in str(refusal(answer("error_404_find_user_echoes_key")))


@pytest.mark.parametrize(
    "rc,expected",
    [
        ("MaintenanceMode", Transient),
        ("TooManyPrompts", KeyBusy),
        ("AnonForbidden", InvalidRequest),
        ("SharedKeyEmpty", KeyRejected),
        ("SharedKeyExpired", KeyRejected),
        ("DeletedUser", KeyRejected),
        ("UntrustedUnsafeIP", TurnedAway),
        ("Forbidden", TurnedAway),
        ("ControlNetMismatch", InvalidRequest),
        ("InvalidTransparencyModel", InvalidRequest),
        ("SourceImageResolutionExceeded", InvalidRequest),
        ("TooManyLoras.", InvalidRequest),
        ("RuleOfTomorrow", InvalidRequest),
    ],
)
def test_a_reason_code_decides(rc, expected):
    status = 429 if rc == "TooManyPrompts" else 400

    assert type(refusal(made_answer(status, {"message": "Because.", "rc": rc}))) is expected


def test_maintenance_is_not_the_members_fault():
    pause = refusal(made_answer(400, {"message": "Down.", "rc": "MaintenanceMode"}))

    assert isinstance(pause, Transient)
    assert pause.retry_after_s == 60.0


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_unsure_on_a_submit_and_passing_on_a_read(status):
    broken = made_answer(status, b"<html></html>", Retry_After="7")

    assert type(refusal(broken, is_submit=True)) is Ambiguous
    passing = refusal(broken)
    assert isinstance(passing, Transient)
    assert passing.retry_after_s == (7.0 if status == 503 else None)


@pytest.mark.parametrize(
    "status,expected",
    [(403, TurnedAway), (404, Transient), (405, TurnedAway), (413, InvalidRequest)],
)
def test_a_page_of_somebody_in_front_is_judged_by_its_status(status, expected):
    assert type(refusal(made_answer(status, b"<html></html>"))) is expected


def test_only_the_hordes_own_not_found_means_gone():
    assert is_gone(answer("error_404_check_unknown_id"))
    assert is_gone(answer("error_404_check_malformed_id"))
    assert is_gone(answer("error_404_cancel_unknown_id"))
    assert not is_gone(answer("error_404_unknown_style"))
    assert not is_gone(made_answer(404, b"<html></html>"))


def test_what_must_not_be_seen_is_cut_out_of_an_explanation():
    key, id_ = "my-secret-key", "9053380a-6e1c-4f38-a892-eab54ccaa1a6"
    text = f"Key {key} may not see {id_} at https://x.example/?Signature=S nor {'A' * 400}"

    sentence = str(
        refusal(made_answer(400, {"message": text, "rc": "BadRequest"}), secrets=(SecretStr(key),))
    )

    assert sentence == "AI Horde refused this request: Key … may not see … at … nor …"


def test_a_long_explanation_is_cut():
    sentence = str(refusal(made_answer(400, {"message": "ha " * 1000, "rc": "BadRequest"})))

    assert len(sentence) < EXPLANATION_CHARS_MAX + 50
    assert sentence.endswith("…")


def test_a_reason_code_is_not_a_place_for_prose(caplog):
    caplog.set_level("INFO")

    refusal(made_answer(403, {"message": "No.", "rc": "please log my key: 123"}))

    assert caplog.records[0].rc == ""
