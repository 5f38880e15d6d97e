"""Every sentence about a member's own data: what is exported, what is erased, what stays."""

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.retention import Retention
from bot.ui import texts

COMMANDS = "See or erase what is stored about you."
ERASE_TITLE = "Erase everything about you"
ERASE_BUTTON = "Erase everything"
ERASE_WHAT = (
    "This takes your jobs with their prompts, pictures and attachments, your keys, your defaults "
    "and your credits. What is under way is stopped first. It cannot be undone."
)
ERASE_WHAT_STAYS = (
    "What stays: messages that were posted in Discord (delete them there), what a provider already "
    "has, the operator's older backups, and the movements of credits without you. A server's ban "
    "and what you used of its budgets stay under a number that only you lead back to."
)
ERASING = "Erasing. What is under way is stopped first…"
ERASED = (
    "Everything about you is erased; pictures leave the disk within minutes. You are welcome to "
    "start anew."
)
ERASING_LATER = (
    "A job of yours is not over yet, so this takes longer. It goes on by itself, also after a "
    "restart; until then you cannot begin anything new."
)
NOT_YOUR_ERASURE = "This is somebody else's. Run /privacy erase for your own."
MISSING_PICTURES = "/jobs shows the newest of them for as long as they are kept."


def about(providers: Sequence[str], *, retention: Retention) -> str:
    """Say what this is, who reads along, what is kept and for how long, and what members can do."""
    names = ", ".join(map(texts.inline, providers))
    return (
        "I make pictures and texts with other people's generators: try /imagine or /ask.\n"
        f"**Who receives what.** Your prompts and attached pictures go to whoever works on them: "
        f"{names}. Whoever works there can read them; on the AI Horde those are volunteers. They "
        "are not told who you are.\n"
        "**What is kept here.** Each request with your Discord id, so that it survives a restart; "
        f"its results for {span(retention.results)}, its words for {span(retention.words)}; your "
        "credits; keys that you bring, sealed. No other messages are read. Nothing is used to "
        "train anything.\n"
        "**What you can do.** /report tells those who look after this place what is wrong. /privacy export gives you all of it, /privacy erase deletes it. "
        "When I am removed from a server, what belongs to it is deleted after "
        f"{span(retention.left_servers)}."
    )


def span(time: timedelta) -> str:
    """Write a span in hours or days."""
    hours = int(time.total_seconds() // 3600)
    if hours % 24 or not hours:
        return "1 hour" if hours == 1 else f"{hours} hours"
    return "1 day" if hours == 24 else f"{hours // 24} days"  # noqa: PLR2004 -- hours of a day


def part(number: int) -> str:
    """Say what a file of an export is."""
    if number == 1:
        return "Everything that is stored about you. README.txt in it says what is what."
    return f"File {number} of your export, with more of it."


def left_out(count: int) -> str:
    """Say what did not fit."""
    pictures = "1 picture is" if count == 1 else f"{count:,} pictures are"
    return texts.sentences(
        f"{pictures} too big or too many for this, and left out. {MISSING_PICTURES}", chars_max=300
    )
