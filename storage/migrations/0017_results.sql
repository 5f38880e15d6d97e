-- The sweep looks once at each job for results that are past their time, not at all there ever were.

ALTER TABLE jobs ADD COLUMN may_have_results INTEGER NOT NULL DEFAULT 1
    CHECK (may_have_results IN (0, 1));
UPDATE jobs SET may_have_results = 0
    WHERE NOT EXISTS (SELECT 1 FROM open_jobs WHERE open_jobs.id = jobs.id)
    AND passages = '[]'
    AND NOT EXISTS (SELECT 1 FROM pictures WHERE pictures.job_id = jobs.id)
    AND NOT EXISTS (SELECT 1 FROM job_sources WHERE job_sources.job_id = jobs.id);
CREATE INDEX jobs_with_results ON jobs (changed_at) WHERE may_have_results = 1;
