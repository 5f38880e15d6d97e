"""What a member likes their pictures to be when a command does not say."""

from dataclasses import asdict, dataclass

from bot.domain.prompts import Setting


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

    def defaults(self, *, is_age_restricted: bool) -> dict[str, Setting]:
        """Return what `build_request` takes; adult content only where it may be asked for."""
        return {**asdict(self), "nsfw": self.nsfw and is_age_restricted}
