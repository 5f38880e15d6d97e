"""The sample bot as a process of its own: API, gateway, CDN and token come as arguments."""

import asyncio
import sys

import discord
import yarl

from tests.sandbox.discord.sample_bot import SampleBot


async def main(api: str, gateway: str, cdn: str, token: str, sync: str) -> None:
    discord.http.Route.BASE, discord.Asset.BASE = api, cdn
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    async with SampleBot(sync=sync == "sync") as bot:
        await bot.start(token)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
