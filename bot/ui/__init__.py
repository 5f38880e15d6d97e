"""How a job looks in Discord: cards, words, edits."""
