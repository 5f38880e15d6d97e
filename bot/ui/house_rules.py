"""A server's rules as its admins see them."""

from collections.abc import Sequence

from discord import ui

from bot.domain.house_rules import Access, Ban, HouseRules, Listing
from bot.ui import admin_copy
from bot.ui.boxes import small_card

TEXT_CHARS_MAX = 3500  # of Discord's 4000 for all the texts of a message


def rules_card(rules: HouseRules, bans: Sequence[Ban]) -> ui.LayoutView:
    """Show everything that a server has set, one rule a line."""
    lines = [
        *([admin_copy.IS_PAUSED] if rules.is_paused else []),
        admin_copy.adult(rules.nsfw),
        *(
            admin_copy.access_line(listing, access_of(rules, listing))
            for listing in (Listing.PROVIDER, Listing.MODEL, Listing.CHANNEL, Listing.ROLE)
        ),
        admin_copy.words_line(len(rules.words.words), len(rules.words.patterns)),
        admin_copy.bans_line([ban.owner_id for ban in bans], total=len(rules.banned)),
        admin_copy.reports_line(rules.report_channel_id),
    ]
    return card(admin_copy.RULES, *lines)


def list_card(listing: Listing, access: Access) -> ui.LayoutView:
    """Show one list, entry by entry."""
    return card(admin_copy.LISTS[listing], *admin_copy.access(listing, access))


def words_text(rules: HouseRules) -> str:
    """Return every blocked word and pattern, one a line, for a card or a file."""
    lines = [*rules.words.words, *(f"/{pattern}/" for pattern in rules.words.patterns)]
    return "\n".join(lines)


def access_of(rules: HouseRules, listing: Listing) -> Access:
    """Return what a server says of providers, models, channels or roles."""
    match listing:
        case Listing.PROVIDER:
            return rules.providers
        case Listing.MODEL:
            return rules.models
        case Listing.CHANNEL:
            return rules.channels
        case Listing.ROLE:
            return rules.roles
        case Listing.WORD | Listing.PATTERN:
            raise AssertionError(listing)  # words have no two lists


def card(title: str, *lines: str) -> ui.LayoutView:
    """Show lines below a title; what is too long is cut with a word of it."""
    return small_card(title, admin_copy.cut("\n".join(lines), chars_max=TEXT_CHARS_MAX))
