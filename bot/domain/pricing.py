"""What a request costs, known before it runs: whole credits per picture, from size and steps."""

from bot.domain.credits import Microcredits, credits_of
from bot.domain.requests import AlchemyRequest, PictureRequest, Request, TextRequest

MEGAPIXEL = 2**20
CREDITS_LEAST = 1
STEPS_PER_CREDIT = 5  # of one megapixel: 0.2 credits for a step
POST_PROCESSOR_CREDITS = 1
HIRES_FIX_FACTOR = (3, 2)  # its second pass is about half the work of the first


TOKENS_PER_CREDIT = 100
FORM_CREDITS = 1


def price(request: Request) -> Microcredits:
    """Return the price of a planned request: width, height and steps, or the length, are set."""
    match request:
        case PictureRequest():
            return credits_of(request.count * _credits_per_picture(request))
        case TextRequest():
            assert request.length, "a price needs a planned request"
            return credits_of(max(CREDITS_LEAST, -(-request.length // TOKENS_PER_CREDIT)))
        case AlchemyRequest():
            return credits_of(FORM_CREDITS * request.count)


def _credits_per_picture(request: PictureRequest) -> int:
    width, height, steps = request.width, request.height, request.steps
    assert width, "a price needs a planned request"
    assert height, "a price needs a planned request"
    assert steps, "a price needs a planned request"
    times, of = HIRES_FIX_FACTOR if request.hires_fix else (1, 1)
    work = width * height * steps * times
    drawing = -(-work // (MEGAPIXEL * STEPS_PER_CREDIT * of))  # rounded up, integers only
    finishing = POST_PROCESSOR_CREDITS * len(request.post_processing)
    return max(CREDITS_LEAST, drawing) + finishing
