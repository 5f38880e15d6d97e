"""A job as columns and back, exactly; only the interaction token lives elsewhere, sealed."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter

from bot.domain.credits import Microcredits
from bot.domain.jobs import (
    Failure,
    Job,
    JobId,
    JobState,
    Passage,
    Picture,
    Progress,
    ProviderCost,
    Remote,
    Second,
    Target,
    UserId,
)
from bot.domain.keys import KeyKind
from bot.domain.requests import BlobId, request_from_json, request_to_json
from storage.executor import Row, Value
from storage.moments import from_text, from_text_or_none, to_text

Columns = dict[str, Value]

_TARGET = TypeAdapter(Target)
_REMOTE = TypeAdapter(Remote)
_PROVIDER_COST = TypeAdapter(ProviderCost)
_PROGRESS = TypeAdapter(Progress)
_NOTES = TypeAdapter(tuple[str, ...])
_PASSAGES = TypeAdapter(tuple[Passage, ...])
_FAILURE = TypeAdapter(Failure)
_SECOND = TypeAdapter(Second)
_OBJECT = TypeAdapter(dict[str, Any])
_REQUEST_APART = {"request"}
_APART = {"token", "guild_id", "channel_id"}  # of a target: columns of their own


def progress_to_text(progress: Progress) -> str:
    """Write progress as JSON."""
    return _PROGRESS.dump_json(progress.stored, exclude_defaults=True).decode()


def second_to_text(second: Second) -> str:
    """Write who is asked next as JSON; the request in it as it is written in its own column."""
    apart = {"request": request_to_json(second.request)}
    return _OBJECT.dump_json(_SECOND.dump_python(second, exclude=_REQUEST_APART) | apart).decode()


def _second_of(text: str) -> Second:
    written = _OBJECT.validate_json(text)
    return _SECOND.validate_python(written | {"request": request_from_json(written["request"])})


def target_columns(target: Target) -> Columns:
    """Write where the card lives, without its token."""
    return {
        "guild_id": target.guild_id,
        "channel_id": target.channel_id,
        "target": _TARGET.dump_json(target, exclude=_APART).decode(),
    }


def _remote_columns(remote: Remote | None) -> Columns:
    if remote is None:
        return {"remote_id": None, "remote": None}
    return {
        "remote_id": remote.id,
        "remote": _REMOTE.dump_json(remote, exclude={"id"}).decode(),
    }


def _optional(name: str, write: Callable[[Any], str]) -> Callable[[Any], Columns]:
    return lambda value: {name: None if value is None else write(value)}


_WRITERS: Mapping[str, Callable[[Any], Columns]] = MappingProxyType(
    {
        "state": lambda state: {"state": state.value},
        "request": lambda request: {"request": request_to_json(request)},
        "target": target_columns,
        "key_kind": lambda kind: {
            "key_kind": kind.value,
            "has_own_key": int(kind is KeyKind.MEMBER),
        },
        "provider_cost": _optional(
            "provider_cost", lambda cost: _PROVIDER_COST.dump_json(cost).decode()
        ),
        "remote": _remote_columns,
        "progress": _optional("progress", progress_to_text),
        "notes": lambda notes: {"notes": _NOTES.dump_json(notes).decode()},
        "passages": lambda passages: {"passages": _PASSAGES.dump_json(passages).decode()},
        "second": _optional("second", second_to_text),
        "failure": _optional("failure", lambda failure: _FAILURE.dump_json(failure).decode()),
        "cancel_asked_at": _optional("cancel_asked_at", to_text),
        "told_at": _optional("told_at", to_text),
        "created_at": _optional("created_at", to_text),
        "changed_at": _optional("changed_at", to_text),
    }
)
FIELDS = tuple(name for name in Job.__dataclass_fields__ if name != "pictures")
"""Everything of a job that is kept in its own row."""


def columns_of(job: Job, *fields: str) -> Columns:
    """Write some fields of a job as columns; a field without a writer is one as it is."""
    columns: Columns = {}
    for name in fields:
        value = getattr(job, name)
        columns |= _WRITERS[name](value) if name in _WRITERS else {name: value}
    return columns


def changed_fields(before: Job, after: Job) -> tuple[str, ...]:
    """Name the fields in which two values of a job differ."""
    return tuple(name for name in FIELDS if getattr(before, name) != getattr(after, name))


def job_of(row: Row, *, pictures: tuple[Picture, ...], token: str | None) -> Job:
    """Read a job."""
    progress, failure, cost = row["progress"], row["failure"], row["provider_cost"]
    return Job(
        id=JobId(row["id"]),
        owner_id=UserId(row["owner_id"]),
        request=request_from_json(row["request"]),
        target=_target_of(row, token),
        provider=row["provider"],
        price=Microcredits(row["price"]),
        created_at=from_text(row["created_at"]),
        changed_at=from_text(row["changed_at"]),
        state=JobState(row["state"]),
        epoch=row["epoch"],
        attempt=row["attempt"],
        key_kind=KeyKind(row["key_kind"]),
        payer=row["payer"],
        balance_before=Microcredits(row["balance_before"]),
        charged=Microcredits(row["charged"]),
        provider_cost=None if cost is None else _PROVIDER_COST.validate_json(cost),
        remote=_remote_of(row),
        progress=None if progress is None else _PROGRESS.validate_json(progress),
        pictures=pictures,
        passages=_PASSAGES.validate_json(row["passages"]),
        withheld=row["withheld"],
        notes=_NOTES.validate_json(row["notes"]),
        failure=None if failure is None else _FAILURE.validate_json(failure),
        parent_id=row["parent_id"],
        second=None if row["second"] is None else _second_of(row["second"]),
        cancel_asked_at=from_text_or_none(row["cancel_asked_at"]),
        told_at=from_text_or_none(row["told_at"]),
    )


def _target_of(row: Row, token: str | None) -> Target:
    apart = {"guild_id": row["guild_id"], "channel_id": row["channel_id"], "token": token}
    return _TARGET.validate_python(_OBJECT.validate_json(row["target"]) | apart)


def _remote_of(row: Row) -> Remote | None:
    if row["remote"] is None:
        return None
    return _REMOTE.validate_python(_OBJECT.validate_json(row["remote"]) | {"id": row["remote_id"]})


def picture_columns(picture: Picture) -> Columns:
    """Write a picture."""
    return {
        "item_id": picture.item_id,
        "blob": picture.blob,
        "mime": picture.mime,
        "width": picture.width,
        "height": picture.height,
        "size_bytes": picture.size_bytes,
        "seed": picture.seed,
        "model": picture.model,
        "is_flagged": int(picture.is_flagged),
    }


def picture_of(row: Row) -> Picture:
    """Read a picture."""
    return Picture(
        item_id=row["item_id"],
        blob=BlobId(row["blob"]),
        mime=row["mime"],
        width=row["width"],
        height=row["height"],
        size_bytes=row["size_bytes"],
        seed=row["seed"],
        model=row["model"],
        is_flagged=bool(row["is_flagged"]),
    )
