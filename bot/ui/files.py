"""Files on their way to Discord, and tables as files for whoever asked alone."""

import io
from typing import Any

import discord

from bot.ui.unbroken import unbroken


class Upload(discord.File):
    """Bytes that are let go of as soon as their request is over.

    discord.py 2.7.1 leaves a closed buffer that refers to itself. Its bytes would stay until the
    search for cycles comes by, which counts objects, not the hundreds of megabytes in a few of them.
    """

    def __init__(self, data: bytes, *, name: str, description: str | None = None) -> None:
        super().__init__(io.BytesIO(data), filename=name, description=description)

    def close(self) -> None:
        """Forget the bytes; discord.py calls this once a request has its answer, or has none."""
        super().close()
        vars(self.fp).pop("close")
        self.fp.close()


async def hand_out(
    interaction: discord.Interaction[Any], data: bytes, *, name: str, said: str
) -> None:
    """Send a file as an answer that was deferred; `name` is always ours."""
    file = Upload(data, name=name)
    await unbroken(interaction.followup.send(said, file=file, ephemeral=True))
