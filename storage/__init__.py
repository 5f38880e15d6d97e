"""What must survive: jobs, credits, keys, preferences, pictures."""
