"""What the Horde says of an account, in our words."""

from bot.domain.kudos import AccountInfo
from bot.providers.horde.wire import Account

UNIT = "kudos"


def to_account(account: Account) -> AccountInfo:
    """Return what a member may know of their own account."""
    marks = (
        ("trusted", account.trusted),
        ("service account", account.service),
        ("flagged for suspicious use", account.flagged),
    )
    asked, worked = account.records.request, account.records.fulfillment
    figures = (
        ("Asked for", _counted(asked.image, asked.text, asked.interrogation)),
        ("Worked for others", _counted(worked.image, worked.text, worked.interrogation)),
        ("Given away", f"{account.kudos_details.gifted:,.0f}"),
        ("Received", f"{account.kudos_details.received:,.0f}"),
        ("Workers", f"{account.worker_count:,}"),
    )
    return AccountInfo(
        name=account.username,
        balance=account.kudos,
        unit=UNIT,
        waiting_max=account.concurrency,
        is_service=account.service,
        marks=tuple(words for words, is_so in marks if is_so),
        figures=figures,
    )


def _counted(pictures: int, texts: int, alchemy: int) -> str:
    return f"{pictures:,} pictures, {texts:,} texts, {alchemy:,} forms of alchemy"
