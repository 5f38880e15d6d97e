"""The door of a server: every request passes it, from memory, before anything is held or sent."""

from dataclasses import replace

from bot.accounts.house_rules import HouseBook
from bot.accounts.marks import Marks
from bot.accounts.strikes import WAIT, StrikeBook
from bot.domain.askers import Asker
from bot.domain.errors import ContentRefused, QuotaExceeded
from bot.domain.house_rules import HouseRules
from bot.domain.moderation import admitted, check_person
from bot.domain.requests import Request


class Door:
    """Let requests in, or say whose rule keeps them out."""

    def __init__(self, house: HouseBook, strikes: StrikeBook, marks: Marks) -> None:
        self._house = house
        self._strikes = strikes
        self._marks = marks

    def admit(self, request: Request, asker: Asker) -> Request:
        """Return a request as it may be made here.

        Raises `NotAllowed` and `ContentRefused` for the server's rules, and `QuotaExceeded` for
        whoever broke rules about content too often.
        """
        for number in self._marks.numbers(asker.id):
            until = self._strikes.paused_until(number)
            if until is not None:
                raise QuotaExceeded(WAIT, retry_at=until)
            check_person(replace(asker, id=number), self.rules(asker.guild_id))
        try:
            return admitted(request, asker=asker, rules=self.rules(asker.guild_id))
        except ContentRefused as refusal:
            if refusal.is_strike:
                self._strikes.refused(asker.id)
            raise

    def rules(self, guild_id: int | None) -> HouseRules:
        """Return the rules that hold in a server; direct messages have none."""
        return self._house.rules(guild_id)
