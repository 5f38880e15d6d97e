"""A small bot that uses what our bot will use: V2 cards, buttons, a modal, autocomplete, files."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands, ui
from discord.ext import commands
from PIL import Image


def picture(width: int = 8, height: int = 6, *, colour: str = "red") -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(data, "PNG")
    return data.getvalue()


def card(text: str, *, pictures: tuple[str, ...] = (), button: str | None = None) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    box: ui.Container[Any] = ui.Container(ui.TextDisplay(text), accent_colour=0x5865F2)
    if pictures:
        gallery: ui.MediaGallery[Any] = ui.MediaGallery()
        for name in pictures:
            gallery.add_item(media=f"attachment://{name}", description=f"alt of {name}")
        box.add_item(gallery)
    if button:
        row: ui.ActionRow[Any] = ui.ActionRow()
        row.add_item(ui.Button(label=button, custom_id=f"do:{button.lower()}"))
        box.add_item(row)
    view.add_item(box)
    return view


class KeyForm(ui.Modal, title="Your key"):
    def __init__(self) -> None:
        super().__init__(timeout=900, custom_id="key:v1")
        self.key: ui.TextInput[Any] = ui.TextInput(custom_id="api_key", min_length=4)
        self.add_item(ui.Label(text="Key", component=self.key))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"kept …{self.key.value[-4:]}", ephemeral=True)


async def defer(interaction: discord.Interaction) -> None:
    await interaction.response.defer(thinking=True)


class SampleBot(commands.AutoShardedBot):
    def __init__(self, *, sync: bool = True) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self._sync = sync
        self.act: Callable[[discord.Interaction], Awaitable[object]] = defer
        self.heard: list[discord.Interaction] = []
        self.errors: asyncio.Queue[Exception] = asyncio.Queue()

    async def setup_hook(self) -> None:
        for command in (draw, hidden, key, read, hand, describe):
            self.tree.add_command(command)
        self.tree.error(self.note_error)
        if self._sync:
            await self.tree.sync()

    async def note_error(self, interaction: discord.Interaction, error: Exception) -> None:
        self.errors.put_nowait(getattr(error, "original", error))

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        self.heard.append(interaction)
        if interaction.type is discord.InteractionType.component:
            await self.pressed(interaction, interaction.data["custom_id"])

    async def pressed(self, interaction: discord.Interaction, custom_id: str) -> None:
        if custom_id == "do:cancel":
            await interaction.response.edit_message(view=card("cancelled"), attachments=[])
        elif custom_id == "do:again":
            await interaction.response.send_message(view=card("again"))
        elif custom_id == "do:key":
            await interaction.response.send_modal(KeyForm())


@app_commands.command(description="Draw a picture")
@app_commands.describe(prompt="what", count="how many", model="which", photo="to start from")
async def draw(
    interaction: discord.Interaction,
    prompt: app_commands.Range[str, 1, 100],
    count: app_commands.Range[int, 1, 4] = 1,
    model: str = "plain",
    photo: discord.Attachment | None = None,
) -> None:
    await interaction.response.send_message(view=card(f"queued {prompt}", button="Cancel"))
    await interaction.edit_original_response(view=card("working", button="Cancel"))
    names = tuple(f"{number}.png" for number in range(count))
    files = [discord.File(io.BytesIO(picture()), name, description="a square") for name in names]
    done = card(f"done {prompt} with {model}", pictures=names, button="Again")
    await interaction.edit_original_response(view=done, attachments=files)


@draw.autocomplete("model")
async def models(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    known = ("Deliberate", "Dream", "Delta")
    found = (name for name in known if typed.lower() in name.lower())
    return [app_commands.Choice(name=name, value=name.lower()) for name in found]


@app_commands.command(description="Do what the test says")
@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
async def hand(interaction: discord.Interaction) -> None:
    await interaction.client.act(interaction)


@app_commands.command(description="Answer in private")
async def hidden(interaction: discord.Interaction) -> None:
    answer = await interaction.response.defer(thinking=True, ephemeral=True)
    assert answer is not None
    await interaction.edit_original_response(content="only you")


@app_commands.command(description="Give a key")
async def key(interaction: discord.Interaction) -> None:
    await interaction.response.send_modal(KeyForm())


@app_commands.command(description="Tell about a file")
async def read(interaction: discord.Interaction, file: discord.Attachment) -> None:
    data = await file.read()
    text = f"{file.filename} {file.content_type} {file.width}×{file.height} {len(data)}"
    await interaction.response.send_message(text)


@app_commands.context_menu(name="Describe")
async def describe(interaction: discord.Interaction, message: discord.Message) -> None:
    await interaction.response.send_message(f"it says {message.content!r}", ephemeral=True)
