"""What people can do beside running and clicking: menus, uploads, other rooms, other rights."""

import io

import discord
import pytest
from discord import app_commands, ui

from bot.sandbox.discord.option_values import Upload
from bot.sandbox.discord.refusals import Impossible
from tests.sandbox.discord.conftest import running
from tests.sandbox.discord.sample_bot import SampleBot, picture


class EverythingForm(ui.Modal, title="Everything"):
    """One field of each kind a modal may have."""

    def __init__(self):
        super().__init__(timeout=900, custom_id="all:v1")
        self.style = ui.Select(
            custom_id="style",
            options=[
                discord.SelectOption(label="Oil", value="oil"),
                discord.SelectOption(label="Ink"),
            ],
        )
        self.files = ui.FileUpload(custom_id="files", max_values=2)
        self.size = ui.RadioGroup(custom_id="size")
        self.size.add_option(label="Small", value="s")
        self.size.add_option(label="Large", value="l")
        self.public = ui.Checkbox(custom_id="public")
        self.friend = ui.UserSelect(custom_id="friend")
        for name in ("style", "files", "size", "public", "friend"):
            self.add_item(ui.Label(text=name.title(), component=getattr(self, name)))

    async def on_submit(self, interaction):
        data = await self.files.values[0].read()
        words = (
            self.style.values[0],
            self.files.values[0].filename,
            str(len(data)),
            self.size.value,
            str(self.public.value),
            self.friend.values[0].name,
        )
        await interaction.response.send_message(" ".join(words))


class MenuBot(SampleBot):
    """Also has menus, restricted commands and a guild's own command."""

    async def setup_hook(self):
        self.tree.add_command(everything)
        self.tree.add_command(restricted)
        self.tree.add_command(grown_up)
        self.tree.add_command(profile)
        self.tree.add_command(keys)
        await super().setup_hook()

    async def pressed(self, interaction, custom_id):
        chosen = interaction.data["values"]
        await interaction.response.edit_message(content=f"{custom_id} {chosen}")


@app_commands.command(description="Ask everything")
async def everything(interaction):
    await interaction.response.send_modal(EverythingForm())


@app_commands.command(description="For moderators")
@app_commands.default_permissions(manage_messages=True)
async def restricted(interaction):
    await interaction.response.send_message("yes")


@app_commands.command(description="Behind the label", nsfw=True)
async def grown_up(interaction):
    await interaction.response.send_message("yes")


@app_commands.context_menu(name="Profile")
async def profile(interaction, member: discord.Member):
    await interaction.response.send_message(f"this is {member.display_name}")


keys = app_commands.Group(name="keys", description="Keys", guild_only=True)


@keys.command(name="give", description="Give a key")
async def give(interaction, to: discord.Member, room: discord.TextChannel):
    await interaction.response.send_message(f"{to.display_name} in {room.name}")


@pytest.fixture
async def bot(sandbox, channel):
    bot = MenuBot()
    async with running(sandbox, bot):
        await sandbox.until_synced("draw")
        yield bot


async def test_every_field_of_a_modal_arrives(bot, ann, guild):
    modal = await ann.runs("/everything")

    answer = await ann.submits(
        modal,
        style=["oil"],
        files=Upload("me.png", picture()),
        size="l",
        public=True,
        friend=guild.member("Bob"),
    )

    assert answer.text == f"oil me.png {len(picture())} l True bob"


async def test_a_modal_without_its_required_fields_is_not_sent(bot, ann):
    modal = await ann.runs("/everything")

    with pytest.raises(Impossible, match="size: required"):
        await ann.submits(modal)


async def test_a_select_answers_with_values_for_labels(bot, ann):
    async def act(interaction):
        view = ui.View(timeout=None)
        options = [discord.SelectOption(label=name, value=name.lower()) for name in ("Oil", "Ink")]
        view.add_item(ui.Select(custom_id="style", placeholder="Style", options=options))
        await interaction.response.send_message("choose", view=view)

    bot.act = act
    card = await ann.runs("/hand")

    changed = await ann.picks("Style", "Oil")

    assert changed.id == card.id
    assert card.text == "style ['oil']"
    with pytest.raises(Impossible, match="offers no 'Chalk'"):
        await ann.picks("Style", "Chalk", on=card)


async def test_a_user_command_is_used_on_a_person(bot, ann, guild):
    answer = await ann.uses("Profile", on=guild.member("Bob"))

    assert answer.text == "this is Bob"


async def test_a_message_menu_entry_is_not_in_the_user_menu(bot, ann, guild):
    with pytest.raises(Impossible, match="no entry of the user menu"):
        await ann.uses("Describe", on=guild.member("Bob"))


async def test_a_subcommand_takes_people_and_channels(bot, ann, guild, channel):
    answer = await ann.runs("/keys give", to=guild.member("Bob"), room=channel)

    assert answer.text == "Bob in general"


async def test_a_command_without_its_subcommand_cannot_be_run(bot, ann):
    with pytest.raises(Impossible, match="stops short"):
        await ann.runs("/keys")


