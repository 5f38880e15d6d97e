"""Who may do what, for how much: credits, keys, preferences."""
