"""Every sentence that admins read, beside `bot.ui.copy`, which members read."""

from collections.abc import Sequence

from bot.domain.audit_trail import Act, AuditEntry
from bot.domain.house_rules import Access, Listing, NsfwRule
from bot.domain.jobs import UserId
from bot.ui import copy, texts

ADMIN = "Run this server's house: rules, credits, members, the audit trail."
MANAGERS_ONLY = "Only members who may manage this server can do that."

# ------------------------------------------------------------------ the audit trail

AUDIT = "Audit trail"
AUDIT_MEMBER = "Only what this member did, or what was done to them"
NO_ENTRIES = "Nothing has been done yet."
OLDER = "Older"
NEWER = "Newer"
AS_A_TABLE = "CSV"
SOMEBODY = "somebody who was forgotten"
FACT_CHARS_MAX = 120
FACTS_CHARS_MAX = 300

ACTS = {
    Act.EXPORTED: "took a table out",
    Act.GRANTED: "granted credits to",
    Act.REVOKED: "took credits back from",
    Act.FUNDED: "put credits into the server's pool",
    Act.BUDGET_SET: "set a budget",
    Act.BUDGET_REMOVED: "removed a budget",
    Act.PAYER_SET: "said who pays",
    Act.KEY_SET: "brought a key of this server",
    Act.KEY_FORGOTTEN: "erased a key of this server",
    Act.ALLOWED: "allowed something",
    Act.BLOCKED: "blocked something",
    Act.UNLISTED: "took something off a list",
    Act.RULED: "changed a rule",
    Act.BANNED: "keeps out",
    Act.UNBANNED: "lets in again",
    Act.PAUSED: "paused Easel here",
    Act.RESUMED: "let Easel go on here",
    Act.REPORT_HANDLED: "handled a report",
}


def audit_line(entry: AuditEntry) -> str:
    """Say in one line who did what, to whom, and with which facts."""
    who = SOMEBODY if entry.actor_id is None else f"<@{entry.actor_id}>"
    did = ACTS[Act(entry.act)] if entry.act in set(Act) else texts.inline(entry.act)
    whom = "" if entry.subject_id is None else f" <@{entry.subject_id}>"
    told = facts(entry)
    line = f"{texts.relative(entry.at)} {who} {did}{whom}"
    return f"{line}\n-# {told}" if told else line


def facts(entry: AuditEntry) -> str:
    """Write an entry's facts in small print, foreign words made harmless."""
    told: list[str] = []
    room = FACTS_CHARS_MAX
    for name, value in entry.facts.items():
        if value is None or value == "":
            continue
        fact = f"{texts.inline(name)} {texts.inline(str(value), chars_max=FACT_CHARS_MAX)}"
        room -= len(fact)
        if room < 0:
            break
        told.append(fact)
    return " · ".join(told)


def table(rows: int, *, rows_max: int) -> str:
    """Say what is in a file."""
    if rows == rows_max:
        return f"The newest {rows:,} rows; there may be more."
    return "1 row." if rows == 1 else f"{rows:,} rows."


# ------------------------------------------------------------------ house rules

RULES = "Rules of this server"
IS_PAUSED = "**Easel is paused here.** /admin resume lets it go on."
EVERYTHING = "Everything is allowed."
LISTS = {
    Listing.PROVIDER: "Providers here",
    Listing.MODEL: "Models here",
    Listing.CHANNEL: "Channels here",
    Listing.ROLE: "Roles here",
}
WORDS = "Blocked words here"
NO_WORDS = "No word is blocked."
WORDS_IN_A_FILE = "There are many, so they are in a file."
CHOOSE_ONE = "Choose at least one option: nsfw or reports."
NSFW_OPTION = "What counts for adult content in this server"
REPORTS_OPTION = "The channel where members' reports go"
PROVIDER_OPTION = "The provider"
MODEL_OPTION = "A model, or several with * and ?, such as *XL*"
CHANNEL_OPTION = "The channel, with its threads"
ROLE_OPTION = "The role"
ENTRY_OPTION = "An entry of the list"
WORD_OPTION = "A word or several words; capitals, accents and marks between do not matter"
PATTERN_OPTION = "Read it as a pattern (regular expression), such as b[a4]d+"
BANNED_OPTION = "The member"
REASON_OPTION = "Why; it is seen in the audit trail only"
NO_SUCH_PROVIDER = "I know no provider of that name. Please pick one from the list."

NSFW = {
    NsfwRule.LABELLED: "only in age-restricted channels",
    NsfwRule.COVERED: "only in age-restricted channels, and behind a spoiler",
    NsfwRule.NEVER: "never",
}

_NOUNS = {
    Listing.PROVIDER: "Providers",
    Listing.MODEL: "Models",
    Listing.CHANNEL: "Channels",
    Listing.ROLE: "Roles",
}


def adult(rule: NsfwRule) -> str:
    """Say where adult content is allowed."""
    return f"**Adult content**: {NSFW[rule]}."


def access_line(listing: Listing, said: Access) -> str:
    """Say in one line what is allowed and what is not."""
    return f"**{_NOUNS[listing]}**: {' '.join(access(listing, said))}"


def access(listing: Listing, said: Access) -> tuple[str, ...]:
    """Say what is allowed, and what is not."""
    if said.is_open:
        return (EVERYTHING,)
    lines = []
    if said.allowed:
        lines.append(f"Only {_entries(listing, said.allowed)}.")
    if said.blocked:
        lines.append(f"Not {_entries(listing, said.blocked)}.")
    return tuple(lines)


def entry(listing: Listing, name: str) -> str:
    """Name an entry as Discord shows such things."""
    match listing:
        case Listing.CHANNEL:
            return f"<#{name}>"
        case Listing.ROLE:
            return f"<@&{name}>"
        case Listing.PROVIDER:
            return copy.provider(name)
        case Listing.MODEL | Listing.WORD | Listing.PATTERN:
            return texts.inline(name)


def words_line(words: int, patterns: int) -> str:
    """Count what is blocked; the words themselves are shown by their own command."""
    return f"**Blocked words**: {words}, patterns: {patterns}. /admin words list shows them."


def bans_line(shown: Sequence[UserId], *, total: int) -> str:
    """Name who is kept out."""
    if not total:
        return "**Kept out**: nobody."
    more = f" and {total - len(shown)} more" if total > len(shown) else ""
    named = [f"<@{member}>" if member > 0 else SOMEBODY for member in shown]
    return f"**Kept out**: {', '.join(named)}{more}."


def reports_line(channel_id: int | None) -> str:
    """Say where reports of members go."""
    return f"**Reports**: {'nowhere' if channel_id is None else f'<#{channel_id}>'}."


def kept_out(member_id: UserId) -> str:
    """Say that a member may not use the bot any more."""
    return f"<@{member_id}> may no longer use Easel in this server. What is under way goes on."


def let_in(member_id: UserId) -> str:
    """Say that a member may use the bot again."""
    return f"<@{member_id}> may use Easel in this server again."


PAUSED = "Easel takes nothing new in this server. What is under way goes on. /admin resume ends it."
RESUMED = "Easel takes requests in this server again."


def cut(text: str, *, chars_max: int) -> str:
    """Return a text of ours, cut at a line's end with a word of it."""
    if len(text) <= chars_max:
        return text
    kept = text[:chars_max].rpartition("\n")[0] or text[:chars_max]
    return f"{kept}\n…and more"


def _entries(listing: Listing, names: Sequence[str]) -> str:
    return ", ".join(entry(listing, name) for name in names)
