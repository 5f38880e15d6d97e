"""Which secret a job's calls are made with: its member's, its server's or the house's own."""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import SecretStr

from bot.accounts.keys import KeyRing
from bot.domain.errors import KeyRejected
from bot.domain.jobs import Job
from bot.domain.keys import KeyKind

KEY_ERASED_SENTENCES: Mapping[KeyKind, str] = MappingProxyType(
    {
        KeyKind.MEMBER: "Your key was erased before this could be sent.",
        KeyKind.SERVER: "The server's key was erased before this could be sent.",
    }
)


class JobKeys:
    """Find the key of a job."""

    def __init__(self, ring: KeyRing, *, of_the_house: Mapping[str, SecretStr]) -> None:
        self._ring = ring
        self._of_the_house = of_the_house

    async def to_submit(self, job: Job) -> SecretStr:
        """Return the key that will pay for a job.

        Raises `KeyRejected` when its owner has erased it meanwhile: nobody else pays for what was
        not priced for them.
        """
        owner = job.key_owner
        if owner is None:
            return self._of_the_house[job.provider]
        brought = await self._ring.secret_for(owner, provider=job.provider)
        if brought is None:
            raise KeyRejected(KEY_ERASED_SENTENCES[owner.kind], provider=job.provider)
        return brought

    async def of(self, job: Job) -> SecretStr:
        """Return the key that a job runs on; the house's own when that was erased."""
        try:
            return await self.to_submit(job)
        except KeyRejected:
            return self._of_the_house[job.provider]
