import pytest

from bot.domain.capabilities import Ability, Capability, Sight, needs, union
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


def started(**changes):
    return PictureRequest(prompt="a cat", source=Source(picture=PICTURE, **changes))


@pytest.mark.parametrize(
    "request_,abilities",
    [
        (PictureRequest(prompt="a cat"), {Ability.TEXT_TO_PICTURE}),
        (started(), {Ability.PICTURE_TO_PICTURE}),
        (started(mask=MASK), {Ability.INPAINT}),
        (started(use=SourceUse.OUTPAINTING, mask=MASK), {Ability.OUTPAINT}),
        (started(use=SourceUse.REMIX), {Ability.REMIX}),
        (started(control=Control.CANNY), {Ability.PICTURE_TO_PICTURE, Ability.CONTROL}),
        (TextRequest(prompt="why?"), {Ability.TEXT}),
        (
            AlchemyRequest(picture=PICTURE, forms=(Form.CAPTION, Form.UPSCALE)),
            {Ability.CAPTION, Ability.UPSCALE},
        ),
    ],
)
def test_a_request_needs_what_it_asks_for(request_, abilities):
    assert needs(request_) == abilities


def test_every_form_needs_something_of_its_own():
    needed = [needs(AlchemyRequest(picture=PICTURE, forms=(form,))) for form in Form]

    assert len(set(needed)) == len(Form)


def test_several_models_can_together_what_one_of_them_can():
    small = Capability(
        abilities=frozenset({Ability.TEXT_TO_PICTURE}),
        sides_px=(64, 512, 64),
        steps=(1, 4),
        sights=frozenset({Sight.ETA}),
    )
    large = Capability(
        abilities=frozenset({Ability.INPAINT}),
        wishes=frozenset({"seed"}),
        pictures_at_once=4,
        sides_px=(256, 1024, 32),
        steps=(10, 50),
        can_cancel=True,
    )

    both = union((small, large))

    assert both.abilities == {Ability.TEXT_TO_PICTURE, Ability.INPAINT}
    assert (both.sides_px, both.steps, both.pictures_at_once) == ((64, 1024, 32), (1, 50), 4)
    assert (both.wishes, both.sights, both.can_cancel) == ({"seed"}, {Sight.ETA}, True)
