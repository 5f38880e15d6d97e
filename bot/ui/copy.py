"""Every sentence that a member can read, in one place; looks are in `bot.ui.cards`.

Functions return Discord markup. What comes from members or providers goes through `bot.ui.texts`.
"""

from datetime import datetime

from bot.domain.credits import (
    NOTHING,
    is_server,
)
from bot.domain.jobs import (
    ALT_CHARS_MAX,
    ENDS,
    WORKING,
    Failure,
    FailureKind,
    Job,
    JobState,
    PassageKind,
    Progress,
    Second,
)
from bot.domain.keys import ON_KEY, KeyKind
from bot.domain.requests import (
    AlchemyRequest,
    PictureRequest,
    Request,
    TextRequest,
    is_forgotten,
)
from bot.ui import alchemy_copy, texts

# ------------------------------------------------------------------ cards

PROVIDERS = {
    "horde": "AI Horde",
    "aime": "AIME",
    "algovera": "Algovera",
    "ai_client": "AI Client",
    "nebula": "Nebula Block",
}
"""Providers by the names that members know."""

LOST = "Lost"
ON_ITS_WAY = "On its way"
STOPPING = "Stopping…"
STOPS_WITH_THE_ANSWER = "It stops when its answer comes; what that brings is paid for, and yours."
IN_THE_QUEUE = "In the queue"
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
AGAIN = "Again"
CONTINUE = "Continue"
NOTE_CHARS_MAX = 200
REASON_CHARS_MAX = 400
ANSWER_CHARS_MAX = 900  # twice as long when every character has to be escaped
NAME_CHARS_MAX = 60
CHOICE_CHARS_MAX = 100  # Discord's limit for a suggestion


def heading(title: str) -> str:
    """Write the first line of a card."""
    return f"### {title}"


def trouble(failure: Failure) -> str:
    """Say why a job takes longer; it is not over."""
    return f"{texts.inline(failure.sentence, chars_max=REASON_CHARS_MAX)} I try again by myself."


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


def style(request: Request) -> str | None:
    """Name the style of pictures, without who made it."""
    name = request.style if isinstance(request, PictureRequest) else None
    if not name:
        return None
    return f"style {texts.inline(name.rpartition('::')[2], chars_max=NAME_CHARS_MAX)}"


def at_work(request: Request) -> str:
    """Say what is being done."""
    match request:
        case PictureRequest():
            return "Drawing"
        case TextRequest():
            return "Writing"
        case AlchemyRequest():
            return "At work"


def posting(request: Request) -> str:
    """Say what is there and on its way onto the card."""
    match request:
        case PictureRequest():
            return "Posting the pictures"
        case TextRequest():
            return "Posting the answer"
        case AlchemyRequest():
            return "Posting the results"


def size(job: Job) -> str:
    """Say how many results were asked for, and how big pictures shall be."""
    request = job.request
    count = results(request)
    match request:
        case PictureRequest(width=int(width), height=int(height)):
            return f"{width} × {height}, {count}"
        case TextRequest(length=int(tokens)):
            return f"up to {words(tokens * 3 // 4)}"
        case _:
            return count


def results(request: Request) -> str:
    """Count what was asked for."""
    match request:
        case PictureRequest():
            return pictures(request.count)
        case TextRequest():
            return "1 text"
        case AlchemyRequest():
            return "1 result" if request.count == 1 else f"{request.count} results"


def pictures(count: int) -> str:
    """Count pictures."""
    return "1 picture" if count == 1 else f"{count} pictures"


def seed(value: int | str | None) -> str | None:
    """Name the seed, if it is known."""
    return None if value is None else f"seed {texts.inline(str(value), chars_max=24)}"


def price(job: Job) -> str:
    """Say what it will cost at most, and what there was before."""
    key = ON_KEY[job.key_kind]
    if job.price == NOTHING:
        return key or "free"
    about = f"about {texts.in_credits(job.price)}"
    if job.payer is not None and is_server(job.payer):
        about += " of this server"
    elif job.balance_before > NOTHING:
        about += f", you have {texts.figure(job.balance_before)}"
    return f"{about}, {key}" if key else about


