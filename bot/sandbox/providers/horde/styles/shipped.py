"""A few styles that the sandbox starts with, so that there is something to browse."""

from bot.sandbox.providers.horde.styles.book import Style, StyleBook

CREATOR = "stylemaker#7"


def shipped_styles() -> StyleBook:
    """Return a book with styles for pictures."""
    book = StyleBook()
    for style in _STYLES:
        book.add(Style(**style))  # type: ignore[arg-type]  # literals below, one shape
    return book


_STYLES: tuple[dict[str, object], ...] = (
    {
        "style_id": "5a4db0c5-0000-4000-8000-000000000101",
        "name": "ink wash",
        "creator": CREATOR,
        "info": "Black ink on wet paper, much left white",
        "prompt": "{p}, ink wash painting, wet paper, white space###colour, photo, {np}",
        "params": {"steps": 20, "sampler_name": "k_euler", "width": 768, "height": 768},
        "models": ("AlbedoBase XL (SDXL)",),
        "tags": ("ink", "painting"),
        "use_count": 412,
    },
    {
        "style_id": "5a4db0c5-0000-4000-8000-000000000102",
        "name": "clay figures",
        "creator": CREATOR,
        "info": "As if modelled by hand and lit from the side",
        "prompt": "{p}, clay figures, fingerprints, side light{np}",
        "params": {"steps": 24, "sampler_name": "k_euler_a"},
        "models": ("Dreamshaper",),
        "tags": ("clay",),
        "use_count": 188,
    },
    {
        "style_id": "5a4db0c5-0000-4000-8000-000000000103",
        "name": "pixel garden",
        "creator": "someoneelse#9",
        "info": "Small pixels, many plants",
        "prompt": "{p}, pixel art, garden{np}",
        "params": {"steps": 12, "sampler_name": "k_euler", "width": 512, "height": 512},
        "models": ("stable_diffusion",),
        "tags": ("pixel", "garden"),
        "use_count": 73,
    },
    {
        "style_id": "5a4db0c5-0000-4000-8000-000000000104",
        "name": "after dark",
        "creator": "someoneelse#9",
        "info": "For adults",
        "prompt": "{p}, night, candle light{np}",
        "params": {"steps": 20},
        "models": ("Deliberate",),
        "nsfw": True,
        "use_count": 51,
    },
)
