-- What a server allows its members and who pays there; what was used of it, and when last.

CREATE TABLE budgets (
    guild_id INTEGER NOT NULL,
    id TEXT NOT NULL,
    whom TEXT NOT NULL CHECK (whom IN ('server', 'each', 'role', 'member')),
    subject_id INTEGER NOT NULL,
    measure TEXT NOT NULL CHECK (measure IN ('credits', 'jobs', 'pause')),
    period TEXT CHECK (period IN ('hour', 'day', 'week', 'month')),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    except_role_ids TEXT NOT NULL,
    PRIMARY KEY (guild_id, id),
    CHECK ((measure = 'pause') = (period IS NULL)),
    CHECK ((whom IN ('role', 'member')) = (subject_id <> 0))
) STRICT;

CREATE TABLE pay_rules (
    guild_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    rule TEXT NOT NULL CHECK (rule IN ('member', 'server', 'server first')),
    PRIMARY KEY (guild_id, channel_id)
) STRICT;

-- One row an hour for each member, and one with owner 0 for all of a server.
CREATE TABLE used (
    guild_id INTEGER NOT NULL,
    owner_id INTEGER NOT NULL,
    hour TEXT NOT NULL,
    credits INTEGER NOT NULL CHECK (credits >= 0),
    jobs INTEGER NOT NULL CHECK (jobs >= 0),
    PRIMARY KEY (guild_id, owner_id, hour)
) STRICT;

CREATE INDEX used_by_owner ON used (owner_id);
CREATE INDEX used_by_hour ON used (hour);

CREATE TABLE pauses (
    guild_id INTEGER NOT NULL,
    owner_id INTEGER NOT NULL,
    last_at TEXT NOT NULL,
    PRIMARY KEY (guild_id, owner_id)
) STRICT;

CREATE INDEX pauses_by_owner ON pauses (owner_id);
