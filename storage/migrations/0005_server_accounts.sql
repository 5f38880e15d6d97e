-- Servers may own credits. SQLite changes no CHECK in place, so the table is made anew; while
-- migrations run, foreign keys are looked at once, at the end (storage/migrate.py).

CREATE TABLE accounts_anew (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('member', 'server', 'system')),
    owner_id INTEGER UNIQUE,
    guild_id INTEGER UNIQUE,
    balance INTEGER NOT NULL DEFAULT 0,
    held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    allowance_day TEXT,
    CHECK (kind = 'system' OR balance - held >= 0),
    CHECK ((kind = 'member') = (owner_id IS NOT NULL)),
    CHECK ((kind = 'server') = (guild_id IS NOT NULL))
) STRICT;

INSERT INTO accounts_anew (id, kind, owner_id, balance, held, allowance_day)
    SELECT id, kind, owner_id, balance, held, allowance_day FROM accounts;
DROP TABLE accounts;
ALTER TABLE accounts_anew RENAME TO accounts;
CREATE INDEX accounts_holding ON accounts (id) WHERE held > 0;

-- Who pays for a job; NULL where nobody does.
ALTER TABLE jobs ADD COLUMN payer TEXT;
UPDATE jobs SET payer = 'member:' || owner_id WHERE price > 0 AND has_own_key = 0;

CREATE INDEX gifts_given ON transfers (debit, at) WHERE kind = 'gift';
CREATE INDEX gifts_received ON transfers (credit, at) WHERE kind = 'gift';
