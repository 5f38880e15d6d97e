"""Files: what is stored of them, what the wire shows, and which survive an edit.

Discord, "Message", attachment structure; "Reference", editing message attachments (API v10).
"""

import io
import mimetypes
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image, UnidentifiedImageError

from bot.sandbox.discord.wire import Flaw, Json, UploadedFile, invalid_body

ATTACHMENT_IS_SPOILER = 1 << 3
PICTURE_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One stored file with its bytes."""

    id: str
    filename: str
    data: bytes
    url_path: str
    content_type: str
    width: int | None = None
    height: int | None = None
    description: str | None = None
    spoiler: bool = False
    ephemeral: bool = False

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.data)


@dataclass(frozen=True, slots=True)
class Picture:
    """What a header says about a picture."""

    content_type: str
    width: int
    height: int


def look_at(data: bytes) -> Picture | None:
    """Read type and dimensions from the header; None where there is no picture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=tuple(PICTURE_TYPES)) as image:
                kind = PICTURE_TYPES[str(image.format)]
                return Picture(kind, image.width, image.height)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None


def guess_type(filename: str) -> str:
    """Name the type by extension, as Discord does for everything that is no picture."""
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


def attachment_payload(attachment: Attachment, *, url: str) -> Json:
    """Draw a `MessageAttachmentResponse`; optional keys appear only where they apply."""
    payload: Json = {
        "id": attachment.id,
        "filename": attachment.filename,
        "size": attachment.size,
        "url": url,
        "proxy_url": url,
        "content_type": attachment.content_type,
    }
    if attachment.width is not None:
        payload |= {"width": attachment.width, "height": attachment.height}
    if attachment.description is not None:
        payload["description"] = attachment.description
    if attachment.ephemeral:
        payload["ephemeral"] = True
    if attachment.spoiler:
        payload["flags"] = ATTACHMENT_IS_SPOILER
    return payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a body's `attachments` asks for, in its order."""

    kept: dict[str, Attachment]
    new: list[tuple[UploadedFile, Json]]
    order: list[str | int]


def read_listing(
    entries: Sequence[Json] | None,
    *,
    files: Sequence[UploadedFile],
    present: Sequence[Attachment],
) -> Listing:
    """Say which attachments stay and which files are new. Raises 50035 for a dangling id.

    Without a list, everything present stays and every file is new; with one, what it leaves out
    is deleted (API v10).
    """
    if entries is None:
        return Listing(
            kept={attachment.id: attachment for attachment in present},
            new=[(file, {}) for file in files],
            order=[*(a.id for a in present), *(file.index for file in files)],
        )
    by_id = {attachment.id: attachment for attachment in present}
    by_index = {str(file.index): file for file in files}
    listing = Listing(kept={}, new=[], order=[])
    for position, entry in enumerate(entries):
        wanted = str(entry.get("id", position))
        if wanted in by_id:
            listing.kept[wanted] = _described(by_id[wanted], entry)
            listing.order.append(wanted)
        elif wanted in by_index:
            listing.new.append((by_index[wanted], entry))
            listing.order.append(int(wanted))
        else:
            text = f"no file and no attachment has id {wanted}"
            raise invalid_body(Flaw(f"attachments[{position}].id", text))
    return listing


def _described(attachment: Attachment, entry: Json) -> Attachment:
    changes: dict[str, Any] = {}
    if "description" in entry:
        changes["description"] = entry["description"]
    return replace(attachment, **changes)
