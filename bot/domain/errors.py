"""What can go wrong, and what to do about it: the class says what to do, the text says what happened.

* BotError                 anything we raise on purpose
  x UserError              the member can mend it: shown as it is, never logged as an error
    - InvalidRequest       what was asked cannot be read, or lies outside a limit
    - InsufficientCredits  the balance does not cover the price (.needed .available .renews_at)
    - Unconfirmed          it costs so much that the member is asked first (.price .available)
    - QuotaExceeded        too many at once, or too soon (.retry_at)
      · BudgetExceeded     more than the server allows (.standing .needed)
    - ContentRefused       a rule about content says no (.is_strike)
    - NotAllowed           this is not theirs to do
    - OthersFirst          this process does not know, or is about to go: another one may do it
  x ProviderError          a provider failed us (.provider)
    - Transient            try again, later or elsewhere (.retry_after_s)
      · RateLimited        the provider asked us to slow down
        - ShutOut          for a while it takes nothing from this address, whoever asks
        - KeyBusy          as much is in work on this key as its account may have
    - Permanent            another try would fail the same way
      · KeyRejected        the provider does not know this key
      · KeyEmpty           the account behind the key cannot pay
      · TurnedAway         the provider takes nothing from this bot, whatever is asked
      · InVain             it was done, perhaps paid for, and nothing came of it
      · ProtocolBroken     an answer that cannot be read
    - Ambiguous            a submit that may have arrived: look before sending again
  x CardLost               the message can no longer be reached: stop trying
    - FilesRefused         it takes words, but not these files: say why
  x CardDelayed            Discord did not take an edit: try again later (.retry_after_s)
  x StorageUnavailable     the store cannot write now: nothing was changed
  x ConfigurationError     the operator has to change something before it can run (.faults)
    - AlreadyRunning       another process has the database
"""

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.budgets import Standing


class BotError(Exception):
    """The root of everything raised on purpose; `str()` is a sentence."""


class UserError(BotError):
    """Show the sentence to the member; it says what to do."""


class InvalidRequest(UserError):
    """What was asked cannot be read, or lies outside a limit."""


class InsufficientCredits(UserError):
    """The balance does not cover the price; amounts are microcredits.

    A member's balance renews; nobody knows that of a server's, where `renews_at` is None.
    """

    def __init__(self, *, needed: int, available: int, renews_at: datetime | None) -> None:
        super().__init__("Your credits do not cover this.")
        self.needed = needed
        self.available = available
        self.renews_at = renews_at


class Unconfirmed(UserError):
    """It costs so much of what the member has that they are asked first; in microcredits."""

    def __init__(self, *, price: int, available: int) -> None:
        super().__init__("This needs your word first.")
        self.price = price
        self.available = available


class QuotaExceeded(UserError):
    """Too many at once, or too soon."""

    def __init__(self, sentence: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(sentence)
        self.retry_at = retry_at


class BudgetExceeded(QuotaExceeded):
    """More than a budget of the server allows; `needed` is the price in microcredits."""

    def __init__(self, standing: "Standing", *, needed: int) -> None:
        super().__init__("This server does not allow more now.", retry_at=standing.lifts_at)
        self.standing = standing
        self.needed = needed


class ContentRefused(UserError):
    """A rule about content says no; the sentence names whose rule.

    `is_strike`: doing it again and again is held against the member (`bot.domain.strikes`).
    """

    def __init__(self, sentence: str, *, is_strike: bool = True) -> None:
        super().__init__(sentence)
        self.is_strike = is_strike


class NotAllowed(UserError):
    """The member asks for something that is not theirs to do."""


class OthersFirst(UserError):
    """Say it only if no other process of ours answers first: one that knows, or one that stays."""


class ProviderError(BotError):
    """A provider failed us; the sentence keeps the provider's own explanation."""

    def __init__(self, sentence: str, *, provider: str) -> None:
        super().__init__(sentence)
        self.provider = provider


class Transient(ProviderError):
    """Try again, later or elsewhere: nothing was accepted or changed by the failed call."""

    def __init__(self, sentence: str, *, provider: str, retry_after_s: float | None = None) -> None:
        super().__init__(sentence, provider=provider)
        self.retry_after_s = retry_after_s


class RateLimited(Transient):
    """The provider asked us to slow down."""


class ShutOut(RateLimited):
    """For a while the provider takes nothing from this address, whoever asks and with any key."""


class KeyBusy(RateLimited):
    """As much is in work on this key as its account may have; with other keys it goes on."""


class Permanent(ProviderError):
    """Another try would fail the same way: fail the job and give the credits back."""


class KeyRejected(Permanent):
    """The provider does not know this key, or no longer takes it."""


class KeyEmpty(Permanent):
    """The account behind the key cannot pay for what was asked."""


class TurnedAway(Permanent):
    """The provider takes nothing from this bot, whatever is asked: its operator has to look."""


class InVain(Permanent):
    """The provider did what was asked, may have been paid for it, and has nothing to show.

    Nobody else is asked by itself: that would be paid for a second time.
    """


class ProtocolBroken(Permanent):
    """The provider answered with something that cannot be read."""


class Ambiguous(ProviderError):
    """A submit that may have arrived: look for it before sending it again."""


class CardLost(BotError):
    """The job's message can no longer be reached; the sentence says why."""


class FilesRefused(CardLost):
    """The message is there but takes no files, or none that small; words may reach it."""


class CardDelayed(BotError):
    """Discord did not take an edit; the same edit is worth another try."""

    def __init__(self, sentence: str, *, retry_after_s: float) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class StorageUnavailable(BotError):
    """The store cannot write now (full, read-only, locked); nothing was changed."""


class ConfigurationError(BotError):
    """The operator has to change something; every fault is a sentence of its own."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class AlreadyRunning(ConfigurationError):
    """Another process has the database: stop it, or leave the work to it."""
