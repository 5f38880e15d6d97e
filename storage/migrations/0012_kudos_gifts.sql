-- Kudos that members want to give away: each is carried out once, however often it is confirmed.

CREATE TABLE kudos_gifts (
    id TEXT PRIMARY KEY,
    owner_id INTEGER NOT NULL,
    receiver TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    state TEXT NOT NULL CHECK (state IN ('asked', 'sending', 'unsure', 'sent', 'refused', 'dropped')),
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL
) STRICT;

CREATE INDEX kudos_gifts_by_owner ON kudos_gifts (owner_id);
