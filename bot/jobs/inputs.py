"""What goes along with a submit: the stored bytes that a request names, and where to call back."""

from bot.domain.errors import InvalidRequest
from bot.domain.jobs import Job
from bot.domain.requests import AlchemyRequest, BlobId, PictureRequest, Request, Source
from bot.jobs.tools import Tools
from bot.media.normalise import inverted
from bot.providers.base import Inputs

SOURCE_GONE = "The picture you started from is not kept any more: please attach it again."


async def inputs_of(tools: Tools, job: Job) -> Inputs:
    """Read them; raise `InvalidRequest` when a picture is not stored any more."""
    picture, mask = _bytes_of(job.request)
    return Inputs(
        source=await _blob(tools, picture),
        mask=await _mask(tools, job, mask),
        callback_url=tools.callback_url(job),
        on_behalf_of=tools.pseudonym(job),
        so_far=job.remote,
    )


async def _mask(tools: Tools, job: Job, blob: BlobId | None) -> bytes | None:
    """Return the mask in the provider's meaning; ours is that white is drawn anew."""
    mask = await _blob(tools, blob)
    if mask is None or not tools.providers[job.provider].repaints_black:
        return mask
    return await tools.pictures.run(inverted, mask)


async def _blob(tools: Tools, blob: BlobId | None) -> bytes | None:
    if blob is None:
        return None
    data = await tools.blobs.get(blob)
    if data is None:
        raise InvalidRequest(SOURCE_GONE)
    return data


def _bytes_of(request: Request) -> tuple[BlobId | None, BlobId | None]:
    """Name the source and the mask that go along with a request."""
    match request:
        case PictureRequest(source=Source(picture=picture, mask=mask)):
            return picture, mask
        case AlchemyRequest(picture=picture):
            return picture, None
        case _:
            return None, None
