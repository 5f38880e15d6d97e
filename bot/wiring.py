"""Which concrete class stands behind which interface: the parts of the service, put together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.accounts.audit_trail import AuditBook
from bot.accounts.budgets import BudgetBook
from bot.accounts.credits import CreditAccounts
from bot.accounts.door import Door
from bot.accounts.gifts import GiftDesk
from bot.accounts.house_rules import HouseBook
from bot.accounts.keys import KeyRing
from bot.accounts.kudos import KudosDesk
from bot.accounts.marks import Marks
from bot.accounts.money import Money
from bot.accounts.payers import PayerBook
from bot.accounts.preferences import PreferenceBook
from bot.accounts.rotation import MasterKeyWatch
from bot.accounts.strikes import StrikeBook
from bot.accounts.till import Till
from bot.accounts.treasury import Treasury
from bot.client import EaselBot, Services, use_addresses
from bot.domain.clock import Clock
from bot.domain.credits import credits_of
from bot.domain.errors import ConfigurationError
from bot.domain.keys import KeyOwner
from bot.jobs.album import Album
from bot.jobs.callbacks import KEY_LABEL, CallbackAddresses, Callbacks
from bot.jobs.catalogue import Catalogue
from bot.jobs.claims import Claims
from bot.jobs.dispatch import Dispatch, LocalDispatch
from bot.jobs.erasure import Memory
from bot.jobs.estimates import Estimates
from bot.jobs.health import Health
from bot.jobs.hearsay import Hearsay
from bot.jobs.history import History
from bot.jobs.job_keys import JobKeys
from bot.jobs.notifier import Notifier
from bot.jobs.offers import Offers
from bot.jobs.overview import Overview
from bot.jobs.pace import Pace, Paces
from bot.jobs.pseudonyms import KEY_LABEL as PSEUDONYMS_LABEL
from bot.jobs.pseudonyms import Pseudonyms
from bot.jobs.recovery import Recovery
from bot.jobs.schedule import Schedule
from bot.jobs.seats import Seats
from bot.jobs.style_shelf import StyleShelf
from bot.jobs.tools import Tools
from bot.jobs.tracker import Tracker
from bot.jobs.turns import Turns
from bot.jobs.worker import Worker
from bot.key_setup import Vault, keep_out_of_logs
from bot.media.pool import PictureWork
from bot.price_setup import price_list
from bot.privacy_setup import Outside, Stores, caretakers, retention
from bot.provider_setup import service_keys
from bot.providers.base import Limits, Provider
from bot.providers.horde import Horde
from bot.service import Keeper, Service, WebAddress
from bot.settings import Settings
from bot.ui.delivery import Sender
from bot.ui.edit_budgets import EditBudgets
from bot.ui.editor import Editor
from bot.ui.lost_cards import LostCards
from bot.ui.rate_headers import listening
from bot.ui.report_poster import ReportPoster
from cogs import COGS
from storage.blobs import DirectoryBlobs
from storage.database import Database
from storage.sealing import MasterKeys, derived_keys

# What discord.py 2.7.1 itself uses.
DISCORD_API = "https://discord.com/api/v10"
DISCORD_GATEWAY = "wss://gateway.discord.gg/"
DISCORD_CDN = "https://cdn.discordapp.com"

PAUSE_INTERVALS = 8  # a provider that fails is left alone for so many polls' time, then for longer


def discord_token(settings: Settings) -> str:
    """Return Discord's token; `ConfigurationError` when there is none."""
    if settings.discord_token is None:
        raise ConfigurationError(
            "DISCORD_TOKEN is not set: put the bot's token into .env or the environment."
        )
    return settings.discord_token.get_secret_value()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What was opened and has to be closed again."""

    clock: Clock
    database: Database
    blobs: DirectoryBlobs
    pictures: PictureWork
    providers: Mapping[str, Provider]
    callback_addresses: CallbackAddresses | None
    vault: Vault | None
    """None where only commands are wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Books:
    """Who may do what, for how much."""

    money: Money
    keys: KeyRing
    house: HouseBook
    strikes: StrikeBook
    marks: Marks
    preferences: PreferenceBook


def _books(settings: Settings, opened: Opened) -> _Books:
    database, clock = opened.database, opened.clock
    return _Books(
        money=_money(settings, database, clock),
        keys=KeyRing(database, providers=opened.providers, clock=clock),
        house=HouseBook(database, clock=clock),
        strikes=StrikeBook(database, clock=clock),
        marks=Marks(database),
        preferences=PreferenceBook(database, clock=clock),
    )


