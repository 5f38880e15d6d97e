-- What admins did, in which server, on whom. A row stays; only people are taken out of it, when
-- they ask for that or the bot leaves their server (storage/audit_trail.py).

CREATE TABLE audit_trail (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    guild_id INTEGER NOT NULL,
    actor_id INTEGER,
    act TEXT NOT NULL,
    subject_id INTEGER,
    facts TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE INDEX audit_trail_by_guild ON audit_trail (guild_id, seq);
CREATE INDEX audit_trail_by_actor ON audit_trail (actor_id, seq) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_trail_by_subject ON audit_trail (subject_id, seq) WHERE subject_id IS NOT NULL;

CREATE TRIGGER audit_trail_only_forgets_people BEFORE UPDATE ON audit_trail
WHEN NOT (
    new.seq = old.seq AND new.id = old.id AND new.guild_id = old.guild_id
    AND new.act = old.act AND new.at = old.at
    AND (new.actor_id IS NULL OR new.actor_id IS old.actor_id)
    AND (new.subject_id IS NULL OR new.subject_id IS old.subject_id)
    AND (new.facts = '{}' OR new.facts = old.facts)
)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
CREATE TRIGGER audit_trail_never_goes BEFORE DELETE ON audit_trail
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
