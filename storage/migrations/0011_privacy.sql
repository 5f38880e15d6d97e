-- Members and servers are forgotten (storage/forgetting.py, storage/servers.py); of old requests,
-- the words go (storage/jobs.py).

CREATE TABLE erasures (
    owner_id INTEGER PRIMARY KEY,
    asked_at TEXT NOT NULL
) STRICT;

-- Whoever was forgotten is known by a mark alone, a number below zero that only they lead to: what
-- limits them stays under it until they come back, or it is over.
CREATE TABLE forgotten (
    mark INTEGER PRIMARY KEY CHECK (mark < 0),
    allowance_day TEXT,
    at TEXT NOT NULL
) STRICT;

-- What nobody needs any more, on its way out of the store of bytes.
CREATE TABLE doomed_blobs (
    blob TEXT PRIMARY KEY,
    at TEXT NOT NULL
) STRICT;

CREATE TABLE left_servers (
    guild_id INTEGER PRIMARY KEY,
    left_at TEXT NOT NULL
) STRICT;

-- Secrets that the house made for itself, sealed like those that others brought.
CREATE TABLE house_secrets (
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    key_id TEXT NOT NULL,
    PRIMARY KEY (number, name)
) STRICT;

ALTER TABLE jobs ADD COLUMN has_words INTEGER NOT NULL DEFAULT 1 CHECK (has_words IN (0, 1));
CREATE INDEX jobs_with_words ON jobs (changed_at) WHERE has_words = 1;
CREATE INDEX jobs_by_guild ON jobs (guild_id) WHERE guild_id IS NOT NULL;
CREATE INDEX jobs_by_parent ON jobs (parent_id) WHERE parent_id IS NOT NULL;

-- A transfer still never changes, but that people and servers are taken out of it.
DROP TRIGGER transfers_never_change;
CREATE TRIGGER transfers_only_forget_people BEFORE UPDATE ON transfers
WHEN NOT (
    new.seq = old.seq AND new.kind = old.kind AND new.amount = old.amount AND new.at = old.at
    AND new.expires_at IS old.expires_at
    AND (new.reserve_id IS NULL) = (old.reserve_id IS NULL)
    AND (new.job_id IS NULL) = (old.job_id IS NULL)
    AND (new.id = old.id OR new.id GLOB 'nobody:*')
    AND (new.reserve_id IS old.reserve_id OR new.reserve_id GLOB 'nobody:*')
    AND (new.job_id IS old.job_id OR new.job_id GLOB 'nobody:*')
    AND (new.debit = old.debit OR new.debit GLOB 'member:-*' OR new.debit GLOB 'server:-*')
    AND (new.credit = old.credit OR new.credit GLOB 'member:-*' OR new.credit GLOB 'server:-*')
)
BEGIN
    SELECT RAISE(ABORT, 'transfers are append-only');
END;

-- The same for the audit trail: a server that was forgotten is nobody's number.
DROP TRIGGER audit_trail_only_forgets_people;
CREATE TRIGGER audit_trail_only_forgets BEFORE UPDATE ON audit_trail
WHEN NOT (
    new.seq = old.seq AND new.act = old.act AND new.at = old.at
    AND (new.id = old.id OR new.id GLOB 'nobody:*')
    AND (new.guild_id = old.guild_id OR new.guild_id < 0)
    AND (new.actor_id IS NULL OR new.actor_id IS old.actor_id)
    AND (new.subject_id IS NULL OR new.subject_id IS old.subject_id)
    AND (new.facts = '{}' OR new.facts = old.facts)
)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
