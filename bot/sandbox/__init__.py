"""A small world on loopback, to try and to test the bot without any account."""
