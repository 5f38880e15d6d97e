"""What a member likes their pictures to be when a command does not say."""

from dataclasses import asdict, dataclass

from bot.domain.credits import Microcredits
from bot.domain.prompts import Setting

ASK_ABOVE_USUAL = 25
ASK_NEVER = 100  # nobody can spend more than they have


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """A member's own defaults; None means "as Easel does it".

    The fields are named as the parameters they stand for; `aspect` is a shape such as "16:9".
    """

    model: str | None = None
    aspect: str | None = None
    negative: str | None = None
    steps: int | None = None
    nsfw: bool = False
    private: bool = False
    ask_above: int = ASK_ABOVE_USUAL
    """Of all their credits, the most percent that a request may cost without a question."""

    def defaults(self, *, is_age_restricted: bool) -> dict[str, Setting]:
        """Return what `build_request` takes; adult content only where it may be asked for."""
        settings = asdict(self)
        del settings["ask_above"]
        return {**settings, "nsfw": self.nsfw and is_age_restricted}

    def asks_first(self, price: Microcredits, *, owned: Microcredits) -> bool:
        """Tell whether a price is so much of all that a member owns that they are asked first."""
        return price * 100 > owned * self.ask_above