def second(job: Job) -> str | None:
    """Say who takes over by itself if the provider takes nothing, and for how much."""
    if job.second is None or not job.second.is_automatic:
        return None
    cost = (
        ""
        if job.second.key_kind is KeyKind.MEMBER
        else f", about {texts.in_credits(job.second.price)}"
    )
    return f"else {provider(job.second.provider)}{cost}"


def elsewhere(second: Second) -> str:
    """Offer to ask somebody else, and for how much; a button shows at most 80 characters."""
    cost = (
        ON_KEY[second.key_kind]
        if second.key_kind is KeyKind.MEMBER
        else texts.in_credits(second.price)
    )
    return texts.one_line(
        f"Ask {PROVIDERS.get(second.provider, second.provider)} ({cost})", chars_max=80
    )


def place(progress: Progress) -> str | None:
    """Say how many are ahead, if the provider tells."""
    return None if progress.place is None else f"place {progress.place:,}"


def finished(progress: Progress) -> str:
    """Say how far it is: a percentage, and a count where there are several results."""
    share = None if progress.percent is None else texts.percent(progress.percent)
    if progress.total == 1 and share is not None:
        return share
    count = f"{progress.finished} of {progress.total}"
    return f"{count} · {share}" if share else count


def written(progress: Progress) -> str | None:
    """Say how much of a text there is."""
    return f"{words(len(progress.text.split()))} so far" if progress.text else None


def words(count: int) -> str:
    """Count words."""
    return "1 word" if count == 1 else f"{count:,} words"


def begun(at: datetime) -> str:
    """Say since when it is at work, where nothing else is known."""
    return f"begun {texts.relative(at)}"


def ready(at: datetime | None) -> str | None:
    """Say when it will be done, if that is known."""
    return None if at is None else f"done {texts.relative(at)}"


def cost(job: Job) -> str:
    """Say what it cost in the end."""
    if job.price == NOTHING:
        return ON_KEY[job.key_kind] or "free"
    if job.refunded <= NOTHING or arrived(job):  # that line says it already
        return texts.in_credits(job.charged)
    return f"{texts.in_credits(job.charged)}, {texts.figure(job.refunded)} returned"


def provider_cost(job: Job) -> str | None:
    """Say what it costs on a key that somebody brought; the house's own bills are its affair."""
    cost, key = job.provider_cost, ON_KEY[job.key_kind]
    if cost is None or not key:
        return None
    about = "About " if cost.is_estimate else ""
    return f"{about}{cost.amount:g} {cost.unit} {key}."


def arrived(job: Job) -> str | None:
    """Say it when fewer pictures came than were asked for."""
    came, asked = job.came, job.request.count
    if came >= asked:
        return None
    line = f"{came} of {asked} arrived"
    if job.refunded <= NOTHING:
        return f"{line}."
    return f"{line}; {texts.in_credits(job.refunded)} returned."


def withheld(count: int) -> str | None:
    """Say how many pictures the provider's own filter kept back."""
    if count == 0:
        return None
    return f"{pictures(count)} withheld by the provider's content filter."


def returned(job: Job) -> str:
    """Say what happened to the credits of a job that ended early."""
    if job.price == NOTHING:
        return "nothing was charged"
    if job.charged == NOTHING:
        return f"{texts.in_credits(job.price)} returned"
    return f"{texts.in_credits(job.charged)} charged, {texts.figure(job.refunded)} returned"


PASSAGES = {
    PassageKind.ANSWER: None,
    PassageKind.CAPTION: "What it shows",
    PassageKind.TAGS: "Tags",
    PassageKind.NSFW: "Adult content",
}
"""What stands before a result in words; nothing before an answer."""
NOTHING_SAID = "(nothing)"
WHOLE_TEXT = "The whole text"


def note(text: str) -> str:
    """Pass on a remark of the provider or of the plan."""
    return small(texts.inline(text, chars_max=NOTE_CHARS_MAX))


def alt(text: str) -> str:
    """Describe a picture for those who cannot see it."""
    return texts.one_line(text, chars_max=ALT_CHARS_MAX) or "A picture"


