-- Time is text in UTC, fixed width (storage/moments.py); money is integer microcredits;
-- truth values are 0 or 1. A statement ends at the end of a line.

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    owner_id INTEGER NOT NULL,
    guild_id INTEGER,
    channel_id INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN (
        'accepted', 'submitting', 'running', 'collected', 'delivered', 'done',
        'failed', 'cancelled', 'expired'
    )),
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    attempt INTEGER NOT NULL CHECK (attempt >= 0),
    provider TEXT NOT NULL,
    request TEXT NOT NULL,
    target TEXT NOT NULL,
    token BLOB,
    token_key_id TEXT,
    has_own_key INTEGER NOT NULL CHECK (has_own_key IN (0, 1)),
    price INTEGER NOT NULL CHECK (price >= 0),
    charged INTEGER NOT NULL CHECK (charged BETWEEN 0 AND price),
    balance_before INTEGER NOT NULL,
    remote_id TEXT,
    remote TEXT,
    progress TEXT,
    withheld INTEGER NOT NULL CHECK (withheld >= 0),
    notes TEXT NOT NULL,
    failure TEXT,
    parent_id TEXT,
    cancel_asked_at TEXT,
    told_at TEXT,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    CHECK ((token IS NULL) = (token_key_id IS NULL)),
    CHECK ((remote IS NULL) = (remote_id IS NULL))
) STRICT;

CREATE INDEX jobs_by_owner ON jobs (owner_id, created_at);
CREATE INDEX jobs_by_provider ON jobs (provider, created_at);
CREATE INDEX jobs_by_change ON jobs (changed_at);

-- The two questions asked of every job, answered in one place (bot/domain/jobs.py: WORKING, is_open).
CREATE INDEX jobs_working ON jobs (owner_id)
    WHERE state IN ('accepted', 'submitting', 'running', 'collected');
CREATE VIEW working_jobs AS SELECT * FROM jobs
    WHERE state IN ('accepted', 'submitting', 'running', 'collected');
CREATE INDEX jobs_open ON jobs (created_at)
    WHERE state <> 'done' AND (state NOT IN ('failed', 'cancelled', 'expired') OR told_at IS NULL);
CREATE VIEW open_jobs AS SELECT * FROM jobs
    WHERE state <> 'done' AND (state NOT IN ('failed', 'cancelled', 'expired') OR told_at IS NULL);

CREATE TABLE job_moves (
    seq INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE INDEX job_moves_by_job ON job_moves (job_id, seq);

CREATE TABLE pictures (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    item_id TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    blob TEXT NOT NULL,
    mime TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    seed TEXT,
    model TEXT,
    is_flagged INTEGER NOT NULL CHECK (is_flagged IN (0, 1)),
    PRIMARY KEY (job_id, item_id)
) STRICT;

CREATE INDEX pictures_by_blob ON pictures (blob);

-- Stored bytes that a request starts from, so that retention knows what is still needed.
CREATE TABLE job_sources (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    blob TEXT NOT NULL,
    PRIMARY KEY (job_id, blob)
) STRICT;

CREATE INDEX job_sources_by_blob ON job_sources (blob);

-- `balance` and `held` are remembered answers; storage/audit.py derives them from the transfers.
CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('member', 'system')),
    owner_id INTEGER UNIQUE,
    balance INTEGER NOT NULL DEFAULT 0,
    held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    allowance_day TEXT,
    CHECK (kind = 'system' OR balance - held >= 0),
    CHECK ((kind = 'member') = (owner_id IS NOT NULL))
) STRICT;

CREATE INDEX accounts_holding ON accounts (id) WHERE held > 0;
INSERT INTO accounts (id, kind) VALUES
    ('system:allowance', 'system'), ('system:grants', 'system'), ('system:spent', 'system');

CREATE TABLE transfers (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN (
        'allowance', 'grant', 'gift', 'reserve', 'post', 'void', 'expire'
    )),
    debit TEXT NOT NULL REFERENCES accounts (id),
    credit TEXT NOT NULL REFERENCES accounts (id),
    amount INTEGER NOT NULL CHECK (amount > 0),
    reserve_id TEXT REFERENCES transfers (id),
    job_id TEXT,
    expires_at TEXT,
    at TEXT NOT NULL,
    CHECK (debit <> credit),
    CHECK ((reserve_id IS NOT NULL) = (kind IN ('post', 'void', 'expire'))),
    CHECK (kind <> 'reserve' OR (job_id IS NOT NULL AND expires_at IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX one_resolution ON transfers (reserve_id) WHERE reserve_id IS NOT NULL;
CREATE INDEX transfers_by_debit ON transfers (debit, seq);
CREATE INDEX transfers_by_credit ON transfers (credit, seq);
CREATE INDEX reserves_by_job ON transfers (job_id) WHERE kind = 'reserve';

CREATE TRIGGER transfers_never_change BEFORE UPDATE ON transfers
BEGIN
    SELECT RAISE(ABORT, 'transfers are append-only');
END;
CREATE TRIGGER transfers_never_go BEFORE DELETE ON transfers
BEGIN
    SELECT RAISE(ABORT, 'transfers are append-only');
END;

CREATE TABLE keys (
    owner_id INTEGER NOT NULL,
    provider TEXT NOT NULL,
    sealed BLOB NOT NULL,
    key_id TEXT NOT NULL,
    last4 TEXT NOT NULL,
    label TEXT NOT NULL,
    created_at TEXT NOT NULL,
    last_used_at TEXT,
    PRIMARY KEY (owner_id, provider)
) STRICT;

CREATE INDEX keys_by_master_key ON keys (key_id);

CREATE TABLE preferences (
    owner_id INTEGER PRIMARY KEY,
    facts TEXT NOT NULL,
    changed_at TEXT NOT NULL
) STRICT;
