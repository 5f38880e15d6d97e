"""The whole product in one command and no account: a small Discord, a small provider, the real bot.

The bot runs as a process of its own, started as an operator would start it; this module knows the
wire and the command line, nothing behind them.
"""

import asyncio
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from bot.sandbox.discord.cards import Card
from bot.sandbox.discord.server import SandboxDiscord
from bot.sandbox.discord.shown import Shown
from bot.sandbox.providers.hosts import HOSTS, Host, open_host

READY_S = 60.0
JOB_S = 120.0
STOP_S = 30.0


class DemoFailed(Exception):
    """The demo did not end as it should; the text says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What the newcomer typed."""

    prompt: str
    out: Path
    provider: str = "horde"
    as_json: bool = False


async def run_demo(options: DemoOptions, *, out: TextIO, inherited: Mapping[str, str]) -> int:
    """Show one `/imagine` from slash command to picture; 0 only if it arrived and was paid once.

    `inherited` is the environment that the bot's process gets, beside its own settings.
    """
    say = _Speaker(out, is_silent=options.as_json)
    with tempfile.TemporaryDirectory(prefix="easel-demo-") as data_dir:
        async with SandboxDiscord() as discord, open_host(options.provider) as host:
            environment = _environment(discord, host, data_dir, inherited)
            say(f"A small Discord and a small {host.title} are up on this machine.")
            await _command(environment, "sync")
            async with _bot(environment) as process:
                await asyncio.wait_for(_until_ready(discord, process), READY_S)
                say("The bot is online and its commands are registered.\n")
                card = await _imagine(discord, options, say)
            audit = json.loads(await _command(environment, "audit", "--json"))
            pictures = _write(card, options.out)
            summary = _summary(audit, discord=discord, host=host, card=card)
    say("")
    for path in pictures:
        say(f"Picture written to {path}")
    problems = _problems(summary, audit, pictures)
    summary["pictures"] = [str(path) for path in pictures]
    summary["problems"] = problems
    _report(say, out, summary, as_json=options.as_json)
    return 1 if problems else 0


class _Speaker:
    def __init__(self, out: TextIO, *, is_silent: bool) -> None:
        self._out = out
        self._is_silent = is_silent

    def __call__(self, line: str) -> None:
        if not self._is_silent:
            print(line, file=self._out, flush=True)


def _environment(
    discord: SandboxDiscord, host: Host, data_dir: str, inherited: Mapping[str, str]
) -> dict[str, str]:
    ours = ("EASEL_", "DISCORD_", *(f"{name.upper()}_" for name in HOSTS))
    environment = {name: value for name, value in inherited.items() if not name.startswith(ours)}
    return environment | {
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "DISCORD_TOKEN": discord.bot_token,
        "DISCORD_API_URL": discord.api_url,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "DISCORD_CDN_URL": discord.cdn_url,
        **host.settings,
        "EASEL_PROVIDERS": host.name,
        "EASEL_ALLOW_PRIVATE_HOSTS": "true",
        "EASEL_HOME": data_dir,  # not the folder whose .env may belong to a real bot
        "EASEL_DATA_DIR": data_dir,
        "EASEL_LOG_LEVEL": "ERROR",
    }


