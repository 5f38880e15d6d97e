"""Options about pictures that more than one command takes."""

from typing import Literal

from discord.app_commands import Range

Text = Range[str, 1, 1000]
Aspect = Literal["1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9"]
