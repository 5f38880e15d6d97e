"""The words about what can be made of a picture, or said about it."""

from bot.domain.requests import AlchemyRequest, Form
from bot.ui import texts

NAME_CHARS_MAX = 60

PICTURE = "The picture (PNG, JPEG or WebP)"
DESCRIBE_OPTIONS = {
    "picture": PICTURE,
    "tags": "Name what is in it as well; on unless you say no",
    "adult": "Say as well whether it is for adults",
    "provider": "Who looks at it",
}
UPSCALE_OPTIONS = {
    "picture": PICTURE,
    "upscaler": "How it is made bigger; type to search",
    "provider": "Who does it",
}
CUTOUT_OPTIONS = {"picture": PICTURE, "provider": "Who does it"}
FACES_OPTIONS = {
    "picture": PICTURE,
    "fixer": "How faces are mended; type to search",
    "provider": "Who does it",
}
DESCRIBE_MENU, UPSCALE_MENU, CUTOUT_MENU = "Describe picture", "Upscale", "Cut out"

NO_PICTURE = "That message has no picture that I can read: PNG, JPEG or WebP."
WHICH_ONE = "Which picture?"
WHICH_HINT = "That message has several. Choose one."
FORGOTTEN = "I no longer know which message this was. Please open its menu again."

_FORMS = {
    Form.CAPTION: "Caption",
    Form.TAGS: "Tags",
    Form.NSFW: "Adult content check",
    Form.UPSCALE: "Upscaling",
    Form.FACE_FIX: "Face fixing",
    Form.CUTOUT: "Background removal",
}


def option(number: int) -> str:
    """Name one of several pictures."""
    return f"Picture {number}"


def forms(request: AlchemyRequest) -> str:
    """Say what shall be made of a picture, in plain words."""
    first, *others = [_FORMS[form] for form in request.forms]
    words = ", ".join((first, *(other.lower() for other in others)))
    return f"{words} of a picture"


def asked(request: AlchemyRequest) -> str:
    """Say what shall be made of a picture, and by what where that was chosen."""
    model = (
        f" with {texts.inline(request.model, chars_max=NAME_CHARS_MAX)}" if request.model else ""
    )
    return f"**{forms(request)}**{model}"
