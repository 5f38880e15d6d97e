-- Refusals for content; they count for a day (bot/domain/strikes.py) and are deleted then.

CREATE TABLE strikes (
    id TEXT PRIMARY KEY,
    owner_id INTEGER NOT NULL,
    weight INTEGER NOT NULL CHECK (weight > 0),
    at TEXT NOT NULL
) STRICT;

CREATE INDEX strikes_by_age ON strikes (at);
CREATE INDEX strikes_by_owner ON strikes (owner_id);
