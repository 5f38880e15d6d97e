"""What the steps of a job work with, in one value."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import SecretStr

from bot.accounts.house_rules import HouseBook
from bot.accounts.keys import KeyRing
from bot.accounts.strikes import StrikeBook
from bot.domain.clock import Clock
from bot.domain.errors import KeyRejected
from bot.domain.jobs import Job
from bot.domain.keys import KeyKind
from bot.jobs.callbacks import CallbackAddresses
from bot.jobs.catalogue import Catalogue
from bot.jobs.health import Health
from bot.jobs.hearsay import Hearsay
from bot.jobs.notifier import Notifier
from bot.jobs.pseudonyms import Pseudonyms
from bot.jobs.schedule import Schedule
from bot.jobs.seats import Seats
from bot.jobs.turns import Turns
from bot.media.pool import PictureWork
from bot.providers.base import Provider
from storage.blobs import BlobStore
from storage.database import Database

KEY_ERASED_SENTENCES: Mapping[KeyKind, str] = MappingProxyType(
    {
        KeyKind.MEMBER: "Your key was erased before this could be sent.",
        KeyKind.SERVER: "The server's key was erased before this could be sent.",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Everything a step needs; made once by the composition root."""

    database: Database
    blobs: BlobStore
    keys: KeyRing
    house: HouseBook
    strikes: StrikeBook
    providers: Mapping[str, Provider]
    service_keys: Mapping[str, SecretStr]
    seats: Seats
    turns: Mapping[str, Turns]
    notifier: Notifier
    pictures: PictureWork
    schedule: Schedule
    health: Health
    catalogue: Catalogue
    hearsay: Hearsay
    callback_addresses: CallbackAddresses | None
    clock: Clock
    may_submit_again: bool
    """Whether an unsure submit is sent once more (the operator may pay twice, the member never)."""
    pseudonyms: Pseudonyms | None = None

    def callback_url(self, job: Job) -> str | None:
        """Return where a job's provider may call back; None where that is off or not its way."""
        if self.callback_addresses is None or not self.providers[job.provider].calls_back:
            return None
        return self.callback_addresses.url(job)

    def pseudonym(self, job: Job) -> str | None:
        """Return the name that stands for a member where the operator's account asks for them."""
        if self.pseudonyms is None or job.key_owner is not None:
            return None
        return self.pseudonyms.of(job.owner_id, provider=job.provider)

    async def key_to_submit(self, job: Job) -> SecretStr:
        """Return the key that will pay for a job.

        Raises `KeyRejected` when its owner has erased it meanwhile: nobody else pays for what was
        not priced for them.
        """
        owner = job.key_owner
        if owner is None:
            return self.service_keys[job.provider]
        brought = await self.keys.secret_for(owner, provider=job.provider)
        if brought is None:
            raise KeyRejected(KEY_ERASED_SENTENCES[owner.kind], provider=job.provider)
        return brought

    async def key_for(self, job: Job) -> SecretStr:
        """Return the key that a job runs on; the service's own when that was forgotten."""
        try:
            return await self.key_to_submit(job)
        except KeyRejected:
            return self.service_keys[job.provider]
