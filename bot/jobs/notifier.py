"""What jobs need of the place where people read: declared here, fitted by `bot.ui.editor`."""

from typing import Protocol

from bot.domain.jobs import Job


class Notifier(Protocol):
    """Show jobs on their cards."""

    def show(self, job: Job) -> None:
        """Bring the card up to date when there is room; the newest state wins. Returns at once."""
        ...

    async def finish(self, job: Job) -> None:
        """Put the last state on the card and return once Discord has taken it.

        Raises `CardLost` when the card is gone for good and `CardDelayed` when it is worth
        another try later. Repeating it changes nothing.
        """
        ...
