"""What `./easel check` says: in sentences, what is configured, reachable and valid.

The store is looked at by a probe that the caller brings, so that this module stays beside the
composition root and knows no tables. Discord is asked with one plain read, the Horde with two; nothing
is changed anywhere, and no answer is repeated that could hold a key.
"""

import asyncio
import json
import platform
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr

from bot.domain.clock import Clock
from bot.domain.errors import BotError, ConfigurationError
from bot.settings import VERSION, Settings

DISCORD_API: Final = "https://discord.com/api/v10"
ANONYMOUS_KEY: Final = "0000000000"
TIMEOUT: Final = aiohttp.ClientTimeout(total=20, sock_connect=8)
ANSWER_BYTES_MAX: Final = 64 * 1024
NAME_CHARS_MAX: Final = 64
SPACE_BYTES_MIN: Final = 64 * 2**20  # the database and a few pictures in flight
SPACE_BYTES_LOW: Final = 1024 * 2**20
SKEW_S_MAX: Final = 30  # signatures, tokens and timestamps on cards all go by the clock

Probe = Callable[[], Awaitable[str]]
"""Looks at something and returns a sentence; raises a `BotError` with the sentence when it would not work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One sentence; `ok` is None where it works but deserves a look."""

    ok: bool | None
    text: str

    def __str__(self) -> str:
        return f"{'note' if self.ok is None else 'good' if self.ok else 'FAIL'}  {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    date: str | None
    body: Mapping[str, Any]


