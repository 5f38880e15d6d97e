-- Answers that a provider gives once only, kept before anything is made of them and dropped once
-- it was. They name stored bytes, because a picture may be in them.

CREATE TABLE answers (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    blob TEXT NOT NULL,
    PRIMARY KEY (job_id, name)
) STRICT;

CREATE INDEX answers_by_blob ON answers (blob);
