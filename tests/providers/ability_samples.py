"""One request for each ability: what a provider declares is tried on its plan."""

from bot.domain.capabilities import Ability
from bot.domain.requests import (
    AlchemyRequest,
    BlobId,
    Control,
    Form,
    PictureRequest,
    Source,
    SourceUse,
    TextRequest,
)

PICTURE, MASK = BlobId("a" * 64), BlobId("b" * 64)


def _started(**changes) -> PictureRequest:
    return PictureRequest(prompt="a cat", source=Source(picture=PICTURE, **changes))


def _of(form: Form) -> AlchemyRequest:
    return AlchemyRequest(picture=PICTURE, forms=(form,))


SAMPLES = {
    Ability.TEXT_TO_PICTURE: PictureRequest(prompt="a cat"),
    Ability.PICTURE_TO_PICTURE: _started(),
    Ability.INPAINT: _started(mask=MASK),
    Ability.OUTPAINT: _started(use=SourceUse.OUTPAINTING),
    Ability.REMIX: _started(use=SourceUse.REMIX),
    Ability.CONTROL: _started(control=Control.CANNY),
    Ability.TEXT: TextRequest(prompt="why?"),
    Ability.CAPTION: _of(Form.CAPTION),
    Ability.TAGS: _of(Form.TAGS),
    Ability.NSFW: _of(Form.NSFW),
    Ability.UPSCALE: _of(Form.UPSCALE),
    Ability.FACE_FIX: _of(Form.FACE_FIX),
    Ability.CUTOUT: _of(Form.CUTOUT),
}
