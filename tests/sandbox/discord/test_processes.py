"""The world goes on when a bot process dies and another takes its place."""

import asyncio
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.sandbox.discord.rules import DiscordRules

ROOT = Path(__file__).parents[3]


@pytest.fixture
def rules():
    return DiscordRules(identify_every_s=0)


@asynccontextmanager
async def bot_process(sandbox, *, sync: str):
    """Run the bot in a process and kill it at the end."""
    addresses = (sandbox.api_url, sandbox.gateway_url, sandbox.cdn_url)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.sandbox.discord.bot_process",
        *addresses,
        sandbox.bot_token,
        sync,
        cwd=ROOT,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await sandbox.until_ready()
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_killed_bot_leaves_its_card_and_the_next_one_answers_clicks(sandbox, ann):
    async with bot_process(sandbox, sync="sync"):
        card = await ann.runs("/draw", prompt="a cat")
        await card.until(lambda seen: seen.shows("done"))
    await sandbox.until_gone()

    async with bot_process(sandbox, sync="no"):
        again = await ann.clicks("Again", on=card)

    assert again.text == "again"
    assert card.shows("done a cat")
