-- A server's rules: single choices, lists, and who may not use the bot there.

CREATE TABLE house_rules (
    guild_id INTEGER PRIMARY KEY,
    nsfw TEXT NOT NULL DEFAULT 'labelled' CHECK (nsfw IN ('never', 'covered', 'labelled')),
    is_paused INTEGER NOT NULL DEFAULT 0 CHECK (is_paused IN (0, 1)),
    report_channel_id INTEGER
) STRICT;

CREATE TABLE house_lists (
    guild_id INTEGER NOT NULL,
    listing TEXT NOT NULL CHECK (
        listing IN ('provider', 'model', 'channel', 'role', 'word', 'pattern')
    ),
    entry TEXT NOT NULL,
    stance TEXT NOT NULL CHECK (stance IN ('allow', 'block')),
    PRIMARY KEY (guild_id, listing, entry)
) STRICT;

CREATE TABLE house_bans (
    guild_id INTEGER NOT NULL,
    owner_id INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (guild_id, owner_id)
) STRICT;

CREATE INDEX house_bans_by_owner ON house_bans (owner_id);