# ------------------------------------------------------------------ buttons

NOT_YOURS_TO_REPEAT = (
    "Only the member who asked for this can try it again. /imagine is open to you."
)
NOT_YOURS_TO_CONTINUE = (
    "Only the member who asked can go on with this conversation. /ask is open to you."
)
NOTHING_TO_CONTINUE = "There is no answer to go on from any more. Please use /ask again."
CONTINUE_FORM_TITLE = "Go on with this conversation"
CONTINUE_FORM_LABEL = "What do you say?"
CONTINUE_FORM_HINT = "What was said so far goes along, the newest of it when it is long."
REQUEST_FORGOTTEN = "I no longer have this request. Please use /imagine again."
LOST_BEFORE_IT_BEGAN = "This one was lost before it began; nothing was charged."
NOT_BEGUN_YET = "This one is only just starting. Please press again in a moment."
SHUTTING_DOWN = "I am restarting and take nothing new for a moment. Please try again in a minute."

# ------------------------------------------------------------------ commands

IMAGINE_OPTIONS = {
    "prompt": "What to draw. --parameters may stand behind it, such as --ar 16:9 --seed 7",
    "count": "How many pictures",
    "aspect": "The shape",
    "model": "Which model draws it; type to search",
    "provider": "Who draws it",
    "negative": "What should not be in the picture",
    "style": "A whole preset that somebody made; type to search, or see /styles",
    "picture": "A picture to start from (PNG, JPEG or WebP)",
    "mask": "White where that picture should be painted anew",
    "strength": "How far to go from that picture: near 0 keeps it, 1 ignores it",
    "control": "What of that picture steers the composition",
    "steps": "How long to work on it",
    "cfg": "How closely to follow the prompt",
    "sampler": "How the noise is taken away, such as k_euler_a",
    "seed": "The same seed and settings give the same picture again",
    "loras": "Small models laid over the big one: name:strength, another",
    "post_processing": "What is done afterwards, such as GFPGAN",
    "hires_fix": "Work in two passes for large pictures",
    "tiling": "Make edges fit together",
    "transparent": "Leave out the background",
    "nsfw": "Allow adult content; only in age-restricted channels",
    "private": "Leave prompt and settings out of the picture files",
}
IMAGINE_NAMES = {"loras": "lora", "post_processing": "post", "hires_fix": "hires", "tiling": "tile"}
UPLOAD_NOT_READ = "Discord did not hand over your picture. Please attach it again."

NAME = "Easel"
WHO_WORKS = "Who works here"
WHO_WORKS_HINT = (
    "Prices are for what you get when you choose nothing; each is shown before it runs."
)
STANDING = {True: "🟢", False: "🔴"}
DEFAULTS = "Your defaults"
NO_DEFAULTS = "Nothing is set. With /defaults set you choose what counts when you do not say."
DEFAULTS_CLEARED = "Your defaults are cleared."
DEFAULTS_EMPTY = "There was nothing to clear."
DEFAULTS_NEED_ONE = (
    "Choose at least one option: model, aspect, negative, steps, nsfw, private or ask_above."
)
DEFAULTS_HINT = "/imagine uses them unless you say otherwise."
DEFAULTS_ON = {
    "nsfw": "allowed, in age-restricted channels",
    "private": "prompt and settings are left out of the picture files",
}
DEFAULT_CLEAR = "Which one; all of them if you leave this out"


def upload_too_big(size_bytes: int, *, bytes_max: int) -> str:
    """Say how big a file is and how big it may be."""
    mebibyte = 1024 * 1024
    return (
        f"Your picture has {size_bytes / mebibyte:.1f} MiB: at most "
        f"{bytes_max // mebibyte} MiB, please make it smaller."
    )


def models(count: int) -> str | None:
    """Count models, where it is known how many there are."""
    if count == 0:
        return None
    return "1 model" if count == 1 else f"{count:,} models"


def model_choice(name: str, *, workers: int | None) -> str:
    """Name a model in a list of suggestions, which shows at most 100 characters."""
    served = "" if workers is None else f" · {workers} {'worker' if workers == 1 else 'workers'}"
    return texts.one_line(name, chars_max=CHOICE_CHARS_MAX - len(served)) + served


