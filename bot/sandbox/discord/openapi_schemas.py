"""The schemas of Discord's OpenAPI description, made strict.

The description lets unknown keys pass everywhere and says `oneOf` where branches overlap; both would
hide mistakes or invent them. What real clients and the documents do against the description is allowed
again by name, in `DEVIATIONS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]

COMPONENTS = "#/components/schemas/"
ADDRESS = "urn:discord"  # where the registry keeps the strict schemas

BOOLEAN: Schema = {"type": "boolean"}
INTEGER: Schema = {"type": "integer"}
TEXT: Schema = {"type": "string"}
NUMERIC_ID: Schema = {"type": "integer", "minimum": 0}
NUMERIC_IDS: Schema = {"type": "array", "items": NUMERIC_ID}
WORDED_ERRORS: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        "required": ["code", "message"],
        "additionalProperties": False,
    },
}

KEPT = (
    "discord.py repeats all it knows of a kept attachment (message.py:415), where its id is enough"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """Properties where the description is narrower than what is sent in earnest."""

    name: str
    reason: str
    fields: tuple[str, ...]  # "schema.property"
    allows: Schema = field(default_factory=dict)  # allowed beside what the description says
    optional: bool = False  # may be missing although the description requires it


DEVIATIONS = (
    Deviation(
        name="tts on edits",
        reason="discord.py puts it into every message payload (http.py, handle_message_parameters)",
        fields=(
            "IncomingWebhookUpdateRequestPartial.tts",
            "IncomingWebhookUpdateForInteractionCallbackRequestPartial.tts",
            "MessageEditRequestPartial.tts",
        ),
        allows=BOOLEAN,
    ),
    Deviation(
        name="nsfw on commands",
        reason="documented, but described for commands in answers only",
        fields=(
            "ApplicationCommandCreateRequest.nsfw",
            "ApplicationCommandUpdateRequest.nsfw",
            "ApplicationCommandPatchRequestPartial.nsfw",
        ),
        allows=BOOLEAN,
    ),
    Deviation(
        name="numeric attachment ids",
        reason="the documents allow number or string; discord.py numbers new files",
        fields=("MessageAttachmentRequest.id",),
        allows=NUMERIC_ID,
    ),
    Deviation(
        name="kept attachments in full: texts",
        reason=KEPT,
        fields=(
            "MessageAttachmentRequest.content_type",
            "MessageAttachmentRequest.proxy_url",
            "MessageAttachmentRequest.url",
        ),
        allows=TEXT,
    ),
    Deviation(
        name="kept attachments in full: sizes",
        reason=KEPT,
        fields=(
            "MessageAttachmentRequest.height",
            "MessageAttachmentRequest.size",
            "MessageAttachmentRequest.width",
        ),
        allows=INTEGER,
    ),
    Deviation(
        name="kept attachments in full: spoiler",
        reason=KEPT,
        fields=("MessageAttachmentRequest.spoiler",),
        allows=BOOLEAN,
    ),
    Deviation(
        name="numeric ids in requests",
        reason="Discord takes them as numbers too, and discord.py sends them so; answers stay text",
        fields=(
            "ChannelSelectDefaultValue.id",
            "CreateEntitlementRequestData.owner_id",
            "CreateEntitlementRequestData.sku_id",
            "CreatePrivateChannelRequest.recipient_id",
            "MessageReferenceRequest.channel_id",
            "MessageReferenceRequest.guild_id",
            "MessageReferenceRequest.message_id",
            "RoleSelectDefaultValue.id",
            "UserSelectDefaultValue.id",
        ),
        allows=NUMERIC_ID,
    ),
    Deviation(
        name="lists of numeric ids in requests",
        reason="the same for lists",
        fields=(
            "IncomingWebhookRequestPartial.applied_tags",
            "MessageAllowedMentionsRequest.roles",
            "MessageAllowedMentionsRequest.users",
            "MessageCreateRequest.sticker_ids",
        ),
        allows=NUMERIC_IDS,
    ),
    Deviation(
        name="embed flags",
        reason="documented for embeds as received; discord.py sends them back (Embed.to_dict)",
        fields=("RichEmbed.flags",),
        allows=INTEGER,
    ),
    Deviation(
        name="field errors with words for codes",
        reason="the documents show BASE_TYPE_REQUIRED and the like, the description wants a number",
        fields=("InnerErrors._errors",),
        allows=WORDED_ERRORS,
    ),
    Deviation(
        name="429 without code",
        reason="the documents call the code of a rate limit answer optional",
        fields=("RatelimitedResponse.code",),
        optional=True,
    ),
)


def strict_schemas(schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return every named schema closed and with the deviations allowed."""
    strict = {name: closed(schema, schemas) for name, schema in schemas.items()}
    for deviation in DEVIATIONS:
        for place in deviation.fields:
            name, _, key = place.partition(".")
            _allow(strict[name], key, deviation)
    return strict


def closed(schema: Any, schemas: Mapping[str, Schema]) -> Any:
    """Return a schema that refuses unknown keys, with its references pointing to the registry."""
    if isinstance(schema, list):
        return [closed(item, schemas) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = _merged(schema, schemas)
    strict = {
        # an empty enum is the description's way to say "see allOf"
        "anyOf" if key == "oneOf" else key: _closed_value(key, value, schemas)
        for key, value in schema.items()
        if (key, value) != ("enum", [])
    }
    if "properties" in strict:
        strict.setdefault("additionalProperties", False)
    return strict


def _closed_value(key: str, value: Any, schemas: Mapping[str, Schema]) -> Any:
    if key == "$ref":
        return ADDRESS + value
    if key == "properties":
        return {name: closed(inner, schemas) for name, inner in value.items()}
    if key in {"items", "additionalProperties", "oneOf", "anyOf", "allOf"}:
        return closed(value, schemas)
    return value


def _merged(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """Fold an `allOf` of objects into one: closed apart, they would refuse each other's keys."""
    parts = [_resolved(part, schemas) for part in schema.get("allOf", ())]
    if not any("properties" in part for part in parts):
        return schema
    merged: Schema = {"type": "object", "properties": {}, "required": []}
    for part in parts:
        merged["properties"] |= part.get("properties", {})
        merged["required"] += part.get("required", [])
    return merged


def _resolved(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    reference = schema.get("$ref")
    return schemas[reference.removeprefix(COMPONENTS)] if reference else schema


def _allow(schema: Schema, key: str, deviation: Deviation) -> None:
    known = schema["properties"].get(key)
    if deviation.allows:
        allowed = deviation.allows if known is None else {"anyOf": [known, deviation.allows]}
        schema["properties"][key] = allowed
    if deviation.optional:
        schema["required"].remove(key)


def file_names(schema: Schema) -> frozenset[str]:
    """Return the multipart fields that carry a file, "files[0]" and so on."""
    own = {name for name, field in schema.get("properties", {}).items() if _is_file(field)}
    return frozenset(own.union(*map(file_names, schema.get("allOf", ()))))


def without_files(schema: Schema) -> Schema:
    """Return the part of a multipart schema that describes `payload_json`."""
    if parts := [part for part in schema.get("allOf", ()) if not file_names(part)]:
        return {**schema, "allOf": parts} if len(parts) > 1 else parts[0]
    files = file_names(schema)
    if not files:
        return schema
    return {
        **schema,
        "properties": {k: v for k, v in schema["properties"].items() if k not in files},
        "required": [name for name in schema.get("required", ()) if name not in files],
    }


def _is_file(schema: Schema) -> bool:
    return schema.get("contentEncoding") == "binary"