async def test_rights_decide_who_is_offered_a_command(bot, ann, guild):
    moderator = guild.member("Mo", manage_messages=True)

    answer = await moderator.runs("/restricted")

    assert answer.text == "yes"
    with pytest.raises(Impossible, match="lacks the permissions"):
        await ann.runs("/restricted")


async def test_a_server_can_offer_a_command_to_everybody(bot, ann, guild):
    guild.opens_command("restricted")

    answer = await ann.runs("/restricted")

    assert answer.text == "yes"


async def test_a_members_roles_come_with_what_they_do(bot, ann, guild):
    role = guild.role("Artists", ann)

    async def act(interaction):
        names = sorted(role.name for role in interaction.user.roles)
        await interaction.response.send_message(", ".join(names))

    bot.act = act
    card = await ann.runs("/hand")

    assert card.text == "@everyone, Artists"
    assert guild.guild.members[ann.id].role_ids == [role.id]


async def test_an_adult_command_is_offered_behind_the_label_only(bot, ann, guild):
    answer = await ann.runs("/grown_up", in_=guild.channel("cellar", nsfw=True))

    assert answer.text == "yes"
    with pytest.raises(Impossible, match="age-restricted"):
        await ann.runs("/grown_up")


async def test_a_guild_command_is_not_offered_in_direct_messages(bot, ann):
    with pytest.raises(Impossible, match="not offered in this kind of channel"):
        await ann.runs("/keys give", in_=ann.dm, to=ann, room=ann.dm)


async def test_a_disabled_button_and_a_link_cannot_be_clicked(bot, ann):
    async def act(interaction):
        view = ui.View(timeout=None)
        view.add_item(ui.Button(label="Off", custom_id="off", disabled=True))
        view.add_item(ui.Button(label="Read", url="https://example.com"))
        await interaction.response.send_message("look", view=view)

    bot.act = act
    card = await ann.runs("/hand")

    with pytest.raises(Impossible, match="disabled"):
        await ann.clicks("Off", on=card)
    with pytest.raises(Impossible, match="opens a page"):
        await ann.clicks("Read", on=card)
    assert card.render().splitlines() == ["look", "(Off) [Read]"]


async def test_an_embed_shows_its_picture_and_words(bot, ann):
    async def act(interaction):
        embed = discord.Embed(title="Cat", description="sleeping", colour=0xFF0000)
        embed.add_field(name="Seed", value="7").set_image(url="attachment://cat.png")
        file = discord.File(io.BytesIO(picture()), "cat.png")
        await interaction.response.send_message(embed=embed, file=file)

    bot.act = act
    card = await ann.runs("/hand")

    assert card.text == "Cat\nsleeping\nSeed: 7"
    assert card.accent == 0xFF0000
    assert card.latest.embeds[0]["image"]["width"] == 8
    assert card.render().splitlines()[-1] == "🖼 cat.png 8×6 1 KB"


async def test_a_spoiler_in_a_gallery_covers_its_file(bot, ann):
    async def act(interaction):
        view = ui.LayoutView(timeout=None)
        gallery = ui.MediaGallery(discord.MediaGalleryItem("attachment://a.png", spoiler=True))
        thumb = ui.Thumbnail("attachment://b.png", description="small")
        view.add_item(ui.Section(ui.TextDisplay("two"), accessory=thumb)).add_item(gallery)
        view.add_item(ui.Separator()).add_item(ui.File("attachment://c.txt"))
        files = [
            discord.File(io.BytesIO(picture()), "a.png"),
            discord.File(io.BytesIO(picture()), "b.png"),
            discord.File(io.BytesIO(b"words"), "c.txt"),
        ]
        await interaction.response.send_message(view=view, files=files)

    bot.act = act
    card = await ann.runs("/hand")

    assert [(file.filename, file.spoiler) for file in card.attachments] == [
        ("a.png", True),
        ("b.png", False),
        ("c.txt", False),
    ]
    assert card.render().splitlines() == [
        "two",
        "🖼 b.png 8×6 1 KB small",
        "🖼 a.png 8×6 1 KB (spoiler)",
        "─" * 24,
        "🖼 c.txt 1 KB",
    ]


async def test_nobody_acts_in_a_guild_they_are_not_in(bot, ann, sandbox):
    with pytest.raises(Impossible, match="is not in"):
        await ann.runs("/hand", in_=sandbox.guild("Elsewhere").channel("far"))


async def test_a_removed_bot_loses_its_guild(bot, guild, sandbox):
    removed = bot.wait_for("guild_remove", timeout=10)

    sandbox.remove_bot(guild)

    assert (await removed).id == int(guild.id)


async def test_a_card_that_is_deleted_stops_the_wait(bot, ann, sandbox):
    card = await ann.runs("/hand")
    sandbox.delete_message(card)

    with pytest.raises(AssertionError, match="was deleted"):
        await card.until(lambda seen: seen.shows("never"))
    await card.until_deleted()


async def test_a_wait_that_fails_tells_the_last_requests(bot, ann):
    card = await ann.runs("/hand")

    with pytest.raises(AssertionError, match=r"POST /interactions/.*→ 200"):
        await card.until(lambda seen: seen.shows("never"), timeout_s=0.01)