def default(name: str, value: object) -> str:
    """Write one default of a member on a line."""
    if name == "ask_above":
        return f"**{name}**: {value} % of your credits"
    words = DEFAULTS_ON.get(name) or texts.inline(str(value), chars_max=REASON_CHARS_MAX)
    return f"**{name}**: {words}"


# ------------------------------------------------------------------ a member's own jobs

JOBS = "Your jobs"
NO_JOBS = "You have not asked for anything yet: try /imagine."
NOT_POSTED = "Could not be posted"
CARD_LINK = "to the card"
PICK = {"show": "See results again…", "stop": "Stop one…"}
PROMPT_LINE_CHARS_MAX = 100
WORDS_GONE = "What was asked for is not kept any more."


def is_unposted(job: Job) -> bool:
    """Tell whether a job got its pictures and lost the card to post them on."""
    return job.failure is not None and job.failure.kind is FailureKind.UNDELIVERABLE


def unposted(job: Job, *, kept_until: datetime | None) -> str:
    """Say why results were not posted, and for how long they can be seen all the same."""
    reason = texts.inline(job.failure.sentence, chars_max=REASON_CHARS_MAX) if job.failure else ""
    if job.passages:
        return f"{reason} What was written is yours to see here."
    if kept_until is None:
        return f"{reason} Its pictures are not kept any more."
    return f"{reason} Its pictures are yours to see here; they go {texts.relative(kept_until)}."


def prompt_line(job: Job) -> str:
    """Quote the beginning of what was asked for on one line."""
    if is_forgotten(job.request):
        return small(WORDS_GONE)
    return f"> {texts.inline(asked(job.request), chars_max=PROMPT_LINE_CHARS_MAX)}"


def asked(request: Request) -> str:
    """Return what was asked for in plain words: the prompt, where there is one."""
    return alchemy_copy.forms(request) if isinstance(request, AlchemyRequest) else request.prompt


def bill(job: Job) -> str | None:
    """Say what a job costs: expected, taken or given back."""
    if job.state in WORKING:
        return price(job.evolve(balance_before=NOTHING))  # what there was is no news here
    return returned(job) if job.state in ENDS else cost(job)


# ------------------------------------------------------------------ reaching a card

CARD_TOO_LATE = "The answer could only be seen by one member, and the time to change it is over."
CARD_GONE = "The message of this job was deleted."
CHANNEL_GONE = "The channel of this job is gone."
CHANNEL_CLOSED = "I may no longer write in the channel of this job."
CARD_REFUSED = "Discord refused the message of this job."
FILES_NOT_ALLOWED = "I may not post files in the channel of this job. Whoever manages it can allow me to attach files."
CARD_TOO_BIG = "The pictures are too big for this place, even when made smaller."
DISCORD_AWAY = "Discord did not take the message."

# ------------------------------------------------------------------ errors

COMMAND_CHANGED = "This command has changed. Please reload Discord and try again."
STORE_AWAY = "I cannot save anything right now, so nothing was started or charged."
NOT_HERE = "You cannot use this command here."
CHECK_THE_KEY = "Please check the key and send it once more."
TRY_LATER = "Please try again in a while."


def too_soon(sentence: str, *, retry_at: datetime | None) -> str:
    """Say what limit was reached and when to come back."""
    words = texts.inline(sentence, chars_max=REASON_CHARS_MAX)
    return words if retry_at is None else f"{words} Next try {texts.relative(retry_at)}."


def provider_failed(sentence: str, *, name: str) -> str:
    """Pass on what a provider said."""
    title, words = provider(name), texts.inline(sentence, chars_max=REASON_CHARS_MAX)
    return words if title in words else f"{title}: {words}"


def our_fault(incident: str) -> str:
    """Apologise for a mistake of ours with something to quote."""
    return f"Something went wrong on our side. If it stays, please quote incident `{incident}`."


def bad_option(value: str) -> str:
    """Say which value of an option cannot be read."""
    return f"I cannot read “{texts.inline(value, chars_max=NAME_CHARS_MAX)}” in this option."
