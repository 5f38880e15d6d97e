"""`/admin grant|revoke|pool|prices|statement|totals`: where credits come from, and where they went."""

import asyncio
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.accounts.audit_trail import AuditBook
from bot.accounts.money import Money
from bot.accounts.treasury import AMOUNT_MAX
from bot.client import EaselBot
from bot.domain.credits import CREDIT, credits_of
from bot.domain.csv_text import to_csv
from bot.domain.errors import InvalidRequest
from bot.domain.jobs import UserId
from bot.domain.payers import WHOLE_SERVER, PayRule
from bot.domain.pricing import USUAL
from bot.ui import admin_copy, treasury_copy
from bot.ui.admin import deed_of, require_manager
from bot.ui.channel_options import Place
from bot.ui.files import hand_out
from bot.ui.house_rules import card
from bot.ui.unbroken import unbroken
from bot.ui.whispers import think, whisper

MOVEMENTS_SHOWN = 20
MOVEMENTS_EXPORTED_MAX = 5000
DAYS_USUAL, DAYS_MAX = 14, 366
DAYS_SHOWN = 31

Amount = Range[int, 1, AMOUNT_MAX // CREDIT]

ELSEWHERE = "elsewhere"
PAYER_CHOICES = [
    *(Choice(name=words, value=rule.value) for rule, words in treasury_copy.PAYERS.items()),
    Choice(name=treasury_copy.AS_ELSEWHERE, value=ELSEWHERE),
]


class Direct(app_commands.Group):
    """The commands of credits that stand directly below `/admin`."""

    def __init__(self, money: Money, trail: AuditBook) -> None:
        super().__init__(name="direct")
        self._money = money
        self._trail = trail

    @app_commands.command()
    @app_commands.describe(
        member=treasury_copy.GRANT_MEMBER,
        amount=treasury_copy.AMOUNT,
        from_pool=treasury_copy.FROM_POOL,
    )
    async def grant(
        self,
        interaction: discord.Interaction[Any],
        member: discord.User,
        amount: Amount,
        *,
        from_pool: bool | None = None,
    ) -> None:
        """Give a member credits."""
        member_id, moved = UserId(member.id), credits_of(amount)
        now = await self._money.treasury.grant(
            member_id, moved, deed=deed_of(interaction), from_pool=from_pool
        )
        await whisper(interaction, treasury_copy.granted(member_id, moved, now=now))

    @app_commands.command()
    @app_commands.describe(member=treasury_copy.REVOKE_MEMBER, amount=treasury_copy.AMOUNT)
    async def revoke(
        self, interaction: discord.Interaction[Any], member: discord.User, amount: Amount
    ) -> None:
        """Take credits back from a member."""
        member_id, moved = UserId(member.id), credits_of(amount)
        now = await self._money.treasury.revoke(member_id, moved, deed=deed_of(interaction))
        await whisper(interaction, treasury_copy.revoked(member_id, moved, now=now))

    @app_commands.command()
    async def prices(self, interaction: discord.Interaction[Any]) -> None:
        """Show what requests cost here."""
        require_manager(interaction)
        lines = map(treasury_copy.price_line, (*self._money.prices.prices, USUAL))
        view = card(treasury_copy.PRICES, *lines)
        await whisper(interaction, view)

    @app_commands.command()
    @app_commands.describe(member=treasury_copy.STATEMENT_MEMBER, csv=treasury_copy.AS_A_FILE)
    async def statement(
        self, interaction: discord.Interaction[Any], member: discord.User, *, csv: bool = False
    ) -> None:
        """Show a member's credits, and what moved them in this server."""
        deed, member_id = deed_of(interaction), UserId(member.id)
        await think(interaction)
        found = await self._money.treasury.member(
            member_id,
            limit=MOVEMENTS_EXPORTED_MAX if csv else MOVEMENTS_SHOWN,
            guild_id=deed.guild_id,
        )
        if not csv:
            lines = [treasury_copy.movement(one, account=found.id) for one in found.transfers]
            view = card(
                treasury_copy.statement_title(member_id),
                treasury_copy.owns(found.balance),
                *(lines or [treasury_copy.NO_MOVEMENTS]),
                f"-# {treasury_copy.ONLY_HERE}",
            )
            await unbroken(interaction.edit_original_response(view=view))
            return
        await self._trail.exported("statement", deed=deed, subject_id=member_id)
        rows = treasury_copy.statement_rows(found.transfers, account=found.id)
        data = await asyncio.to_thread(to_csv, treasury_copy.STATEMENT_HEADER, rows)
        said = admin_copy.table(len(found.transfers), rows_max=MOVEMENTS_EXPORTED_MAX)
        await hand_out(interaction, data, name=f"statement-{member_id}.csv", said=said)

    @app_commands.command()
    @app_commands.describe(days=treasury_copy.DAYS, csv=treasury_copy.AS_A_FILE)
    async def totals(
        self,
        interaction: discord.Interaction[Any],
        days: Range[int, 1, DAYS_MAX] = DAYS_USUAL,
        *,
        csv: bool = False,
    ) -> None:
        """Show what members used in this server, day by day."""
        deed = deed_of(interaction)
        await think(interaction)
        found = await self._money.treasury.days(deed.guild_id, days=days)
        if not csv:
            lines = [treasury_copy.day_line(total) for total in found[:DAYS_SHOWN]]
            view = card(treasury_copy.TOTALS, *(lines or [treasury_copy.NOTHING_USED]))
            await unbroken(interaction.edit_original_response(view=view))
            return
        await self._trail.exported("totals", deed=deed)
        rows = treasury_copy.totals_rows(found)
        data = await asyncio.to_thread(to_csv, treasury_copy.TOTALS_HEADER, rows)
        said = admin_copy.table(len(found), rows_max=DAYS_MAX + 1)
        await hand_out(interaction, data, name="totals.csv", said=said)


class Pool(app_commands.Group):
    """Credits of the server itself, and who pays where."""

    def __init__(self, money: Money) -> None:
        super().__init__()
        self._money = money

    @app_commands.command()
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        """Show what is in the pool, what moved it, and who pays where."""
        await self._show(interaction)

    @app_commands.command()
    @app_commands.describe(amount=treasury_copy.AMOUNT)
    async def fund(self, interaction: discord.Interaction[Any], amount: Amount) -> None:
        """Put new credits into the pool."""
        moved = credits_of(amount)
        now = await self._money.treasury.fund(moved, deed=deed_of(interaction))
        await whisper(interaction, treasury_copy.funded(moved, now=now))

    @app_commands.command()
    @app_commands.describe(who=treasury_copy.PAYER, channel=treasury_copy.PAYER_CHANNEL)
    @app_commands.choices(who=PAYER_CHOICES)
    async def payer(
        self, interaction: discord.Interaction[Any], who: str, channel: Place | None = None
    ) -> None:
        """Choose whose credits pay for requests here, everywhere or in one channel."""
        if who == ELSEWHERE and channel is None:
            raise InvalidRequest(treasury_copy.PAYER_NOWHERE)
        await self._money.payers.set(
            None if who == ELSEWHERE else PayRule(who),
            deed=deed_of(interaction),
            channel_id=WHOLE_SERVER if channel is None else channel.id,
        )
        await self._show(interaction)

    async def _show(self, interaction: discord.Interaction[Any]) -> None:
        guild_id = require_manager(interaction)
        pool = await self._money.treasury.pool(guild_id, limit=MOVEMENTS_SHOWN)
        rules = self._money.payers.of(guild_id)
        payers = [
            treasury_copy.payer_line(channel_id, rule)
            for channel_id, rule in sorted(rules.items(), reverse=True)  # "everywhere else" last
        ]
        if WHOLE_SERVER not in rules:
            payers.append(treasury_copy.payer_usual())
        moved = [treasury_copy.movement(one, account=pool.id) for one in pool.transfers]
        view = card(
            treasury_copy.POOL,
            treasury_copy.owns(pool.balance),
            *payers,
            *(moved or [treasury_copy.NO_MOVEMENTS]),
        )
        await whisper(interaction, view)


async def setup(bot: EaselBot) -> None:
    """Add the commands to `/admin`."""
    services = bot.services
    direct = Direct(services.money, services.audit_trail)
    bot.add_admin(*direct.commands, Pool(services.money))
