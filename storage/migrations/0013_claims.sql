-- Commands that were answered with a card and are no job yet. Usually there are none: a row lives
-- from the first answer to the job's own.

CREATE TABLE claims (
    id TEXT PRIMARY KEY,
    owner_id INTEGER NOT NULL,
    application_id INTEGER NOT NULL,
    token BLOB NOT NULL,
    token_key_id TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
