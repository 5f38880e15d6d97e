"""Whether a provider's picture can be posted, known before anybody pays for it."""

from bot.media.metadata import OddContainer, with_parameters
from bot.media.verify import PictureInfo, decoded, verify_result


def accept_result(data: bytes, *, bytes_max: int) -> PictureInfo:
    """Return what a picture is; raise `UnreadablePicture` when it cannot be posted.

    Most are posted with their pixels as they came and never decoded here. Those that will have to
    be encoded anew are decoded once now: a damaged one costs nothing, and the others go on.
    """
    info = verify_result(data)
    if len(data) > bytes_max or _is_odd(data):
        decoded(data)
    return info


def _is_odd(data: bytes) -> bool:
    try:
        with_parameters(data, None)
    except OddContainer:
        return True
    return False
