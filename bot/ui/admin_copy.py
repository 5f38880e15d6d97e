"""Every sentence that admins read, beside `bot.ui.copy`, which members read."""

from bot.domain.audit_trail import Act, AuditEntry
from bot.ui import texts

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
    Act.KEY_SET: "brought a key of this server",
    Act.KEY_FORGOTTEN: "erased a key of this server",
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