async def check(
    settings: Settings,
    *,
    clock: Clock,
    database: Probe,
    prices: Probe,
    providers: Sequence[Probe] = (),
) -> list[Finding]:
    """Look at everything that `run` needs, all at once; in the order in which one would mend it.

    `providers` ask those beside the AI Horde, each with its own key.
    """
    async with aiohttp.ClientSession(timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as http:
        groups = await asyncio.gather(
            _python(),
            asyncio.to_thread(_data_dir, settings.data_dir),
            _probed(database),
            _probed(prices),
            asyncio.to_thread(_master_key, settings),
            _discord(settings, http, clock),
            _horde(settings, http),
            _keys_without_address(settings),
            _makers(settings),
            *map(_probed, providers),
        )
    return [_without_secrets(finding, settings) for group in groups for finding in group]


def _without_secrets(finding: Finding, settings: Settings) -> Finding:
    """Mask what a service may have repeated, such as a key in the place of a name."""
    text = finding.text
    for _, value in settings:
        if isinstance(value, SecretStr) and value.get_secret_value() != ANONYMOUS_KEY:
            text = text.replace(value.get_secret_value(), "***")
    return replace(finding, text=text)


def exit_code(findings: Iterable[Finding]) -> int:
    """Return 1 when something would not work, else 0."""
    return int(any(finding.ok is False for finding in findings))


async def _python() -> list[Finding]:
    return [Finding(ok=True, text=f"Easel {VERSION} on Python {platform.python_version()}.")]


def _data_dir(folder: Path) -> list[Finding]:
    """Write and remove a file, making the folder if need be, as the first start would."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as probe:
            probe.write(b"x")
        free = shutil.disk_usage(folder).free
    except OSError as error:
        advice = "make it writable, or set EASEL_DATA_DIR"
        return [Finding(ok=False, text=f"Cannot write into {folder} ({error.strerror}): {advice}.")]
    text = f"{folder} is writable, with {free // 2**20} MiB of space"
    if free < SPACE_BYTES_MIN:
        return [Finding(ok=False, text=f"{text}: make room.")]
    return [Finding(ok=True if free >= SPACE_BYTES_LOW else None, text=f"{text}.")]


def _master_key(settings: Settings) -> list[Finding]:
    if settings.master_key is not None:
        return [Finding(ok=True, text="The master key comes from EASEL_MASTER_KEY.")]
    path = settings.master_key_path
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return [
            Finding(ok=True, text=f"The master key will be made at the first start, in {path}.")
        ]
    except OSError as error:
        return [
            Finding(ok=False, text=f"The master key {path} is out of reach ({error.strerror}).")
        ]
    if mode & 0o077:
        return [Finding(ok=None, text=f"Others may read the master key: chmod 600 {path}")]
    return [Finding(ok=True, text=f"The master key is in {path}; keep a copy somewhere else.")]


async def _probed(probe: Probe) -> list[Finding]:
    try:
        return [Finding(ok=True, text=await probe())]
    except ConfigurationError as error:
        return [Finding(ok=False, text=fault) for fault in error.faults]
    except BotError as error:
        return [Finding(ok=False, text=str(error))]


async def _discord(settings: Settings, http: aiohttp.ClientSession, clock: Clock) -> list[Finding]:
    if settings.discord_token is None:
        advice = "see the README, or try ./easel demo, which needs none"
        return [Finding(ok=False, text=f"DISCORD_TOKEN is not set: {advice}.")]
    url = f"{settings.discord_api_url or DISCORD_API}/users/@me"
    headers = {
        "Authorization": f"Bot {settings.discord_token.get_secret_value()}",
        "User-Agent": f"DiscordBot (easel, {VERSION})",
    }
    answer = await _get(http, url, headers)
    if isinstance(answer, Finding):
        return [answer]
    return [_token(answer), *_skew(answer, clock)]


def _token(answer: _Answer) -> Finding:
    match answer.status:
        case 200:
            name = _printable(answer.body.get("username"))
            return Finding(ok=True, text=f"Discord knows the token of {name}; no intent is needed.")
        case 401:
            advice = "reset the token in the developer portal and set DISCORD_TOKEN to the new one"
            return Finding(ok=False, text=f"Discord does not know the token: {advice}.")
        case status:
            advice = "try again in a minute, or look at discordstatus.com"
            text = f"Discord answers {status} to a look at the own account: {advice}."
            return Finding(ok=False, text=text)


def _skew(answer: _Answer, clock: Clock) -> list[Finding]:
    try:
        theirs = parsedate_to_datetime(answer.date or "")
    except ValueError:
        return []
    skew_s = abs((clock.now() - _aware(theirs)).total_seconds())
    if skew_s <= SKEW_S_MAX:
        return []
    text = (
        f"This machine's clock is {skew_s:.0f} s away from Discord's: let it follow a time server."
    )
    return [Finding(ok=None, text=text)]


async def _horde(settings: Settings, http: aiohttp.ClientSession) -> list[Finding]:
    if settings.providers and "horde" not in settings.providers:
        return []
    agent = {"Client-Agent": settings.horde_client_agent}
    key = settings.horde_key.get_secret_value()
    heartbeat, account = await asyncio.gather(
        _get(http, f"{settings.horde_url}/status/heartbeat", agent),
        _get(http, f"{settings.horde_url}/find_user", agent | {"apikey": key}),
    )
    if isinstance(heartbeat, Finding):
        return [heartbeat]
    findings = [_state(heartbeat)]
    findings.append(account if isinstance(account, Finding) else _account(account, key))
    if settings.horde_client_agent == Settings.model_fields["horde_client_agent"].default:
        advice = "end HORDE_CLIENT_AGENT with a way to reach you"
        findings.append(Finding(ok=None, text=f"The Horde cannot tell who runs this: {advice}."))
    return findings


def _state(answer: _Answer) -> Finding:
    """Read the heartbeat: always 200, OK, OVERLOADED or DOWN (Horde API, /status/heartbeat)."""
    state = answer.body.get("message")
    if answer.status == 200 and state in {"OK", "OVERLOADED"}:  # noqa: PLR2004 — HTTP
        ok = True if state == "OK" else None
        return Finding(ok=ok, text=f"The AI Horde answers and says {state}.")
    said = f"{_printable(state)} (status {answer.status})"
    advice = "wait until it is back, or look at HORDE_URL if you set it"
    return Finding(ok=False, text=f"The AI Horde says {said}: {advice}.")


def _account(answer: _Answer, key: str) -> Finding:
    """Read the account; a wrong key is answered with 404 and repeated, so that text is not shown."""
    if answer.status != 200:  # noqa: PLR2004 — HTTP
        return Finding(ok=False, text="The AI Horde does not know HORDE_KEY: copy it again.")
    if key == ANONYMOUS_KEY:
        return Finding(
            ok=None, text="HORDE_KEY is anonymous: pictures wait at the end of the queue."
        )
    name = _printable(answer.body.get("username"))
    kudos = _printable(answer.body.get("kudos"))
    return Finding(ok=True, text=f"The AI Horde knows the key of {name}, who has {kudos} kudos.")


async def _keys_without_address(settings: Settings) -> list[Finding]:
    """Name the providers that have a key and are not offered all the same."""
    servers = {
        "AIME": (settings.aime_url, settings.aime_key, "AIME_URL"),
        "Algovera": (settings.algovera_url, settings.algovera_key, "ALGOVERA_URL"),
    }
    return [
        Finding(
            ok=None, text=f"{title} has a key and no address: set {variable}, or it is not offered."
        )
        for title, (url, key, variable) in servers.items()
        if key is not None and url is None
    ]


async def _makers(settings: Settings) -> list[Finding]:
    if settings.credit_makers is not None:
        return []
    return [
        Finding(
            ok=None,
            text="EASEL_CREDIT_MAKERS names nobody: the admins of every server that this bot is in "
            "can make new credits. Name yourself before strangers may invite it.",
        )
    ]


async def _get(
    http: aiohttp.ClientSession, url: str, headers: Mapping[str, str]
) -> _Answer | Finding:
    """Ask once, without following redirects; a finding when nothing comes back."""
    try:
        async with http.get(url, headers=headers, allow_redirects=False) as response:
            body = await _read(response)
            return _Answer(status=response.status, date=response.headers.get("Date"), body=body)
    except (aiohttp.ClientError, TimeoutError) as error:
        fault = type(error).__name__
        advice = "look at this machine's network, or at the address if you set it"
        text = f"{urlsplit(url).netloc} cannot be reached ({fault}): {advice}."
        return Finding(ok=False, text=text)


async def _read(response: aiohttp.ClientResponse) -> Mapping[str, Any]:
    """Return the answer's JSON object; empty for anything else or too much."""
    raw = b""
    async for chunk in response.content.iter_any():
        raw += chunk
        if len(raw) > ANSWER_BYTES_MAX:
            return {}
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _printable(value: object) -> str:
    """Return somebody else's text as one short line for a terminal."""
    text = "".join(char for char in str(value) if char.isprintable())
    return text[:NAME_CHARS_MAX] or "nobody"


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
