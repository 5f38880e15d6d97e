-- Requests that cost so much that their member is asked first; for an hour at most, then they go.

CREATE TABLE questions (
    job_id TEXT PRIMARY KEY,
    owner_id INTEGER NOT NULL,
    guild_id INTEGER,
    facts TEXT NOT NULL,
    asked_at TEXT NOT NULL
) STRICT;

CREATE INDEX questions_by_owner ON questions (owner_id);
CREATE INDEX questions_by_age ON questions (asked_at);