def _kudos(opened: Opened, *, keys: KeyRing) -> KudosDesk:
    horde = opened.providers.get("horde")
    bank = horde if isinstance(horde, Horde) else None
    return KudosDesk(opened.database, keys=keys, bank=bank, clock=opened.clock)


def wired(settings: Settings, opened: Opened) -> Service:
    """Put the service together; nothing runs yet."""
    clock, database, providers = opened.clock, opened.database, opened.providers
    books = _books(settings, opened)
    catalogue, styles = Catalogue(providers, clock=clock), StyleShelf(providers, clock=clock)
    _point_at_discord(settings)
    edit_budgets, album = EditBudgets(), Album(opened.blobs, opened.pictures)
    bot = EaselBot(cogs=COGS, http_trace=listening(edit_budgets, clock))
    editor = Editor(
        Sender(bot, clock), album, clock, budgets=edit_budgets, edit_gap_s=settings.edit_interval_s
    )
    tools = _tools(settings, opened, books=books, catalogue=catalogue, notifier=editor)
    books.keys.listen(tools.health.renew)
    dispatch = LocalDispatch(Worker(tools).advance, clock=clock)
    offers = _offers(settings, opened, books=books, catalogue=catalogue, health=tools.health)
    tracker = _tracker(opened, books=books, offers=offers, dispatch=dispatch, tools=tools)
    stores = _stores(opened, books, album)
    care = caretakers(settings, stores, _outside(bot, books), dispatch=dispatch, clock=clock)
    claims = Claims(database, LostCards(bot), clock=clock)
    bot.attach(
        Services(
            tracker=tracker,
            claims=claims,
            catalogue=catalogue,
            money=books.money,
            keys=books.keys,
            kudos=_kudos(opened, keys=books.keys),
            preferences=books.preferences,
            history=History(database, album, retention=care.retention.results),
            overview=Overview(providers, offers=offers, keys=books.keys, catalogue=catalogue),
            styles=styles,
            audit_trail=AuditBook(database, clock=clock),
            house=books.house,
            care=care,
        )
    )
    recovery = _recovery(settings, opened, dispatch, claims)
    return Service(
        bot=bot,
        tracker=tracker,
        dispatch=dispatch,
        recovery=recovery,
        catalogue=catalogue,
        editor=editor,
        keys=books.keys,
        keepers=(books.strikes, styles, *care.keepers, *_keepers(opened)),
        house=books.house,
        strikes=books.strikes,
        payers=books.money.payers,
        marks=books.marks,
        exports=care.exports,
        database=database,
        seats=tools.seats,
        turns=tuple(tools.turns.values()),
        token=discord_token(settings),
        drain_s=settings.drain_s,
        web=_web_address(settings),
        callbacks=_callbacks(tools, dispatch),
    )


def _recovery(
    settings: Settings, opened: Opened, dispatch: LocalDispatch, claims: Claims
) -> Recovery:
    return Recovery(
        opened.database,
        dispatch,
        claims=claims,
        blobs=opened.blobs,
        retention=retention(settings),
        clock=opened.clock,
    )


def _outside(bot: EaselBot, books: _Books) -> Outside:
    return Outside(
        is_there=bot.is_in,
        poster=ReportPoster(bot),
        channel_of=lambda guild_id: books.house.rules(guild_id).report_channel_id,
    )


def _stores(opened: Opened, books: _Books, album: Album) -> Stores:
    return Stores(
        database=opened.database,
        blobs=opened.blobs,
        album=album,
        memory=Memory(
            settle=books.strikes.flush,
            let_go=(
                books.money.credits.let_go,
                books.preferences.let_go,
                lambda owner_id: books.keys.let_go(KeyOwner.member(owner_id)),
            ),
            learn=(books.marks.open,),
        ),
        server_memory=(
            books.house.let_go,
            books.money.payers.let_go,
            lambda guild_id: books.keys.let_go(KeyOwner.server(guild_id)),
        ),
    )


def _money(settings: Settings, database: Database, clock: Clock) -> Money:
    accounts = CreditAccounts(database, daily=credits_of(settings.daily_credits), clock=clock)
    per_day = credits_of(settings.gifts_per_day)
    return Money(
        credits=accounts,
        gifts=GiftDesk(database, accounts=accounts, per_day=per_day, clock=clock),
        payers=PayerBook(database, clock=clock),
        budgets=BudgetBook(database, clock=clock),
        treasury=Treasury(database, accounts=accounts, makers=settings.credit_makers, clock=clock),
        prices=price_list(settings),
    )


