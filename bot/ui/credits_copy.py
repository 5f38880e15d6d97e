"""What members read of their credits, of prices and of gifts."""

from datetime import datetime

from bot.domain.credits import (
    NOTHING,
    AccountId,
    Balance,
    Microcredits,
    Transfer,
    TransferKind,
    is_server,
    member_of,
)
from bot.domain.pricing import Price
from bot.domain.requests import PictureRequest
from bot.ui import copy, texts

CREDITS = "Your credits"
NO_MOVEMENTS = "Nothing has moved yet."
OLDER, NEWER, BACK = "Older", "Newer", "Back"
GLOB_CHARS_MAX = 60


def small_line(words: str) -> str:
    """Write a line of ours in small print."""
    return f"-# {words}"


# ------------------------------------------------------------------ balance and movements


def balance(held: Balance) -> str:
    """Say what can be spent and what is held."""
    line = f"You can spend **{texts.in_credits(held.available)}**."
    if held.held > NOTHING:
        line += f" {texts.figure(held.held)} more are held for requests in the works."
    return line


def renewal(daily: Microcredits, *, renews_at: datetime) -> str:
    """Say when there will be more."""
    full = texts.figure(daily)
    return f"Every day your credits are topped up to {full}, next {texts.relative(renews_at)}."


def movement(transfer: Transfer, *, account: AccountId) -> str:
    """Say what one row of the ledger means for this account."""
    at, amount = texts.relative(transfer.at), texts.figure(transfer.amount)
    is_in = transfer.credit == account
    other = transfer.debit if is_in else transfer.credit
    words = _MOVEMENTS[transfer.kind, is_in]
    if transfer.kind is TransferKind.GRANT and not is_in and member_of(other) is not None:
        words = "were granted{to}"
    return f"{at}: {amount} {words.format(by=_named(' by', other), to=_named(' to', other))}"


_MOVEMENTS = {
    (TransferKind.ALLOWANCE, True): "arrived as your daily allowance",
    (TransferKind.GRANT, True): "were granted{by}",
    (TransferKind.GRANT, False): "were taken back",
    (TransferKind.GIFT, True): "were given{by}",
    (TransferKind.GIFT, False): "were given away{to}",
    (TransferKind.RESERVE, False): "held for a request in the works",
    (TransferKind.POST, False): "paid for a request",
    (TransferKind.VOID, True): "given back, nothing was charged",
    (TransferKind.EXPIRE, True): "given back, nothing was charged",
}


def _named(preposition: str, account: AccountId) -> str:
    """Name the other side of a movement where it is a member or a server."""
    member = member_of(account)
    if member is not None:
        return f"{preposition} <@{member}>"
    return f"{preposition} {A_POOL}" if is_server(account) else ""


def too_poor(*, needed: int, available: int, renews_at: datetime | None) -> str:
    """Say what is missing and when there will be more; amounts are microcredits."""
    if renews_at is None:
        return (
            f"This costs {texts.in_credits(Microcredits(needed))}, which this server pays, and it "
            f"has {texts.figure(Microcredits(available))} left. Whoever manages it can add some."
        )
    return (
        f"This costs {texts.in_credits(Microcredits(needed))} and you have "
        f"{texts.figure(Microcredits(available))}. "
        f"Your next allowance arrives {texts.relative(renews_at)}."
    )


# ------------------------------------------------------------------ the question about a price

GO_AHEAD = "Shall I?"
CONFIRM = "Go ahead"
NOT_WANTED = "Left alone; nothing was charged."
ANSWERED_ALREADY = "This was answered already."
TOO_OLD = "That was too long ago, so nothing was begun or charged. Please ask again."
ASK_ABOVE = "Ask me before a request takes more than this percentage of my credits; 100 never asks"
PRICE_OPEN = "its price is being asked"
PRICE_QUESTION_HINT = "With /defaults set ask_above you choose from where on I ask."


def price_question(price: Microcredits, *, available: Microcredits) -> str:
    """Ask whether so much shall be spent."""
    return (
        f"This costs about **{texts.in_credits(price)}**, you have {texts.figure(available)}. "
        "Nothing is held or begun before you say so."
    )


# ------------------------------------------------------------------ prices

PRICES = "Prices"
MORE_PRICES = "More"
PRICES_HINT = (
    "The first that fits counts. You are never charged more than a card said before, and nothing "
    "for what fails. On a key of your own nothing costs credits."
)
_EXAMPLE = PictureRequest(prompt="", width=1024, height=1024, steps=30)


def price(listed: Price) -> str:
    """Write one entry of the price list."""
    lines = [f"**{_whose(listed)}**", *_parts(listed)]
    if listed.estimate is not None:
        unit = texts.in_credits(listed.estimate)
        lines.insert(1, f"What it asks for itself, at {unit} for each of its own units. Else:")
    return "\n".join(lines)


def _whose(listed: Price) -> str:
    models = "" if listed.model == "*" else _shown(listed.model)
    if listed.provider == "*":
        return models or "Any model"
    provider = copy.PROVIDERS.get(listed.provider) or _shown(listed.provider)
    return f"{provider}: {models}" if models else provider


def _parts(listed: Price) -> list[str]:
    drawing = [
        f"{texts.in_credits(listed.picture)} each" if listed.picture else "",
        f"{texts.figure(listed.megapixel_step)} for each step of a megapixel"
        if listed.megapixel_step
        else "",
    ]
    each = " and ".join(part for part in drawing if part) or "nothing"
    forms = [
        f"{texts.figure(amount)} for {form.value.replace('_', ' ')}"
        for form, amount in listed.forms.items()
    ]
    return [
        (
            f"Pictures: {each}; 1024 × 1024 with 30 steps: {texts.in_credits(listed.of(_EXAMPLE))}. "
            f"A post-processor: {texts.figure(listed.post_processor)}."
        ),
        f"Texts: {texts.in_credits(listed.text_tokens)} for 1,000 tokens of the longest answer.",
        f"From a picture: {', '.join([*forms, f'{texts.in_credits(listed.form)} each'])}.",
    ]


def _shown(pattern: str) -> str:
    return texts.inline(pattern, chars_max=GLOB_CHARS_MAX)


# ------------------------------------------------------------------ gifts

GIFT = "A gift"
GIVE, LEAVE = "Give", "Leave it"
GIFT_AMOUNT = "How many credits"
GIFT_MEMBER = "Who gets them; this server's pool if you leave this out"
NOTHING_GIVEN = "Nothing was given."
NO_GIFTS_TO_BOTS = "Bots have no use for credits: choose a member."
A_POOL = "a server's pool"
THE_POOL = "this server's pool"


def gift_question(amount: Microcredits, *, to: str) -> str:
    """Ask whether to give."""
    return f"Give **{texts.in_credits(amount)}** to {to}?"


def giving(available: Microcredits, left: Microcredits | None) -> str:
    """Say what can be given at all."""
    line = f"You can spend {texts.in_credits(available)}."
    if left is None:
        return line
    return f"{line} Today you may give away {texts.figure(left)}."


def given(amount: Microcredits, *, to: str, available: Microcredits) -> str:
    """Say that a gift was given."""
    return (
        f"**{texts.in_credits(amount)}** went to {to}. You can spend {texts.figure(available)} now."
    )


def announced(amount: Microcredits, *, giver: int, to: str) -> str:
    """Tell everybody of a gift; nobody is pinged, as no message of ours may mention."""
    return f"<@{giver}> gave {texts.in_credits(amount)} to {to}."
