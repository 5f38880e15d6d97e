"""The sandbox AIME server talks: chat endpoints, and the layer in OpenAI's language."""

from itertools import pairwise

import pytest

from tests.sandbox.providers.aime_client import KEY, AimeClient, only_error


async def chat(client: AimeClient, aime, **fields) -> dict:
    job_id = await client.accepted("llama4_chat", **fields)
    aime.finish(job_id)
    return await client.result(job_id)


async def test_chat_text_grows_and_counts_tokens_beyond_a_hundred(aime, aime_client):
    words = [f"word{index}" for index in range(300)]
    aime.script.next(text=" ".join(words), updates=3, held=True)
    job_id = await aime_client.accepted("llama4_chat", text_context="hi")
    aime.step(job_id)
    seen = []
    for _ in range(3):
        aime.step(job_id)
        seen.append(await aime_client.progress(job_id))

    texts = [each["progress_data"]["text"] for each in seen]
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    assert [each["progress"] for each in seen] == [75, 150, 225]
    assert [each["progress_data"]["num_generated_tokens"] for each in seen] == [75, 150, 225]


async def test_a_chat_repeats_what_it_was_told_and_stops_where_it_must(aime, aime_client):
    context = '[{"role": "user", "content": "hi there"}]'

    said = await chat(aime_client, aime, chat_context=context)
    cut = await chat(aime_client, aime, prompt_input="hi there", max_gen_tokens=3)

    assert "'content': 'hi there'" in said["text"]
    assert (cut["text"], cut["num_generated_tokens"]) == ("Hello from a", 3)
    assert said["current_context_length"] == said["prompt_length"] + said["num_generated_tokens"]


async def test_a_chat_context_is_json_inside_a_string(aime_client):
    as_list = await aime_client.submit("llama4_chat", chat_context=[{"role": "user"}])
    as_noise = await aime_client.submit("llama4_chat", chat_context="{")

    assert "Expected: <class 'str'> but got <class 'list'>" in only_error(as_list)
    assert as_noise.status == 400


async def test_an_empty_chat_is_an_answer_too(aime, aime_client):
    aime.script.next(outcome="empty")

    assert (await chat(aime_client, aime, text_context="hi"))["text"] == ""


@pytest.mark.parametrize(
    "path,body,status,code",
    [
        ("/v1/chat/completions", {"model": "nope", "messages": [{}]}, 404, "model_not_found"),
        ("/v1/chat/completions", {"model": "llama4-chat"}, 400, "invalid_request"),
        ("/v1/responses", {}, 500, "not_implemented"),
        ("/v1/audio/speech", {}, 500, "not_implemented"),
    ],
)
async def test_the_openai_layer_refuses_in_its_own_shape(aime_client, path, body, status, code):
    bearer = {"Authorization": f"Bearer {KEY}"}

    answer = await aime_client.ask("POST", path, json=body, headers=bearer)

    assert (answer.status, answer.json["error"]["code"]) == (status, code)


async def test_the_openai_layer_wants_a_bearer(aime_client):
    answer = await aime_client.ask("GET", "/v1/models")

    assert (answer.status, answer.json["error"]["code"]) == (401, "invalid_api_key")
