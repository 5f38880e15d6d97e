"""The bot with every cog, as far as it gets without a network."""

import pytest


@pytest.fixture
async def tree():
    """Load every cog into a bot that never connects; loading touches none of the services."""
    import cogs
    from bot.client import EaselBot, Services

    async with EaselBot() as bot:
        bot.attach(Services(**dict.fromkeys(Services.__dataclass_fields__)))
        for name in cogs.COGS:
            await bot.load_extension(name)
        yield bot.tree
