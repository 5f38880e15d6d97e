-- Servers lend keys to their members; a job says whose key it runs on. `jobs.has_own_key` is still
-- written, for releases that read it, and goes in a later one.

CREATE TABLE server_keys (
    guild_id INTEGER NOT NULL,
    provider TEXT NOT NULL,
    sealed BLOB NOT NULL,
    key_id TEXT NOT NULL,
    last4 TEXT NOT NULL,
    label TEXT NOT NULL,
    created_at TEXT NOT NULL,
    last_used_at TEXT,
    PRIMARY KEY (guild_id, provider)
) STRICT;

CREATE INDEX server_keys_by_master_key ON server_keys (key_id);

ALTER TABLE jobs ADD COLUMN key_kind TEXT NOT NULL DEFAULT 'service'
    CHECK (key_kind IN ('service', 'member', 'server'));
UPDATE jobs SET key_kind = 'member' WHERE has_own_key = 1;
