-- What a job costs at its provider, in the provider's own unit: estimated, then as it was told.

ALTER TABLE jobs ADD COLUMN provider_cost TEXT;
