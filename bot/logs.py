"""Structured logs on standard error, with every secret masked on the way out.

Modules log with the standard library, `log.info("job submitted", extra={"provider": …})`; libraries do the
same. One handler on the root logger turns all of it into lines of text or JSON. Redaction happens there,
after the message, its extras and its traceback have become text, so that no caller has to think of it.
"""

import json
import logging
import re
import sys
from collections import OrderedDict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from typing import Any, Final, Literal, TextIO
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["text", "json"]

MASK: Final = "***"
IN_USE_MAX: Final = 256
SECRET_CHARS_MIN: Final = 8  # masking shorter ones would tear holes into ordinary words
NESTING_MAX: Final = 6
HANDLER_NAME: Final = "easel"
MULTILINE: Final = frozenset({"exception", "stack_info"})

# Their DEBUG lines hold interaction tokens and payloads (discord.py 2.7.1) or SQL parameters (aiosqlite).
TALKATIVE: Final = ("discord", "aiosqlite", "PIL")

SECRET_KEY: Final = re.compile(
    r"(?i)(api[-_]?key|authoriz|token|secret|passw|cookie|signature|master[-_]?key)|^(auth[-_]?)?key$"
)
PATTERNS: Final = (
    # Discord API: the token behind the id is a bearer secret for 15 minutes
    (re.compile(r"(/(?:interactions|webhooks)/\d+/)[^/\s?#\"'<>]+"), rf"\1{MASK}"),
    # ours: whoever knows where a provider calls back may claim things in its name
    (re.compile(r"(/callbacks/\w+/)[^/\s?#\"'<>]+"), rf"\1{MASK}"),
    (re.compile(r"\b(Bot|Bearer|Basic)\s+[\w.~+/=-]{16,}"), rf"\1 {MASK}"),
    # presigned addresses carry their signature in the query, database ones their password before the @
    (re.compile(r"(\b\w+://[^\s?\"'<>]*\?)[^\s\"'<>)]+"), rf"\1{MASK}"),
    (re.compile(r"(\b\w+://)[^\s/@\"'<>]+@"), rf"\1{MASK}@"),
    (
        re.compile(
            r"(?i)((?:api[-_]?key|auth[-_]?key|authorization|passw(?:or)?d|secret|token)[\"']?\s*[:=]\s*[\"']?)"
            r"(?!\*\*\*|Bot\b|Bearer\b|Basic\b)[^\s\"',;&}]+"
        ),
        rf"\1{MASK}",
    ),
)
CONTROL: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}

_secrets: set[str] = set()
_in_use: OrderedDict[str, None] = OrderedDict()


def redact(secret: str) -> None:
    """Mask this value wherever it turns up from now on, also in its JSON and its URL spelling."""
    _secrets.update(_spellings(secret))


def redact_in_use(secret: str) -> None:
    """Mask a value of somebody else's for as long as it is among the last ones used.

    There may be as many as there are members, and every line would have to look for all of them.
    """
    for spelling in _spellings(secret):
        _in_use[spelling] = None
        _in_use.move_to_end(spelling)
    while len(_in_use) > IN_USE_MAX:
        _in_use.popitem(last=False)


def _spellings(secret: str) -> set[str]:
    if len(secret) < SECRET_CHARS_MIN:
        return set()
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}


def bound(**values: str) -> AbstractContextManager[None]:
    """Add values, such as `job=`, to all that is logged inside the `with` and in tasks started there."""
    return structlog.contextvars.bound_contextvars(**values)


def configure(*, level: str, format: LogFormat, stream: TextIO | None = None) -> None:  # noqa: A002 — as the setting
    """Send everything that is logged through one handler; calling again replaces it."""
    handler = _Handler(stream or sys.stderr)
    handler.name = HANDLER_NAME
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=_processors(format)))
    root = logging.getLogger()
    for old in [old for old in root.handlers if old.name == HANDLER_NAME]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.INFO, root.level))
    logging.getLogger("aiohttp.access").setLevel(
        logging.WARNING
    )  # one line per health check helps nobody
    logging.captureWarnings(capture=True)


def redacted(text: str) -> str:
    """Return the text with registered secrets, tokens in paths, queries and headers masked."""
    found = [secret for secret in (*_secrets, *_in_use) if secret in text]
    for secret in sorted(found, key=len, reverse=True):  # one may contain another
        text = text.replace(secret, MASK)
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return text


class _Handler(logging.StreamHandler[TextIO]):
    """Write lines; a line that cannot be written is named by its place, not by its values."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 — logging's name
        fault = type(sys.exception()).__name__
        sys.stderr.write(f"a log line of {record.name}:{record.lineno} failed with {fault}\n")


def _processors(log_format: LogFormat) -> list[Processor]:
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        )
    )
    return [
        structlog.stdlib.ExtraAdder(),
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _redact_event,
        renderer,
    ]


def _redact_event(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {key: _masked(key, value, depth=0) for key, value in event.items()}


def _masked(key: str, value: Any, *, depth: int) -> Any:
    """Return a plain copy without secrets; text that could forge a line is escaped."""
    if value is None or isinstance(value, int | float):
        return value
    if SECRET_KEY.search(key):
        return MASK
    if depth > NESTING_MAX:
        return "…"
    if isinstance(value, Mapping):
        return {
            redacted(str(name)): _masked(str(name), inner, depth=depth + 1)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple | AbstractSet):
        return [_masked("", inner, depth=depth + 1) for inner in value]
    text = redacted(str(value))
    return text if key in MULTILINE else text.translate(CONTROL)
