"""Traps of discord.py 2.7.1 in buttons, forms and endings. Each test fails when it is mended."""

import asyncio
import logging
import signal

import pytest
from discord import ui
from discord.ext import commands

from bot.sandbox.discord.cards import NeverHappened
from bot.sandbox.discord.rules import DiscordRules
from tests.sandbox.discord.conftest import running
from tests.sandbox.discord.sample_bot import KeyForm, SampleBot

LONG_ENOUGH_S = 0.4


class Door(ui.DynamicItem[ui.Button], template=r"door:(?P<number>\d+)"):
    """A button of the safe kind: everything it needs is in its id."""

    kind = "door"

    def __init__(self, number):
        super().__init__(ui.Button(label="Door", custom_id=f"{self.kind}:{number}"))
        self.number = number

    @classmethod
    async def from_custom_id(cls, interaction, item, match, /):
        return cls(match["number"])

    async def callback(self, interaction):
        await interaction.response.send_message(f"through door {self.number}")


class Trapdoor(Door, template=r"trapdoor:(?P<number>\d+)"):
    kind = "trapdoor"

    async def callback(self, interaction):
        raise RuntimeError("fell")


class Unhinged(Trapdoor, template=r"unhinged:(?P<number>\d+)"):
    kind = "unhinged"

    @classmethod
    async def from_custom_id(cls, interaction, item, match, /):
        raise RuntimeError("no such door")


class Guarded(Door, template=r"guarded:(?P<number>\d+)"):
    kind = "guarded"

    async def interaction_check(self, interaction, /):
        return False


def wall(*items):
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.ActionRow(*items))
    return view


async def shown(bot, ann, view):
    """Have the bot answer a command with a view."""
    bot.act = lambda interaction: interaction.response.send_message(view=view)
    return await ann.runs("/hand")


async def is_answered(sandbox, call):
    """Tell whether an interaction got any answer; Discord's three seconds pass quickly here."""
    task = asyncio.ensure_future(call)
    _, waiting = await asyncio.wait({task}, timeout=LONG_ENOUGH_S)
    if waiting:
        sandbox.clock.advance(4)
    try:
        await task
    except NeverHappened:
        return False
    return True


@pytest.fixture
def doors(bot):
    bot.add_dynamic_items(Door, Trapdoor, Unhinged, Guarded)


@pytest.mark.usefixtures("doors")
class TestButtons:
    async def test_a_button_whose_view_nobody_touches_keeps_answering(self, bot, ann, sandbox):
        card = await shown(bot, ann, wall(Door(1)))

        assert await is_answered(sandbox, ann.clicks("Door", on=card))

    async def test_trap_3_a_reused_view_without_its_button_silences_everybodys(
        self, bot, ann, sandbox
    ):
        ours = await shown(bot, ann, wall(Door(1)))
        reused = wall(Door(2))
        await shown(bot, ann, reused)

        reused.clear_items()
        reused.add_item(ui.ActionRow(ui.Button(label="Plain", custom_id="plain")))
        await bot.heard[-1].edit_original_response(view=reused)

        assert not await is_answered(sandbox, ann.clicks("Door", on=ours))

    async def test_trap_3_a_mixed_view_that_ends_silences_everybodys(self, bot, ann, sandbox):
        ours = await shown(bot, ann, wall(Door(1)))
        mixed = wall(Door(2), ui.Button(label="Plain", custom_id="plain"))
        await shown(bot, ann, mixed)

        mixed.stop()

        assert not await is_answered(sandbox, ann.clicks("Door", on=ours))

    @pytest.mark.parametrize("kind", [Trapdoor, Unhinged])
    async def test_trap_4_an_error_reaches_no_handler(self, bot, ann, sandbox, caplog, kind):
        card = await shown(bot, ann, wall(kind(1)))

        answered = await is_answered(sandbox, ann.clicks("Door", on=card))

        assert not answered
        assert bot.errors.empty()
        assert "Ignoring exception in dynamic item" in caplog.text

    async def test_trap_4_a_check_that_says_no_says_nothing(self, bot, ann, sandbox, caplog):
        card = await shown(bot, ann, wall(Guarded(1)))

        with caplog.at_level(logging.INFO):
            answered = await is_answered(sandbox, ann.clicks("Door", on=card))

        assert not answered
        assert bot.errors.empty()
        assert caplog.text == ""

    async def test_trap_5_every_template_that_matches_runs(self, bot, ann):
        opened = []

        class Either(Door, template=r"(?P<any>door:.*)"):
            @classmethod
            async def from_custom_id(cls, interaction, item, match, /):
                opened.append("either")
                return cls(0)

            async def callback(self, interaction):
                opened.append("and acted")

        bot.add_dynamic_items(Either)
        card = await shown(bot, ann, wall(Door(1)))

        answer = await ann.clicks("Door", on=card)

        assert answer.text == "through door 1"
        assert opened == ["either", "and acted"]

    async def test_trap_5_an_id_that_nobody_knows_is_dropped_silently(
        self, bot, ann, sandbox, caplog
    ):
        card = await shown(bot, ann, wall(Door(1)))
        bot.remove_dynamic_items(Door)

        with caplog.at_level(logging.INFO):
            answered = await is_answered(sandbox, ann.clicks("Door", on=card))

        assert not answered
        assert caplog.text == ""


class TestForms:
    @pytest.fixture
    def rules(self):
        return DiscordRules(identify_every_s=0)

    async def test_trap_6_a_form_is_forgotten_with_its_process(self, sandbox, ann):
        async with running(sandbox, SampleBot()):
            await sandbox.until_synced("key")
            form = await ann.runs("/key")
        await sandbox.until_gone()

        async with running(sandbox, SampleBot(sync=False)):
            answered = await is_answered(sandbox, ann.submits(form, api_key="12345678"))

        assert not answered

    async def test_trap_6_a_dismissed_form_without_a_timeout_stays_for_ever(self, bot, ann):
        def endless():
            form = ui.Modal(title="Endless")  # without `timeout`
            form.add_item(ui.TextDisplay("nobody will send this in"))
            form.add_item(ui.Label(text="Key", component=ui.TextInput(custom_id="key")))
            return form

        bot.act = lambda interaction: interaction.response.send_modal(endless())
        for _ in range(3):
            await ann.runs("/hand")

        assert endless().timeout is None
        assert len(bot._connection._view_store._modals) == 3
        assert KeyForm().timeout == 900  # what to do instead


class TestEndings:
    async def test_trap_12_nobody_listens_to_sigterm(self, bot):
        assert bot.shards
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    async def test_trap_12_close_waits_for_no_command(self, sandbox, ann):
        begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def work(interaction):
            await interaction.response.defer()
            begun.set()
            await may_end.wait()
            ended.set()

        bot = SampleBot()
        async with running(sandbox, bot):
            await sandbox.until_synced("hand")
            bot.act = work
            await ann.runs("/hand")
            await begun.wait()
            await bot.close()

        assert not ended.is_set()
        may_end.set()
        await ended.wait()

    async def test_trap_12_closing_before_the_login_breaks(self):
        bot = commands.AutoShardedBot(
            command_prefix=commands.when_mentioned, intents=SampleBot().intents
        )

        with pytest.raises(AttributeError):
            await bot.close()
