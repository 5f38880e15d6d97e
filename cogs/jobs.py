"""`/jobs`: a member's newest jobs; results can be seen again there, and what still runs stopped."""

import asyncio
from typing import Any, assert_never

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import EaselBot
from bot.domain.jobs import Job, JobId, UserId
from bot.domain.moderation import check_place
from bot.jobs.history import History
from bot.jobs.tracker import Tracker
from bot.ui.delivery import attached
from bot.ui.history import JobSelect, Pick, jobs_card, results_card, results_of
from bot.ui.opening import is_age_restricted
from bot.ui.unbroken import unbroken
from bot.ui.whispers import think, whisper

SHOWN_AT_ONCE_MAX = 4  # pictures of so many jobs in memory, however many ask


class Jobs(commands.Cog):
    """Tell members what became of their jobs."""

    def __init__(self, history: History, tracker: Tracker) -> None:
        self._history = history
        self._tracker = tracker
        self._showing = asyncio.Semaphore(SHOWN_AT_ONCE_MAX)

    @app_commands.command()
    async def jobs(self, interaction: discord.Interaction[Any]) -> None:
        """Show your newest jobs, see their results again, stop one."""
        view = jobs_card(await self._history.recent(UserId(interaction.user.id)))
        await whisper(interaction, view)

    async def picked(
        self, interaction: discord.Interaction[Any], pick: Pick, job_id: JobId
    ) -> None:
        """Do what a job was picked for and answer the interaction."""
        job = await self._history.job(job_id, by=UserId(interaction.user.id))
        match pick:
            case Pick.SHOW:
                await self._show(interaction, job)
            case Pick.STOP:
                await self._stop(interaction, job)
            case _:
                assert_never(pick)

    async def _show(self, interaction: discord.Interaction[Any], job: Job) -> None:
        # it may have been asked for where adults are
        check_place(job.request, is_age_restricted=is_age_restricted(interaction))
        await think(interaction)
        async with self._showing:
            pictures = await self._history.pictures(job, bytes_max=interaction.filesize_limit)
            files = results_of(job, pictures)
            view = results_card(job, files)
            answer = interaction.edit_original_response(view=view, attachments=attached(files, {}))
            await unbroken(answer)

    async def _stop(self, interaction: discord.Interaction[Any], job: Job) -> None:
        await unbroken(interaction.response.defer())
        owner_id = UserId(interaction.user.id)
        await self._tracker.cancel(job.id, by=owner_id, may_moderate=False)
        view = jobs_card(await self._history.recent(owner_id))
        await unbroken(interaction.edit_original_response(view=view))


async def setup(bot: EaselBot) -> None:
    """Load the cog, and let it hear of jobs that are picked on its cards."""
    cog = bot.picks = Jobs(bot.services.history, bot.services.tracker)
    bot.add_dynamic_items(JobSelect)
    await bot.add_cog(cog)
