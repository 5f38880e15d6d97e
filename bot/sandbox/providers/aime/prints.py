"""Pictures as this server's workers send them: JPEG or PNG inside data URIs, prompt in the EXIF."""

import asyncio
import base64
import io
from dataclasses import dataclass

from PIL import Image

from bot.sandbox.providers.aime.scripts import Dress
from bot.sandbox.providers.pictures import PictureWish
from bot.sandbox.providers.studio import Studio

QUALITY = 90
USER_COMMENT = 0x9286
EXIF_IFD = 0x8769
BLUR = 24  # the first preview has so many times fewer pixels a side


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """How a picture shall be printed; `share` below 1 is a preview, blurred the more."""

    wish: PictureWish
    form: str = "JPEG"
    source: bytes | None = None
    strength: float = 1.0  # 1 ignores the source
    share: float = 1.0


async def printed(studio: Studio, wanted: Print) -> bytes:
    """Return the bytes of a picture or a preview."""
    drawn = await studio.picture(wanted.wish)
    return await asyncio.to_thread(_print, drawn, wanted)


def data_uri(data: bytes, form: str, dress: Dress) -> str:
    """Return a picture as a text of an answer."""
    text = base64.b64encode(data).decode()
    match dress:
        case Dress.NORMAL:
            return f"data:image/{form};base64,{text}"
        case Dress.WRONG_MIME:
            return f"data:image/{'PNG' if form == 'JPEG' else 'JPEG'};base64,{text}"
        case Dress.BARE:
            return text
        case Dress.BROKEN:
            return f"data:image/{form};base64,{text[: len(text) // 2]}%%%"


def _print(drawn: bytes, wanted: Print) -> bytes:
    with Image.open(io.BytesIO(drawn)) as opened:
        picture = opened.convert("RGB")
    if wanted.source is not None:
        with Image.open(io.BytesIO(wanted.source)) as opened:
            source = opened.convert("RGB").resize(picture.size)
        picture = Image.blend(source, picture, min(1.0, max(0.0, wanted.strength)))
    if wanted.share < 1:
        picture = _blurred(picture, wanted.share)
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = wanted.wish.prompt
    out = io.BytesIO()
    picture.save(out, wanted.form, quality=QUALITY, exif=exif)
    return out.getvalue()


def _blurred(picture: Image.Image, share: float) -> Image.Image:
    factor = max(1.0, BLUR * (1 - share))
    coarse = (max(1, round(picture.width / factor)), max(1, round(picture.height / factor)))
    return picture.resize(coarse).resize(picture.size)
