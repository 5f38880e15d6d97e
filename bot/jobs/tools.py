"""What the steps of a job work with, in one value."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.accounts.house_rules import HouseBook
from bot.accounts.strikes import StrikeBook
from bot.domain.clock import Clock
from bot.domain.jobs import Job
from bot.jobs.callbacks import CallbackAddresses
from bot.jobs.catalogue import Catalogue
from bot.jobs.health import Health
from bot.jobs.hearsay import Hearsay
from bot.jobs.job_keys import JobKeys
from bot.jobs.notifier import Notifier
from bot.jobs.pseudonyms import Pseudonyms
from bot.jobs.schedule import Schedule
from bot.jobs.seats import Seats
from bot.jobs.turns import Turns
from bot.media.pool import PictureWork
from bot.providers.base import Provider
from storage.blobs import BlobStore
from storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Everything a step needs; made once by the composition root."""

    database: Database
    blobs: BlobStore
    keys: JobKeys
    house: HouseBook
    strikes: StrikeBook
    providers: Mapping[str, Provider]
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
