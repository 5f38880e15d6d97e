"""Every sentence that a member can read, in one place; looks are in `bot.ui.cards`.

Functions return Discord markup. What comes from members or providers goes through `bot.ui.texts`.
"""

from datetime import datetime

from bot.domain.credits import NOTHING, Microcredits
from bot.domain.jobs import Job, JobState, Progress
from bot.ui import texts

# ------------------------------------------------------------------ cards

PROVIDERS = {
    "horde": "AI Horde",
    "aime": "AIME",
    "algovera": "Algovera",
    "ai_client": "AI Client",
    "nebula": "Nebula",
}
"""Providers by the names that members know."""

LOST = "Lost"
ON_ITS_WAY = "On its way"
STOPPING = "Stopping…"
IN_THE_QUEUE = "In the queue"
DRAWING = "Drawing"
POSTING = "Posting the pictures"
DONE = "Done"
ENDED = {
    JobState.FAILED: "That did not work",
    JobState.CANCELLED: "Cancelled",
    JobState.EXPIRED: "Took too long",
}
NO_REASON = "No reason was given."
NOBODY_CAN = "Nobody can do this right now. It starts as soon as somebody can."
CANCEL = "Cancel"
TRY_AGAIN = "Try again"
NOTE_CHARS_MAX = 200
REASON_CHARS_MAX = 400
ANSWER_CHARS_MAX = 900  # twice as long when every character has to be escaped
NAME_CHARS_MAX = 60


def heading(title: str) -> str:
    """Write the first line of a card."""
    return f"### {title}"


def small(*facts: str | None) -> str:
    """Write facts on one line in small print; None is left out."""
    return "-# " + " · ".join(fact for fact in facts if fact)


def provider(name: str) -> str:
    """Name a provider as members know it."""
    return PROVIDERS.get(name) or texts.inline(name, chars_max=NAME_CHARS_MAX)


def owner(job: Job) -> str:
    """Say whose job it is; nobody is pinged, as no message of ours may mention."""
    return f"<@{job.owner_id}>"


def model(name: str | None) -> str | None:
    """Name a backend model, if one was chosen."""
    return texts.inline(name, chars_max=NAME_CHARS_MAX) if name else None


def size(job: Job) -> str:
    """Say how many pictures were asked for, and how big."""
    request = job.request
    count = pictures(request.count)
    if request.width is None or request.height is None:
        return count
    return f"{request.width} × {request.height}, {count}"


def pictures(count: int) -> str:
    """Count pictures."""
    return "1 picture" if count == 1 else f"{count} pictures"


def seed(value: int | str | None) -> str | None:
    """Name the seed, if it is known."""
    return None if value is None else f"seed {texts.inline(str(value), chars_max=24)}"


def price(job: Job) -> str:
    """Say what it will cost at most, and what there was before."""
    if job.has_own_key:
        return "on your own key"
    if job.price == NOTHING:
        return "free"
    about = f"about {texts.in_credits(job.price)}"
    if job.balance_before > NOTHING:
        about += f" (you have {texts.figure(job.balance_before)})"
    return about


def place(progress: Progress) -> str | None:
    """Say how many are ahead, if the provider tells."""
    return None if progress.place is None else f"place {progress.place:,}"


def finished(progress: Progress) -> str:
    """Say how many pictures there are already."""
    return f"{progress.finished} of {progress.total}"


def ready(at: datetime | None) -> str | None:
    """Say when it will be done, if that is known."""
    return None if at is None else f"done {texts.relative(at)}"


def cost(job: Job) -> str:
    """Say what it cost in the end."""
    if job.has_own_key:
        return "on your own key"
    if job.price == NOTHING:
        return "free"
    if job.refunded <= NOTHING:
        return texts.in_credits(job.charged)
    return f"{texts.in_credits(job.charged)}, {texts.figure(job.refunded)} returned"


def arrived(job: Job) -> str | None:
    """Say it when fewer pictures came than were asked for."""
    came, asked = len(job.pictures), job.request.count
    if came >= asked:
        return None
    line = f"{came} of {asked} arrived"
    if job.has_own_key or job.refunded <= NOTHING:
        return f"{line}."
    return f"{line}; {texts.in_credits(job.refunded)} returned."


def withheld(count: int) -> str | None:
    """Say how many pictures the provider's own filter kept back."""
    if count == 0:
        return None
    return f"{pictures(count)} withheld by the provider's content filter."


def returned(job: Job) -> str:
    """Say what happened to the credits of a job that ended early."""
    if job.has_own_key or job.price == NOTHING:
        return "Nothing was charged."
    if job.charged == NOTHING:
        return f"{texts.in_credits(job.price)} returned."
    return f"{texts.in_credits(job.charged)} charged, {texts.figure(job.refunded)} returned."


def note(text: str) -> str:
    """Pass on a remark of the provider or of the plan."""
    return small(texts.inline(text, chars_max=NOTE_CHARS_MAX))


def alt(text: str) -> str:
    """Describe a picture for those who cannot see it."""
    return texts.one_line(text, chars_max=texts.ALT_CHARS_MAX) or "A picture"


# ------------------------------------------------------------------ buttons

NOT_YOURS_TO_REPEAT = (
    "Only the member who asked for this can try it again. /imagine is open to you."
)
REQUEST_FORGOTTEN = "I no longer have this request. Please use /imagine again."
LOST_BEFORE_IT_BEGAN = "This one was lost before it began; nothing was charged."
NOT_BEGUN_YET = "This one is only just starting. Please press again in a moment."
SHUTTING_DOWN = "I am restarting and take nothing new for a moment. Please try again in a minute."

# ------------------------------------------------------------------ reaching a card

CARD_TOO_LATE = "The answer could only be seen by one member, and the time to change it is over."
CARD_GONE = "The message of this job was deleted."
CHANNEL_GONE = "The channel of this job is gone."
CHANNEL_CLOSED = "I may no longer write in the channel of this job."
CARD_REFUSED = "Discord refused the message of this job."
CARD_TOO_BIG = "The pictures are too big for this place, even when made smaller."
DISCORD_AWAY = "Discord did not take the message."

# ------------------------------------------------------------------ errors

COMMAND_CHANGED = "This command has changed. Please reload Discord and try again."
STORE_AWAY = "I cannot save anything right now, so nothing was started or charged."
ADULTS_ELSEWHERE = "Pictures for adults can only be asked for in age-restricted channels."
NOT_HERE = "You cannot use this command here."


def too_poor(*, needed: int, available: int, renews_at: datetime) -> str:
    """Say what is missing and when there will be more; amounts are microcredits."""
    return (
        f"This costs {texts.in_credits(Microcredits(needed))} and you have "
        f"{texts.figure(Microcredits(available))}. "
        f"Your next allowance arrives {texts.relative(renews_at)}."
    )


def too_soon(sentence: str, *, retry_at: datetime | None) -> str:
    """Say what limit was reached and when to come back."""
    words = texts.inline(sentence, chars_max=REASON_CHARS_MAX)
    return words if retry_at is None else f"{words} Next try {texts.relative(retry_at)}."


def provider_failed(sentence: str, *, name: str) -> str:
    """Pass on what a provider said."""
    return f"{provider(name)}: {texts.inline(sentence, chars_max=REASON_CHARS_MAX)}"


def our_fault(incident: str) -> str:
    """Apologise for a mistake of ours with something to quote."""
    return f"Something went wrong on our side. If it stays, please quote incident `{incident}`."


def bad_option(value: str) -> str:
    """Say which value of an option cannot be read."""
    return f"I cannot read “{texts.inline(value, chars_max=NAME_CHARS_MAX)}” in this option."
