"""The checker: what is wrong in a request or an answer is named at the leaf, what is right passes."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.discord import openapi_schemas
from bot.sandbox.discord.openapi import OpenApiChecker
from bot.sandbox.discord.openapi_schemas import DEVIATIONS

# github.com/discord/discord-api-spec, snapshot of 2026-07-18
SPEC = Path(__file__).parents[2] / "data" / "discord-openapi.json"
JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=x"
ORIGINAL = "/webhooks/1/token/messages/@original"
CALLBACK = "/interactions/1/token/callback"
MESSAGES = "/channels/1/messages"


@pytest.fixture(scope="module")
def checker() -> OpenApiChecker:
    return OpenApiChecker(SPEC)


def post(checker: OpenApiChecker, path: str, body: object, **changes: Any) -> list[str]:
    request = {"query": {}, "content_type": JSON, "file_fields": []} | changes
    return checker.request_problems("POST", path, body=body, **request)


def patch(checker: OpenApiChecker, body: object) -> list[str]:
    return checker.request_problems(
        "PATCH", ORIGINAL, query={}, content_type=JSON, body=body, file_fields=[]
    )


def message(**changes: object) -> dict[str, Any]:
    return {
        "id": "1",
        "channel_id": "2",
        "author": user(),
        "type": 0,
        "content": "Hello",
        "timestamp": "2026-08-06T00:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        "pinned": False,
        "flags": 0,
        **changes,
    }


def user() -> dict[str, Any]:
    return {
        "id": "3",
        "username": "easel",
        "discriminator": "0",
        "global_name": None,
        "avatar": None,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }


def test_a_request_to_nowhere_is_named(checker):
    assert post(checker, "/channels/1/pictures", {}) == [
        "/channels/1/pictures is no route of Discord"
    ]
    assert post(checker, "/gateway", None) == ["/gateway knows no POST"]


def test_the_most_literal_route_wins(checker):
    def get(path: str) -> list[str]:
        return checker.request_problems(
            "GET", path, query={}, content_type="", body=None, file_fields=[]
        )

    assert get(ORIGINAL) == get("/users/@me") == []
    assert get("/channels/1/messages/@original") == [
        "path.message_id: does not look like ^(0|[1-9][0-9]*)$"
    ]


@pytest.mark.parametrize(
    "query,problems",
    [
        ({"with_response": "1"}, []),
        ({"with_response": "true"}, []),
        ({"with_response": "maybe"}, ["query.with_response: is no boolean"]),
        ({"with_answer": "1"}, ["query.with_answer: unknown"]),
    ],
)
def test_the_query_is_checked(checker, query, problems):
    assert post(checker, CALLBACK, {"type": 6}, query=query) == problems


def test_a_number_in_the_query_has_bounds_and_a_list_is_split(checker):
    def get(**query: str) -> list[str]:
        return checker.request_problems(
            "GET",
            "/applications/1/entitlements",
            query=query,
            content_type="",
            body=None,
            file_fields=[],
        )

    assert get(limit="100", sku_ids="1,2") == []
    assert get(limit="101") == ["query.limit: above 100"]
    assert get(limit="few") == ["query.limit: is no integer"]


def test_a_required_query_is_missed(checker):
    problems = checker.request_problems(
        "GET", "/guilds/1/members/search", query={}, content_type="", body=None, file_fields=[]
    )

    assert problems == ["query.query: missing"]


def test_the_content_type_is_checked(checker):
    assert (
        post(checker, MESSAGES, {"content": "x"}, content_type="application/json; charset=utf-8")
        == []
    )
    (problem,) = post(checker, MESSAGES, {"content": "x"}, content_type="text/plain")
    assert problem.startswith("content type 'text/plain' is none of application/json, ")


def test_a_body_is_there_exactly_where_it_belongs(checker):
    assert post(checker, MESSAGES, None, content_type="") == ["a body is missing"]
    assert post(checker, "/channels/1/typing", {"a": 1}) == ["takes no body"]
    assert post(checker, "/channels/1/typing", None, content_type="application/octet-stream") == []


@pytest.mark.parametrize(
    "names,problems",
    [
        (["files[0]", "files[9]"], []),
        (["files[10]"], ["files[10]: no file of this route"]),
        (["file0"], ["file0: no file of this route"]),
        (["files[0]", "files[0]"], ["files[0]: is there 2 times"]),
    ],
)
@pytest.mark.parametrize("path", [MESSAGES, "/webhooks/1/token"])
def test_files_are_named_by_number(checker, path, names, problems):
    body = {"content": "x"}

    assert post(checker, path, body, content_type=MULTIPART, file_fields=names) == problems


def test_files_travel_only_in_multipart(checker):
    assert post(checker, MESSAGES, {"content": "x"}, file_fields=["files[0]"]) == [
        "files need multipart/form-data, not 'application/json'"
    ]


@pytest.mark.parametrize(
    "body,problem",
    [
        ({"contents": "x"}, "contents: unknown key"),
        ({"content": 5}, "content: is no null or string"),
        ({"content": "x" * 2001}, "content: longer than 2000"),
        ({"embeds": [{"title": "x", "colour": 1}]}, "embeds[0].colour: unknown key"),
        ({"embeds": [{"timestamp": "today"}]}, "embeds[0].timestamp: is no date-time"),
        ({"embeds": [{"url": "no address"}]}, "embeds[0].url: is no uri"),
        ({"attachments": [{"filename": "x"}]}, "attachments[0].id: missing"),
        ({"attachments": [{"id": 0}] * 11}, "attachments: has more than 10 items"),
        (
            {"allowed_mentions": {"parse": ["all"]}},
            "allowed_mentions.parse[0]: is none of users, roles, everyone",
        ),
        (
            {"allowed_mentions": {"parse": ["users", "users"]}},
            "allowed_mentions.parse: has an item twice",
        ),
        ({"allowed_mentions": []}, "allowed_mentions: is no null or object"),
        ([], "is no object"),
    ],
)
def test_a_wrong_body_is_reported_at_the_leaf(checker, body, problem):
    assert patch(checker, body) == [problem]


@pytest.mark.parametrize(
    "component,problem",
    [
        ({"type": 10}, ".content: missing"),
        ({"type": 10, "content": "x", "text": "y"}, ".text: unknown key"),
        ({"type": 99}, ".type: is none of 1, 9, 10, 12, 13, 14, 17"),
        ({"type": 12, "items": []}, ".items: has fewer than 1 items"),
        (
            {"type": 17, "components": [{"type": 14, "spacing": 3}]},
            ".components[0].spacing: is none of 1, 2",
        ),
        (
            {
                "type": 17,
                "components": [
                    {"type": 1, "components": [{"type": 2, "style": 1, "label": "x" * 81}]}
                ],
            },
            ".components[0].components[0].label: longer than 80",
        ),
        (
            {"type": 9, "components": [{"type": 10, "content": "x"}], "accessory": {"type": 11}},
            ".accessory.media: missing",
        ),
    ],
)
def test_a_wrong_component_is_reported_by_its_own_rules(checker, component, problem):
    assert patch(checker, {"components": [component]}) == [f"components[0]{problem}"]
    assert post(checker, CALLBACK, {"type": 4, "data": {"components": [component]}}) == [
        f"data.components[0]{problem}"
    ]


def test_the_kind_of_callback_decides_what_fits(checker):
    assert post(checker, CALLBACK, {"type": 3}) == ["type: is none of 1, 4, 5, 6, 7, 8, 9, 12, 13"]
    assert post(checker, CALLBACK, {"type": 9, "data": {"title": "x", "components": []}}) == [
        "data.custom_id: missing",
        "data.components: has fewer than 1 items",
    ]


def test_values_are_never_quoted(checker):
    body = {"content": ["s3cret"], "embeds": [{"url": "s3 cret"}], "flags": "s3cret"}

    problems = patch(checker, body)

    assert len(problems) == 3
    assert "s3" not in "".join(problems)


@pytest.mark.parametrize(
    "status,body",
    [
        (200, message()),
        (404, {"message": "Unknown Webhook", "code": 10015}),
        (401, {"message": "401: Unauthorized", "code": 0}),
        (413, {"message": "Request entity too large", "code": 40005}),
        (
            400,
            {
                "message": "Invalid Form Body",
                "code": 50035,
                "errors": {
                    "components": {
                        "0": {
                            "label": {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "…"}]}
                        }
                    }
                },
            },
        ),
        (429, {"message": "Slow down.", "retry_after": 0.5, "global": False}),
        (500, {"message": "500: Internal Server Error", "code": 0}),
        (502, None),
    ],
)
def test_answers_as_discord_gives_them_fit(checker, status, body):
    assert checker.answer_problems("PATCH", ORIGINAL, status=status, body=body) == []


@pytest.mark.parametrize(
    "status,body,problems",
    [
        (200, message(colour=1), ["colour: unknown key"]),
        (200, message(id=1), ["id: is no string"]),
        (200, message(timestamp="today"), ["timestamp: is no date-time"]),
        (200, None, ["is no object"]),
        (204, None, ["status 204 is none of 200, 429, 4XX"]),
        (404, {"message": "Unknown Webhook"}, ["code: missing"]),
        (404, None, ["is no object"]),
        (404, {"message": "x", "code": 1, "hint": "y"}, ["hint: unknown key"]),
        (429, {"message": "x", "global": False}, ["retry_after: missing"]),
    ],
)
def test_a_wrong_answer_is_named(checker, status, body, problems):
    assert checker.answer_problems("PATCH", ORIGINAL, status=status, body=body) == problems


def test_an_answer_without_a_body_has_none(checker):
    assert checker.answer_problems("POST", CALLBACK, status=204, body=None) == []
    assert checker.answer_problems("POST", CALLBACK, status=204, body={}) == [
        "204 has no body here"
    ]


def test_a_request_to_nowhere_is_answered_with_an_error_only(checker):
    error = {"message": "404: Not Found", "code": 0}

    assert checker.answer_problems("GET", "/pictures", status=404, body=error) == []
    assert checker.answer_problems("GET", "/pictures", status=200, body={}) == [
        "GET /pictures exists nowhere, yet 200"
    ]


def test_a_value_is_held_against_a_named_schema(checker):
    assert checker.schema_problems("UserResponse", user()) == []
    assert checker.schema_problems("UserResponse", user() | {"id": None}) == ["id: is no string"]
    with pytest.raises(KeyError):
        checker.schema_problems("PictureResponse", {})


def test_every_schema_of_the_description_can_be_used(checker):
    for name in json.loads(SPEC.read_text("utf-8"))["components"]["schemas"]:
        checker.schema_problems(name, {"no such key": 1})


FIELDS = [(deviation, place) for deviation in DEVIATIONS for place in deviation.fields]
SAMPLES = {"boolean": True, "integer": 5, "string": "x", "array": [5]}


@pytest.mark.parametrize("deviation,place", FIELDS, ids=[place for _, place in FIELDS])
def test_every_deviation_is_needed_and_works(checker, monkeypatch, deviation, place):
    schema, _, name = place.partition(".")
    sample = SAMPLES.get(deviation.allows.get("type"))
    if schema == "InnerErrors":
        sample = [{"code": "BASE_TYPE_REQUIRED", "message": "…"}]
    value = {} if deviation.optional else {name: sample}
    monkeypatch.setattr(openapi_schemas, "DEVIATIONS", ())

    without = OpenApiChecker(SPEC).schema_problems(schema, value)

    assert [problem for problem in without if problem.startswith(name)] != []
    accepted = checker.schema_problems(schema, value)
    assert [problem for problem in accepted if problem.startswith(name)] == []


def test_the_description_travels_with_its_licence():
    licence = SPEC.with_suffix(".LICENSE").read_text("utf-8")

    assert licence.startswith("MIT License")
    assert "Discord" in licence
