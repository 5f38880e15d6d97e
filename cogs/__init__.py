"""What members type and press: parse, call one service, draw."""

COGS = (
    "cogs.about",
    "cogs.admin",
    "cogs.admin_budgets",
    "cogs.admin_credits",
    "cogs.admin_lists",
    "cogs.admin_rules",
    "cogs.alchemy",
    "cogs.ask",
    "cogs.conversations",
    "cogs.credits",
    "cogs.gifts",
    "cogs.imagine",
    "cogs.jobs",
    "cogs.keys",
    "cogs.kudos",
    "cogs.preferences",
    "cogs.privacy",
    "cogs.providers",
    "cogs.reports",
    "cogs.server_keys",
    "cogs.servers",
    "cogs.styles",
)
"""Every extension, by hand: a test compares the list with the folder."""
