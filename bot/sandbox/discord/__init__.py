"""A small Discord."""
