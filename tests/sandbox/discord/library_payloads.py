"""Payloads as discord.py itself builds them, to hold the sandbox's rules against the real thing."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
from discord import app_commands, ui
from discord.http import handle_message_parameters


def picture(name: str = "cat.png") -> discord.File:
    return discord.File(io.BytesIO(b"picture"), name, description="A cat")


class Card(ui.LayoutView):
    """Every kind of component a message can show, once."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        row: ui.ActionRow[Any] = ui.ActionRow()
        row.add_item(ui.Button(label="Again", custom_id="job:v1:again:1", emoji="🔁"))
        row.add_item(ui.Button(label="Read on", url="https://example.org/"))
        row.add_item(ui.Button(sku_id=7))
        box: ui.Container[Any] = ui.Container(
            ui.TextDisplay("**A cat**"),
            ui.MediaGallery(
                discord.MediaGalleryItem("attachment://cat.png", description="A cat", spoiler=True)
            ),
            ui.Section("By Ann", accessory=ui.Thumbnail("attachment://cat.png")),
            ui.Separator(),
            ui.File("attachment://recipe.txt"),
            row,
            accent_colour=0x5865F2,
        )
        self.add_item(box)
        for select in (
            ui.Select(
                custom_id="size",
                options=[discord.SelectOption(label="Square", emoji="⬜", default=True)],
            ),
            ui.UserSelect(custom_id="who", default_values=[discord.Object(5, type=discord.User)]),
            ui.ChannelSelect(custom_id="where", channel_types=[discord.ChannelType.text]),
            ui.RoleSelect(custom_id="role"),
            ui.MentionableSelect(custom_id="anyone", min_values=0, max_values=3),
        ):
            inside: ui.ActionRow[Any] = ui.ActionRow()
            inside.add_item(select)
            self.add_item(inside)


CARD_FILES = ("cat.png", "recipe.txt")


def card_message() -> dict[str, Any]:
    """Return the JSON that goes with an edit of a card and its files."""
    with handle_message_parameters(
        content=None,
        view=Card(),
        attachments=[picture(), picture("recipe.txt")],
        allowed_mentions=discord.AllowedMentions.none(),
    ) as parameters:
        return json.loads(parameters.multipart[0]["value"])


def embed_message() -> dict[str, Any]:
    embed = discord.Embed(title="Done", description="A cat", colour=3, url="https://example.org/")
    embed.timestamp = datetime(2026, 8, 6, tzinfo=UTC)
    embed.set_author(name="Ann", icon_url="attachment://cat.png").set_footer(text="1 credit")
    embed.set_image(url="attachment://cat.png").add_field(name="Seed", value="7")
    with handle_message_parameters(
        content="Done",
        embed=embed,
        nonce="job-1",
        stickers=[3],
        allowed_mentions=discord.AllowedMentions(users=[discord.Object(5)]),
        message_reference={"message_id": 1, "channel_id": 2},  # type: ignore[arg-type]
    ) as parameters:
        return dict(parameters.payload)


def poll_message() -> dict[str, Any]:
    poll = discord.Poll(question="Which?", duration=timedelta(hours=2))
    poll.add_answer(text="This", emoji="🔁")
    with handle_message_parameters(poll=poll) as parameters:
        return dict(parameters.payload)


def text_modal() -> dict[str, Any]:
    modal = ui.Modal(title="A picture", custom_id="edit:v1:1")
    modal.add_item(ui.TextDisplay("Costs one credit."))
    modal.add_item(
        ui.Label(
            text="Prompt",
            description="What should be drawn",
            component=ui.TextInput(
                custom_id="prompt",
                style=discord.TextStyle.long,
                min_length=2,
                max_length=1000,
                default="a cat",
            ),
        )
    )
    sizes = [discord.RadioGroupOption(label="Small"), discord.RadioGroupOption(label="Large")]
    modal.add_item(ui.Label(text="Size", component=ui.RadioGroup(custom_id="size", options=sizes)))
    extras = [
        discord.CheckboxGroupOption(label="Upscale", default=True),
        discord.CheckboxGroupOption(label="Faces"),
    ]
    modal.add_item(
        ui.Label(text="Extras", component=ui.CheckboxGroup(custom_id="extras", options=extras))
    )
    modal.add_item(ui.Label(text="Private", component=ui.Checkbox(custom_id="private")))
    return modal.to_dict()


def picking_modal() -> dict[str, Any]:
    modal = ui.Modal(title="Share", custom_id="share:v1:1")
    modal.add_item(
        ui.Label(text="Picture", component=ui.FileUpload(custom_id="files", max_values=3))
    )
    models = [discord.SelectOption(label="SDXL"), discord.SelectOption(label="Flux")]
    modal.add_item(ui.Label(text="Model", component=ui.Select(custom_id="model", options=models)))
    modal.add_item(ui.Label(text="With", component=ui.UserSelect(custom_id="who")))
    modal.add_item(ui.Label(text="Where", component=ui.ChannelSelect(custom_id="where")))
    modal.add_item(ui.TextInput(label="Title", custom_id="title", required=False))
    return modal.to_dict()


def _add_imagine(tree: app_commands.CommandTree[Any]) -> None:
    @tree.command()
    @app_commands.describe(prompt="What to draw")
    @app_commands.choices(size=[app_commands.Choice(name="Square", value="1:1")])
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.default_permissions(attach_files=True)
    async def imagine(  # noqa: PLR0913, PLR0917 - one parameter per option
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 2, 1000],
        count: app_commands.Range[int, 1, 4] = 1,
        strength: app_commands.Range[float, 0.5, 1.0] = 1.0,
        size: str = "1:1",
        model: str = "",
        private: bool = False,  # noqa: FBT001, FBT002 - a slash command's option
        friend: discord.User | None = None,
        source: discord.Attachment | None = None,
    ) -> None:
        """Draw pictures from a description."""

    @imagine.autocomplete("model")
    async def complete(interaction: discord.Interaction, current: str) -> list[Any]:
        return []


def commands() -> list[dict[str, Any]]:
    """Return what a sync would send: a command, a group with a subgroup, two context menus."""
    client = discord.Client(intents=discord.Intents.none())
    tree: app_commands.CommandTree[Any] = app_commands.CommandTree(client)
    _add_imagine(tree)
    key = app_commands.Group(name="key", description="Your own keys")
    team = app_commands.Group(name="team", description="Keys of the server", parent=key)

    @key.command(name="set")
    async def set_key(interaction: discord.Interaction, provider: str) -> None:
        """Store a key."""

    @team.command(name="list")
    async def list_keys(interaction: discord.Interaction) -> None:
        """List the server's keys."""

    tree.add_command(key)

    @tree.context_menu(name="Use as source")
    async def use(interaction: discord.Interaction, message: discord.Message) -> None: ...

    @tree.context_menu(name="Gift credits")
    async def gift(interaction: discord.Interaction, user: discord.User) -> None: ...

    return [command.to_dict(tree) for command in tree._get_all_commands()]
