"""The endpoints that a server offers: what each takes, gives, and who serves it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Field = Mapping[str, object]
Fields = Mapping[str, Field]

# Names of the interface itself; the server lists them among an endpoint's inputs.
ROUTING: Fields = {
    "client_session_auth_key": {"type": "string"},
    "key": {"type": "string"},
    "wait_for_result": {"type": "bool"},
}
GPU = "TEST_GPU"


class Kind(StrEnum):
    """What an endpoint makes."""

    PICTURE = "picture"
    CHAT = "chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint; `inputs` are written as the discovery document shows them."""

    name: str
    kind: Kind = Kind.PICTURE
    title: str
    description: str
    job_type: str  # what its workers call themselves
    model_label: str
    inputs: Fields
    outputs: Fields
    progress: Fields
    version: int = 0
    workers: int = 1  # online now; with 0 a request queues and nobody says so
    max_queue_length: int = 1000
    max_time_in_queue: float = 3600
    is_enabled: bool = True

    @property
    def parameters(self) -> Fields:
        """Everything that a request may name."""
        return {**self.inputs, **ROUTING}

    def worker(self, index: int = 0) -> str:
        """Return the name of one of its workers."""
        return f"host01#{index}_1x{GPU}_{self.job_type}"


def details(endpoint: Endpoint, *, queued: int, busy: int) -> dict[str, object]:
    """Return the discovery document (`/api/endpoints/{name}`)."""
    return {
        "name": endpoint.name,
        "title": endpoint.title,
        "description": endpoint.description,
        "http_methods": ["GET", "POST"],
        "version": endpoint.version,
        "max_queue_length": endpoint.max_queue_length,
        "max_time_in_queue": endpoint.max_time_in_queue,
        "free_queue_slots": max(0, endpoint.max_queue_length - queued),
        "category": None,
        "num_active_workers": endpoint.workers,
        "num_workers": endpoint.workers,
        "workers": [
            _worker(endpoint, index, is_busy=index < busy) for index in range(endpoint.workers)
        ],
        "parameter_description": {
            "input": endpoint.parameters,
            "output": endpoint.outputs,
            "progress": {"OUTPUTS": endpoint.progress},
        },
    }


def _worker(endpoint: Endpoint, index: int, *, is_busy: bool) -> dict[str, object]:
    return {
        "name": endpoint.worker(index),
        "state": "processing" if is_busy else "waiting",
        "max_batch_size": 1,
        "free_slots": 0 if is_busy else 1,
        "gpu_name": GPU,
        "num_gpus": 1,
        "framework": "sandbox",
        "framework_version": "0",
        "pytorch_version": None,
        "model": {
            "label": endpoint.model_label,
            "quantization": "fp16",
            "size": "0B",
            "family": "Sandbox",
            "type": "image" if endpoint.kind is Kind.PICTURE else "text",
            "repo_name": "sandbox",
        },
    }