async def _command(environment: Mapping[str, str], *words: str) -> str:
    """Run one of the service's commands to its end and return what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "bot", *words),
        env=dict(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, complaints = await process.communicate()
    if process.returncode:
        raise DemoFailed(f"`easel {words[0]}` failed: {complaints.decode(errors='replace')}")
    return printed.decode()


@asynccontextmanager
async def _bot(environment: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *("-P", "-m", "bot", "run"), env=dict(environment)
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            code = await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise DemoFailed("The bot did not stop when it was told to.") from None
    if code:
        raise DemoFailed(f"The bot ended with exit code {code}.")


async def _until_ready(discord: SandboxDiscord, process: asyncio.subprocess.Process) -> None:
    ready = asyncio.ensure_future(discord.until_ready())
    over = asyncio.ensure_future(process.wait())
    await asyncio.wait({ready, over}, return_when=asyncio.FIRST_COMPLETED)
    if over.done():
        ready.cancel()
        raise DemoFailed("The bot stopped before it was online.")
    over.cancel()
    await ready


async def _imagine(discord: SandboxDiscord, options: DemoOptions, say: _Speaker) -> Card:
    """Type the command as a member and follow the card to its end."""
    guild = discord.guild(name="Lighthouse Keepers")
    channel = guild.channel("pictures")
    ann = guild.member("Ann")
    say(f'Ann types in #pictures:  /imagine prompt: "{options.prompt}"\n')
    card = await ann.runs("/imagine", in_=channel, prompt=options.prompt)
    if not isinstance(card, Card):
        raise DemoFailed("The bot answered with a form instead of a card.")

    def follow(version: Shown) -> bool:
        say(
            f"— the card, version {version.number + 1}, at {version.at:%H:%M:%S}.{version.at.microsecond // 1000:03}"
        )
        say(version.render() + "\n")
        return _is_final(version)

    await card.until(follow, timeout_s=JOB_S)
    return card


def _is_final(version: Shown) -> bool:
    return not any(button.label == "Cancel" for button in version.buttons)


def _write(card: Card, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for attachment in card.attachments:
        path = folder / attachment.filename
        path.write_bytes(attachment.data)
        paths.append(path)
    return paths


def _summary(
    audit: dict[str, Any], *, discord: SandboxDiscord, host: Host, card: Card
) -> dict[str, Any]:
    jobs = audit["jobs"]
    job = jobs[0] if jobs else {}
    return {
        "job": job.get("id"),
        "state": job.get("state"),
        "states": job.get("moves", []),
        "provider_calls": dict(
            Counter(f"{call.method} {call.route}" for call in host.server.calls)
        ),
        "discord_calls": dict(Counter(f"{call.method} {call.route}" for call in discord.requests)),
        "credits_reserved": job.get("reserved_credits"),
        "credits_settled": job.get("settled_credits"),
        "done_to_posted_s": _done_to_posted_s(host, card),
        "violations": list(discord.violations),
    }


def _done_to_posted_s(host: Host, card: Card) -> float | None:
    """Measure from the provider's own clock; None where that keeps no such moment."""
    jobs = getattr(host.server.truth, "jobs", ())
    moments = (getattr(job, "done_monotonic_s", None) for job in jobs)
    done: list[float] = [moment for moment in moments if moment is not None]
    if not done:
        return None
    done_at_s = done[-1] + time.time() - time.monotonic()
    return round(card.versions[-1].at.timestamp() - done_at_s, 3)


def _problems(summary: dict[str, Any], audit: dict[str, Any], pictures: list[Path]) -> list[str]:
    problems: list[str] = [*audit["problems"], *summary["violations"]]
    if not pictures:
        problems.append("No picture arrived.")
    if summary["state"] != "done":
        problems.append(f"The job ended as {summary['state']}.")
    if summary["credits_settled"] != summary["credits_reserved"]:
        problems.append("What was settled is not what was reserved.")
    return problems


def _report(say: _Speaker, out: TextIO, summary: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary), file=out, flush=True)
        return
    walked = " → ".join(move["state"] for move in summary["states"])
    say(f"Job {summary['job']}: {walked}")
    say(
        f"Credits: {summary['credits_reserved']:g} reserved, "
        f"{summary['credits_settled']:g} settled. "
        f"Provider calls: {sum(summary['provider_calls'].values())}. "
        f"Discord calls: {sum(summary['discord_calls'].values())}."
    )
    for problem in summary["problems"]:
        say(f"Problem: {problem}")
    say("All is well." if not summary["problems"] else "That should not have happened.")
