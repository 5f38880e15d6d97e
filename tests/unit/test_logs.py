"""Nothing secret leaves through the logs, whoever logs it and however."""

import asyncio
import io
import json
import logging
import subprocess
import sys
import warnings
from collections import OrderedDict

import pytest

from bot import logs

SECRET = "marked/secret+value"


class Output:
    """What was written, as text and as JSON lines."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def configured(monkeypatch):
    """Configure as asked, and leave logging as it was."""
    loggers = [logging.getLogger(name) for name in ("", *logs.TALKATIVE, "aiohttp.access")]
    before = [(logger, logger.level, logger.handlers[:]) for logger in loggers]
    monkeypatch.setattr(logs, "_secrets", set())
    monkeypatch.setattr(logs, "_in_use", OrderedDict())
    output = Output()

    def configure(*, level="INFO", log_format="json"):
        logs.configure(level=level, format=log_format, stream=output.stream)
        return output

    yield configure
    logging.captureWarnings(capture=False)
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


log = logging.getLogger("tests.logs")


def test_extras_and_the_bound_job_are_keys_of_the_line(configured):
    output = configured()

    with logs.bound(job="17"):
        log.info("job submitted", extra={"provider": "horde", "attempt": 2})
    log.info("idle")

    first, second = output.lines
    assert (first["event"], first["provider"], first["attempt"]) == ("job submitted", "horde", 2)
    assert (first["job"], first["level"], first["logger"]) == ("17", "info", "tests.logs")
    assert "job" not in second


async def test_tasks_started_inside_keep_the_job(configured):
    output = configured()

    async def work():
        log.info("working")

    with logs.bound(job="17"):
        task = asyncio.create_task(work())
    await task

    assert output.lines[0]["job"] == "17"


def test_text_is_one_line_for_people(configured):
    output = configured(log_format="text")

    log.info("job %s", "submitted", extra={"provider": "horde"})

    assert output.text.count("\n") == 1
    assert "job submitted" in output.text
    assert "provider=horde" in output.text


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bot {SECRET}",
        f"sent Bearer {SECRET}",
        f"PATCH /webhooks/123/{SECRET}/messages/@original".replace("/secret", "-secret"),
        "POST /interactions/123/marked-secret+value/callback",
        "POST /callbacks/horde/17.marked-secret+value took 3 ms",
        f"GET https://store.example/picture.webp?X-Amz-Signature={SECRET}&x=1 failed",
        "connecting to postgresql://name:marked-secret+value@host/db",
        '{"apikey": "marked-secret+value", "n": 1}',
        "URL('https://flow.example/run?api_key=marked-secret+value')",
        "auth_key=marked-secret+value",
    ],
)
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_secrets_known_by_their_place_are_masked(configured, log_format, text):
    output = configured(log_format=log_format)

    log.warning(text)
    log.warning("%s", text, extra={"detail": {"inner": [text]}})

    assert output.text
    assert "secret+value" not in output.text


@pytest.mark.parametrize("key", ["apikey", "api_key", "Authorization", "token", "key", "password"])
def test_values_behind_secret_keys_are_masked(configured, key):
    output = configured()

    log.info("call", extra={"headers": {key: SECRET}, "items": [{key: {"a": SECRET}}]})

    assert SECRET not in output.text
    assert logs.MASK in output.text


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("secret", [SECRET, 'with "quotes" and \\', "längeres Geheimnis"])
def test_registered_secrets_are_masked_everywhere(configured, log_format, secret):
    output = configured(log_format=log_format)
    logs.redact(secret)

    log.info("plain %s", secret, extra={"extra": secret, "object": ValueError(secret)})
    log.info(json.dumps({"as": secret}))
    log.error("broke", exc_info=RuntimeError(secret))

    assert secret not in output.text
    assert json.dumps(secret)[1:-1] not in output.text
    assert output.text.count(logs.MASK) >= 5


def test_tracebacks_are_kept_and_redacted(configured):
    output = configured()

    try:
        json.loads("{")
    except ValueError as error:
        error.add_note(f"PATCH /webhooks/123/marked-secret/messages, apikey={SECRET}")
        log.exception("edit failed")

    trace = str(output.lines[0]["exception"])
    assert "test_logs.py" in trace
    assert "/webhooks/123/***/messages, apikey=***" in trace


def test_short_values_are_not_registered(configured):
    output = configured()

    logs.redact("job")
    log.info("job submitted")

    assert output.lines[0]["event"] == "job submitted"


def test_ordinary_words_stay_readable(configured):
    output = configured()
    sentence = "Bot is ready, 3 of 4 done, see https://example.org/path#part"

    log.info(sentence, extra={"dedupe_key": "123", "monkey": "x", "attempt": 1})

    line = output.lines[0]
    assert line["event"] == sentence
    assert (line["dedupe_key"], line["monkey"]) == ("123", "x")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_value_cannot_forge_a_line_or_colour_a_terminal(configured, log_format):
    output = configured(log_format=log_format)

    log.info("asked for %s", "a\n2026-01-01 [error] forged\x1b[31m", extra={"more": "b\r\nc"})

    assert output.text.count("\n") == 1
    assert "\x1b" not in output.text
    assert "\r" not in output.text


def test_deep_and_circular_values_end(configured):
    output = configured()
    circle: dict[str, object] = {}
    circle["again"] = circle

    log.info("round", extra={"circle": circle})

    assert "…" in output.text


@pytest.mark.parametrize(
    "name", ["discord.http", "discord.webhook.async_", "aiosqlite", "PIL.Image"]
)
def test_talkative_libraries_stay_at_info(configured, name):
    output = configured(level="DEBUG")

    logging.getLogger(name).debug("payload %s", SECRET)
    logging.getLogger(name).info("connected")
    log.debug("ours")

    assert [line["event"] for line in output.lines] == ["connected", "ours"]


def test_a_higher_level_counts_for_libraries_too(configured):
    output = configured(level="ERROR")

    logging.getLogger("discord.gateway").warning("rate limited")

    assert output.text == ""


def test_health_checks_are_not_logged(configured):
    output = configured(level="DEBUG")

    logging.getLogger("aiohttp.access").info("GET /health 200")

    assert output.text == ""


def test_a_line_that_cannot_be_formatted_does_not_print_its_values(configured, capsys):
    output = configured()
    ours = next(h for h in logging.getLogger().handlers if h.name == logs.HANDLER_NAME)

    ours.handle(log.makeRecord(log.name, logging.INFO, "x.py", 1, "%d pictures", (SECRET,), None))

    assert output.text == ""
    told = capsys.readouterr().err
    assert "a log line of tests.logs" in told
    assert SECRET not in told


def test_warnings_go_through_the_logs(configured):
    output = configured()

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn(f"old way, token={SECRET}", UserWarning, stacklevel=1)
        logging.captureWarnings(capture=False)

    assert output.lines[0]["logger"] == "py.warnings"
    assert SECRET not in output.text


def test_configuring_again_replaces_the_handler(configured):
    configured()
    output = configured()

    log.info("once")

    assert len(output.lines) == 1


def test_importing_configures_nothing():
    program = "import logging, bot.logs; assert not logging.getLogger().handlers"

    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_secret_in_use_is_masked_until_many_others_were_used(configured):
    output = configured()
    logs.redact_in_use(SECRET)
    log.info("first %s", SECRET)

    for number in range(logs.IN_USE_MAX):
        logs.redact_in_use(f"another-secret-{number}")
    log.info("second %s", SECRET)
    logs.redact_in_use(SECRET)
    log.info("third %s another-secret-%s", SECRET, logs.IN_USE_MAX - 1)

    first, second, third = (line["event"] for line in output.lines)
    assert (first, second, third) == ("first ***", f"second {SECRET}", "third *** ***")


def test_a_secret_within_another_leaves_no_rest_of_it(configured):
    output = configured()
    logs.redact_in_use("a-long-secret")
    logs.redact("a-long-secret-and-more")

    log.info("it is a-long-secret-and-more")

    assert output.lines[0]["event"] == "it is ***"
