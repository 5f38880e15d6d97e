"""The life of a job, from accept to delivered. Jobs decide."""
