"""A small Discord on loopback that an unmodified discord.py talks to.

`SandboxDiscord` starts it; `Community` and `Person` act in it; `Card` and `Modal` are what people
see. It knows the wire only: Discord's documents and OpenAPI description, nothing of the bot.
"""
