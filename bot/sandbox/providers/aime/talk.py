"""What the sandbox's chat workers say: it grows word by word, and each word counts as a token."""

import json
import re

from bot.sandbox.providers.aime.jobs import Job
from bot.sandbox.providers.aime.parameters import Values

SEQUENCE_TOKENS_MAX = 8192
CONTEXT_TOKENS = 10  # what the template around a conversation costs
_WORDS = re.compile(r"\S+\s*")  # with the white space behind them: lists and code keep their lines


def reply(job: Job) -> str:
    """Return the whole answer of a chat, as long as was allowed."""
    heard = _heard(job.values)
    words = _WORDS.findall(job.script.text or f"Hello from a sandbox llama. You said: {heard}")
    most = job.values.get("max_gen_tokens")
    return "".join(words[:most] if isinstance(most, int) else words).rstrip()


def outputs(job: Job, *, share: float) -> dict[str, object]:
    """Return what there is when `share` of the answer has been said: text so far and counts."""
    words = _WORDS.findall(reply(job))
    said = words[: round(len(words) * share)]
    return {
        "text": "".join(said).rstrip(),
        "num_generated_tokens": len(said),
        "current_context_length": prompt_tokens(job) + len(said),
    }


def result(job: Job) -> dict[str, object]:
    """Return the outputs of a finished chat."""
    return {
        **outputs(job, share=1),
        "model_name": job.endpoint.model_label,
        "max_seq_len": SEQUENCE_TOKENS_MAX,
        "prompt_length": prompt_tokens(job),
    }


def prompt_tokens(job: Job) -> int:
    """Return what the conversation so far counts."""
    return CONTEXT_TOKENS + len(_heard(job.values).split())


def _heard(values: Values) -> str:
    """Return what the worker was told: a conversation is repeated as Python writes it."""
    if values.get("chat_context"):
        return str(json.loads(str(values["chat_context"])))
    return str(values.get("text_context") or values.get("prompt_input") or "")
