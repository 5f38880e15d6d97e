"""Pure values and decisions: no I/O, nothing else of ours."""
