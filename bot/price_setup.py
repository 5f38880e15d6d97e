"""Which prices the settings ask for: the operator's file, or the usual ones."""

from bot.domain.errors import ConfigurationError
from bot.domain.price_file import read_price_list
from bot.domain.pricing import PriceList
from bot.providers import registry
from bot.settings import Settings

FILE_CHARS_MAX = 256 * 1024


def price_list(settings: Settings) -> PriceList:
    """Read the price list.

    Raises:
        ConfigurationError: with a sentence for every fault.
    """
    path = settings.prices
    if path is None:
        return PriceList()
    try:
        with path.open(encoding="utf-8") as stream:
            text = stream.read(FILE_CHARS_MAX + 1)
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            f"EASEL_PRICES: {path} cannot be read: give a UTF-8 text file that this user may read."
        ) from None
    if len(text) > FILE_CHARS_MAX:
        raise ConfigurationError(f"EASEL_PRICES: {path} has more than {FILE_CHARS_MAX} characters.")
    return read_price_list(text, name=path.name, providers=registry.FACTORIES)


def prices_in_words(settings: Settings) -> str:
    """Say in a sentence where the prices come from; raises as `price_list` does."""
    found = price_list(settings)
    if settings.prices is None:
        return "Prices are the usual ones; EASEL_PRICES names a file of your own."
    entries = "1 entry" if len(found.prices) == 1 else f"{len(found.prices)} entries"
    return f"Prices come from {settings.prices}, with {entries}."
