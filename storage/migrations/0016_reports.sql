-- What members report: kept until somebody who may has handled it, and a while longer.

CREATE TABLE reports (
    id TEXT PRIMARY KEY,
    owner_id INTEGER,
    guild_id INTEGER,
    job_id TEXT,
    link TEXT,
    words TEXT NOT NULL,
    created_at TEXT NOT NULL,
    posted_at TEXT,
    handled_at TEXT,
    handler_id INTEGER
) STRICT;

CREATE INDEX reports_by_owner ON reports (owner_id, created_at);
CREATE INDEX reports_by_guild ON reports (guild_id, created_at);
CREATE INDEX reports_unposted ON reports (created_at) WHERE posted_at IS NULL;
CREATE INDEX reports_handled ON reports (handled_at) WHERE handled_at IS NOT NULL;
