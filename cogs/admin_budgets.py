"""`/admin budget …`: how much members may use, together or each alone, and how fast."""

from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.accounts.budgets import MOST
from bot.accounts.money import Money
from bot.client import EaselBot
from bot.domain.budgets import Budget, BudgetId, Measure, Period, Whom
from bot.domain.credits import CREDIT
from bot.domain.errors import InvalidRequest
from bot.ui import budget_copy, treasury_copy
from bot.ui.admin import deed_of, require_manager
from bot.ui.choices import CHOICE_CHARS_MAX, CHOICES_MAX
from bot.ui.house_rules import card
from bot.ui.texts import one_line
from bot.ui.whispers import whisper

MEASURES = [
    Choice(name="credits", value=Measure.CREDITS.value),
    Choice(name="requests", value=Measure.JOBS.value),
    Choice(name="seconds between two requests of a member", value=Measure.PAUSE.value),
]
PERIODS = [Choice(name=f"each {period}", value=period.value) for period in Period]
SHARERS = [
    Choice(name="each member alone", value=Whom.EACH.value),
    Choice(name="all members together", value=Whom.SERVER.value),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerned:
    """For whom a budget was asked for, as it was said."""

    sharers: str | None
    role: discord.Role | None
    member: discord.User | None
    except_role: discord.Role | None


class BudgetCommands(app_commands.Group):
    """How much members of this server may use."""

    def __init__(self, money: Money) -> None:
        super().__init__(name="budget", description="How much members of this server may use.")
        self._money = money

    @app_commands.command(name="set")
    @app_commands.describe(
        amount=treasury_copy.BUDGET_AMOUNT,
        of=treasury_copy.BUDGET_OF,
        per=treasury_copy.BUDGET_PER,
        sharers=treasury_copy.BUDGET_FOR,
        role=treasury_copy.BUDGET_ROLE,
        member=treasury_copy.BUDGET_MEMBER,
        except_role=treasury_copy.BUDGET_EXCEPT,
    )
    @app_commands.rename(sharers="for")
    @app_commands.choices(of=MEASURES, per=PERIODS, sharers=SHARERS)
    async def put(  # noqa: PLR0913 -- discord.py reads the options from here
        self,
        interaction: discord.Interaction[Any],
        amount: Range[int, 0, MOST[Measure.CREDITS] // CREDIT],
        *,
        of: str | None = None,
        per: str | None = None,
        sharers: str | None = None,
        role: discord.Role | None = None,
        member: discord.User | None = None,
        except_role: discord.Role | None = None,
    ) -> None:
        """Set a budget, in the place of one about the same."""
        deed = deed_of(interaction)
        concerned = Concerned(sharers=sharers, role=role, member=member, except_role=except_role)
        measure = Measure(of or Measure.CREDITS)
        budget = _budget(deed.guild_id, amount, measure, per, concerned)
        await self._money.budgets.set(budget, deed=deed)
        await whisper(interaction, treasury_copy.budget_set(budget_copy.rule(budget)))

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction[Any]) -> None:
        """Show the budgets of this server."""
        found = await self._money.budgets.of(require_manager(interaction))
        lines = [budget_copy.rule(budget) for budget in found] or [treasury_copy.NO_BUDGETS]
        view = card(treasury_copy.BUDGETS, *lines)
        await whisper(interaction, view)

    @app_commands.command()
    @app_commands.describe(budget=treasury_copy.BUDGET_ONE)
    async def remove(
        self, interaction: discord.Interaction[Any], budget: Range[str, 1, CHOICE_CHARS_MAX]
    ) -> None:
        """Take a budget away."""
        deed = deed_of(interaction)
        known = {one.id: one for one in await self._money.budgets.of(deed.guild_id)}
        budget_id = BudgetId(budget)
        if budget_id not in known or not await self._money.budgets.remove(budget_id, deed=deed):
            raise InvalidRequest(treasury_copy.NO_SUCH_BUDGET)
        await whisper(interaction, treasury_copy.budget_removed(budget_copy.rule(known[budget_id])))

    @remove.autocomplete("budget")
    async def suggest(self, interaction: discord.Interaction[Any], typed: str) -> list[Choice[str]]:
        """Offer the budgets that there are."""
        assert interaction.guild_id is not None, "the check of /admin comes first"
        found = await self._money.budgets.of(interaction.guild_id)
        named = [(_name(interaction, budget), budget.id) for budget in found]
        return [
            Choice(name=one_line(name, chars_max=CHOICE_CHARS_MAX), value=budget_id)
            for name, budget_id in named
            if typed.casefold() in name.casefold()
        ][:CHOICES_MAX]


def _budget(
    guild_id: int, amount: int, measure: Measure, per: str | None, concerned: Concerned
) -> Budget:
    """Return the budget that was described; raise `InvalidRequest` for one that cannot be."""
    whom, subject_id = _whom(concerned)
    if measure is Measure.PAUSE and (per is not None or whom is Whom.SERVER):
        raise InvalidRequest(treasury_copy.PAUSE_IS_EACH)
    excepted = concerned.except_role
    return Budget(
        guild_id=guild_id,
        whom=whom,
        measure=measure,
        amount=amount * CREDIT if measure is Measure.CREDITS else amount,
        period=None if measure is Measure.PAUSE else Period(per or Period.DAY),
        subject_id=subject_id,
        except_role_ids=frozenset() if excepted is None else frozenset({excepted.id}),
    )


def _whom(concerned: Concerned) -> tuple[Whom, int]:
    match concerned:
        case Concerned(role=discord.Role(), member=discord.abc.User()):
            raise InvalidRequest(treasury_copy.ONE_OF_BOTH)
        case Concerned(role=discord.Role(id=role_id)):
            return Whom.ROLE, role_id
        case Concerned(member=discord.abc.User(id=member_id)):
            return Whom.MEMBER, member_id
        case _:
            return Whom(concerned.sharers or Whom.EACH), 0


def _name(interaction: discord.Interaction[Any], budget: Budget) -> str:
    """Write a budget without markup, which suggestions do not show; roles by name where known."""
    words = budget_copy.rule(budget)
    roles = [] if interaction.guild is None else interaction.guild.roles
    for role in roles:
        words = words.replace(f"<@&{role.id}>", role.name)
    return words


async def setup(bot: EaselBot) -> None:
    """Add the commands to `/admin`."""
    bot.add_admin(BudgetCommands(bot.services.money))
