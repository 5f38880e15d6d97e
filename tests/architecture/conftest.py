"""The bot with every cog, as far as it gets without a network."""

import pytest


class Idle:
    """Stands where a service belongs; all that loading a cog may ask is which providers there are."""

    providers = ()


@pytest.fixture
async def tree():
    """Load every cog into a bot that never connects."""
    import cogs
    from bot.client import EaselBot, Services

    async with EaselBot() as bot:
        bot.attach(Services(**dict.fromkeys(Services.__dataclass_fields__, Idle())))
        for name in cogs.COGS:
            await bot.load_extension(name)
        yield bot.tree
