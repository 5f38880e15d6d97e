-- Results in words stand with their job: a few at most, always read and written with it.

ALTER TABLE jobs ADD COLUMN passages TEXT NOT NULL DEFAULT '[]';