def _offers(
    settings: Settings, opened: Opened, *, books: _Books, catalogue: Catalogue, health: Health
) -> Offers:
    return Offers(
        opened.providers,
        prices=books.money.prices,
        keys=books.keys,
        house=books.house,
        catalogue=catalogue,
        health=health,
        by_price=settings.choose_by == "price",
    )


def _tracker(
    opened: Opened, *, books: _Books, offers: Offers, dispatch: Dispatch, tools: Tools
) -> Tracker:
    return Tracker(
        database=opened.database,
        blobs=opened.blobs,
        pictures=opened.pictures,
        till=Till(
            accounts=books.money.credits,
            payers=books.money.payers,
            budgets=books.money.budgets,
        ),
        door=Door(books.house, books.strikes, books.marks),
        offers=offers,
        estimates=Estimates(tools, books.money.prices),
        providers=opened.providers,
        dispatch=dispatch,
        notifier=tools.notifier,
        clock=opened.clock,
    )


def _web_address(settings: Settings) -> WebAddress | None:
    if settings.web_port is None:
        return None
    return WebAddress(host=settings.web_host, port=settings.web_port)


def _callbacks(tools: Tools, dispatch: Dispatch) -> Callbacks | None:
    addresses = tools.callback_addresses
    if addresses is None:
        return None
    return Callbacks(addresses, tools.hearsay, providers=tools.providers, dispatch=dispatch)


def _tools(
    settings: Settings,
    opened: Opened,
    *,
    books: _Books,
    catalogue: Catalogue,
    notifier: Notifier,
) -> Tools:
    seats = Seats(opened.database, each=settings.jobs_at_once)
    return Tools(
        database=opened.database,
        blobs=opened.blobs,
        keys=JobKeys(books.keys, of_the_house=service_keys(settings)),
        house=books.house,
        strikes=books.strikes,
        providers=opened.providers,
        seats=seats,
        turns={
            name: Turns(_paces(provider.limits), seats=seats, clock=opened.clock)
            for name, provider in opened.providers.items()
        },
        notifier=notifier,
        pictures=opened.pictures,
        schedule=Schedule(
            interval_s=settings.poll_interval_s,
            retry_s=settings.poll_interval_s,
            slow_s=settings.callback_poll_s,
            deadline=timedelta(minutes=settings.job_deadline_min),
        ),
        health=Health(
            opened.clock, pause=timedelta(seconds=PAUSE_INTERVALS * settings.poll_interval_s)
        ),
        catalogue=catalogue,
        hearsay=Hearsay(),
        callback_addresses=opened.callback_addresses,
        clock=opened.clock,
        may_submit_again=settings.after_unsure_submit == "once",
        pseudonyms=_pseudonyms(opened),
    )


def _pseudonyms(opened: Opened) -> Pseudonyms | None:
    if opened.vault is None:
        return None
    return Pseudonyms(derived_keys(opened.vault.keys, label=PSEUDONYMS_LABEL)[0])


def callback_addresses(settings: Settings, keys: MasterKeys) -> CallbackAddresses | None:
    """Return where providers may call back, by which secrets; None where that is off."""
    if settings.public_url is None:
        return None
    return CallbackAddresses(settings.public_url, keys=derived_keys(keys, label=KEY_LABEL))


def _keepers(opened: Opened) -> tuple[Keeper, ...]:
    """Return what looks after the house; commands alone have none."""
    if opened.vault is None:
        return ()
    return (_master_keys(opened, opened.vault),)


def _master_keys(opened: Opened, vault: Vault) -> MasterKeyWatch:
    """Follow the file of master keys; addresses for callbacks change with it."""
    addresses = opened.callback_addresses

    def take_up(keys: MasterKeys) -> None:
        keep_out_of_logs(keys)
        if addresses is not None:
            addresses.use(derived_keys(keys, label=KEY_LABEL))

    return MasterKeyWatch(
        opened.database,
        keys=vault.keys,
        sealer=vault.sealer,
        file=vault.file,
        take_up=take_up,
        clock=opened.clock,
    )


def _paces(limits: Limits) -> Paces:
    make = partial(Pace, per_s=limits.submits_per_s, per_min=limits.submits_per_min)
    return Paces(make, by_key=limits.by_key)


def _point_at_discord(settings: Settings) -> None:
    use_addresses(
        api=settings.discord_api_url or DISCORD_API,
        gateway=settings.discord_gateway_url or DISCORD_GATEWAY,
        cdn=settings.discord_cdn_url or DISCORD_CDN,
    )
