"""The only reader of the environment: one frozen object, and every fault reported at once.

`load()` takes the variables from the process (and from `.env` where there is one), `load({...})` from
the mapping alone. A variable that is set to nothing counts as not set. No sentence repeats a value, so
a token pasted behind the wrong name is not printed.
"""

import base64
import difflib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from dotenv.parser import parse_stream
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
)
from pydantic.fields import FieldInfo

from bot.domain.errors import ConfigurationError
from bot.domain.jobs import UserId

VERSION: Final = "0.1.0"
MASTER_KEY_BYTES: Final = 32
SECRET_FILE_BYTES_MAX: Final = 4096
LAUNCHER_NAMES: Final = frozenset({"EASEL_PYTHON"})  # read by `easel`, before there is a Python
PUBLIC_URL_CHARS_MAX: Final = 512  # AI Horde takes 1,024 for the whole, with path and secret
OUTSIDE_PREFIXES: Final = ("discord_", "horde_", "aime_", "algovera_", "ai_client_", "nebula_")
SQLITE_SCHEME: Final = "sqlite:///"
AGENT_PATTERN: Final = re.compile(r"[!-9;-~]+:[!-9;-~]+:[!-~][ -~]*")
ID_PATTERN: Final = re.compile(r"[1-9][0-9]{0,19}")
MODEL_PATTERN = re.compile(r"[\w. /-]{1,100}")
PROVIDER_PATTERN = re.compile(r"[a-z0-9_]{1,32}")
HOST_PATTERN: Final = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def env_name(attribute: str) -> str:
    """Return the variable behind an attribute: `web_port` is `EASEL_WEB_PORT`."""
    prefix = "" if attribute.startswith(OUTSIDE_PREFIXES) else "EASEL_"
    return prefix + attribute.upper()


def _visible_ascii(secret: SecretStr) -> SecretStr:
    """Refuse what cannot travel in an HTTP header, such as a pasted blank or line end."""
    if not re.fullmatch(r"[\x21-\x7e]+", secret.get_secret_value()):
        raise ValueError("give the value alone, without blanks, quotes or a word before it")
    return secret


def _master_key(secret: SecretStr) -> SecretStr:
    for line in secret.get_secret_value().split(","):
        try:
            key = base64.b64decode(line, validate=True)
        except ValueError:  # not base64, or not even ASCII
            key = b""
        if len(key) != MASTER_KEY_BYTES:
            raise ValueError(
                "give 32 random bytes in base64, as `head -c 32 /dev/urandom | base64` prints; "
                "a newer master key goes behind it, with a comma and no blank"
            )
    return secret


def _address(*schemes: str) -> AfterValidator:
    """Take `scheme://host[:port][/path]` and nothing more, so that an address holds no secret."""
    shape = re.compile(
        rf"({'|'.join(schemes)})://(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d{{1,5}})?(/[^\s?#@]*)?"
    )

    def check(url: str) -> str:
        if not shape.fullmatch(url):
            raise ValueError(f"give an address such as {schemes[-1]}://host/path, without a query")
        return url.rstrip("/")

    return AfterValidator(check)


def _client_agent(agent: str) -> str:
    if not AGENT_PATTERN.fullmatch(agent):
        raise ValueError("give three parts, name:version:contact, so that the Horde can reach you")
    return agent


def _hosts(text: object) -> object:
    """Split a comma list; a leading `*.` stands for every host below."""
    if not isinstance(text, str):
        return text
    hosts = tuple(host.strip().lower() for host in text.split(",") if host.strip())
    if not hosts or not all(HOST_PATTERN.fullmatch(host) for host in hosts):
        raise ValueError(
            "give host names with commas between them, such as *.example.org, without ports"
        )
    return hosts


def _provider_names(text: object) -> object:
    """Split a comma list; an order is told by names, so none may come twice."""
    if not isinstance(text, str):
        return text
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if len(set(names)) != len(names) or not all(map(PROVIDER_PATTERN.fullmatch, names)):
        raise ValueError("give names such as horde,aime, each once, the usual one first")
    return names


def _model_names(text: object) -> object:
    """Split a comma list; names of models keep their case, and may hold blanks."""
    if not isinstance(text, str):
        return text
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if len(set(map(str.lower, names))) != len(names) or not all(
        map(MODEL_PATTERN.fullmatch, names)
    ):
        raise ValueError("give names with commas between them, each once, the usual one first")
    return names


def _member_ids(text: object) -> object:
    """Split a comma list of Discord's ids."""
    if not isinstance(text, str):
        return text
    ids = [part.strip() for part in text.split(",") if part.strip()]
    if not all(ID_PATTERN.fullmatch(part) for part in ids):
        raise ValueError("give Discord ids with commas between them, such as 81384788765712384")
    return frozenset(map(int, ids))


def _database_url(url: str) -> str:
    if not url.startswith(SQLITE_SCHEME) or url == SQLITE_SCHEME:
        raise ValueError(
            "give sqlite:///path/to/file, or leave it out; this version stores in SQLite only"
        )
    return url


def _at_home(path: Path, info: ValidationInfo) -> Path:
    """Start a relative path at `EASEL_HOME`, wherever the process was started."""
    home: Path = info.data.get("home", Path())
    return home / path


def _with_key(attribute: str) -> AfterValidator:
    """Refuse an address whose key, declared before it, was not given."""

    def check(url: str, info: ValidationInfo) -> str:
        if info.data.get(attribute) is None:
            raise ValueError(f"set {env_name(attribute)} as well, or leave the address out")
        return url

    return AfterValidator(check)


def _one_word(text: str) -> str:
    if len(text.split()) != 1:
        raise ValueError("give a host name or an address")
    return text


def _public_url(url: str, info: ValidationInfo) -> str:
    """Check that providers may call this address, and that somebody will answer there."""
    if not url.startswith("https://") and not info.data.get("allow_private_hosts"):
        raise ValueError(
            "give an https address: AI Horde calls no other "
            "(http goes only with EASEL_ALLOW_PRIVATE_HOSTS, for a sandbox)"
        )
    if len(url) > PUBLIC_URL_CHARS_MAX:
        raise ValueError(f"give an address of at most {PUBLIC_URL_CHARS_MAX} characters")
    if "web_port" in info.data and info.data["web_port"] is None:
        raise ValueError(
            "set EASEL_WEB_PORT as well: the calls that arrive at this address end at that port"
        )
    return url


ClientAgent = Annotated[str, AfterValidator(_client_agent)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
GatewayUrl = Annotated[str, _address("ws", "wss")]
HeaderSecret = Annotated[SecretStr, AfterValidator(_visible_ascii)]
HomePath = Annotated[Path, AfterValidator(_at_home)]
Hosts = Annotated[tuple[str, ...], BeforeValidator(_hosts)]
ProviderNames = Annotated[tuple[str, ...], BeforeValidator(_provider_names)]
ModelNames = Annotated[tuple[str, ...], BeforeValidator(_model_names)]
HttpUrl = Annotated[str, _address("http", "https")]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(lambda text: str(text).upper())
]
PublicUrl = Annotated[str, _address("http", "https"), AfterValidator(_public_url)]
MemberIds = Annotated[frozenset[UserId], BeforeValidator(_member_ids)]
MasterKey = Annotated[SecretStr, AfterValidator(_master_key)]


class Settings(BaseModel):
    """Everything an operator can choose; `env_name` gives the variable of an attribute."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=env_name,
        populate_by_name=True,
        validate_default=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    home: Path = Path()
    """Where `.env` and relative paths start; the launcher sets it to its own folder."""
    discord_token: HeaderSecret | None = None
    """The bot's token, from the developer portal. `run` and `sync` need it."""
    discord_token_file: HomePath | None = None
    """A file that holds the token, instead of `DISCORD_TOKEN`."""
    discord_api_url: HttpUrl | None = None
    """Another Discord REST API, such as a sandbox. Unset: the real one."""
    discord_gateway_url: GatewayUrl | None = None
    """Another Discord gateway. Unset: the real one."""
    discord_cdn_url: HttpUrl | None = None
    """Another Discord CDN. Unset: the real one."""
    data_dir: HomePath = Path("data")
    """The folder of the database, the pictures and the master key: back it up."""
    database_url: DatabaseUrl | None = None
    """`sqlite:///path/to/file`. Unset: `easel.db` in the data folder."""
    master_key: MasterKey | None = None
    """Seals keys of members and servers: 32 random bytes in base64; a newer one goes behind, with a comma."""
    master_key_file: HomePath | None = None
    """A file that holds the master key. Unset: `master.key` in the data folder."""
    horde_url: HttpUrl = "https://aihorde.net/api/v2"
    """The AI Horde's API, or a server of its kind."""
    horde_key: HeaderSecret = SecretStr("0000000000")
    """Your Horde key. The default is anonymous: it works, at the end of the queue."""
    horde_client_agent: ClientAgent = f"easel:{VERSION}:operator-not-named"
    """This bot's name at the Horde, `name:version:contact`: end it with a way to reach you."""
    horde_download_hosts: Hosts = ("*.r2.cloudflarestorage.com",)
    """Hosts that pictures may come from, with commas; `*.` stands for all below."""
    aime_key: HeaderSecret | None = None
    """The key for `AIME_URL`."""
    aime_url: Annotated[HttpUrl, _with_key("aime_key")] | None = None
    """The address of an AIME API server. Unset: AIME is not offered."""
    aime_auth: Literal["key", "login"] = "key"
    """Show the key with every call (`key`), or log in for a session (`login`), as older servers want."""
    algovera_key: HeaderSecret | None = None
    """The key for `ALGOVERA_URL`."""
    algovera_url: Annotated[HttpUrl, _with_key("algovera_key")] | None = None
    """The address of a server that speaks the Algovera Flow API. Unset: it is not offered."""
    algovera_ask_by_query: bool = False
    """Where a proxy drops the body of a GET, ask for pictures by query: its log then holds the key."""
    ai_client_url: HttpUrl = "https://app.ai-client.com/api/v1"
    """The API of ai-client.com, or a server of its kind."""
    ai_client_key: HeaderSecret | None = None
    """Your token for ai-client.com. Unset: it is not offered."""
    ai_client_engines: ModelNames = ("stable-diffusion-xl-1024-v0-9",)
    """Engines that members may choose, with commas, the usual one first; the service lists none."""
    ai_client_download_hosts: Hosts = ("app.ai-client.com",)
    """Hosts that its pictures may come from."""
    nebula_url: HttpUrl = "https://api.nebulablock.com/api/v1"
    """The API of Nebula Block, or a server of its kind."""
    nebula_key: HeaderSecret | None = None
    """Your key for Nebula Block, `ak_…`. Unset: it is not offered."""
    nebula_submits_per_minute: Annotated[int, Field(ge=1, le=6000)] = 60
    """What your tier allows there: 60, 300, 600, 1500 or 3000 calls a minute."""
    nebula_mask: Literal["white", "black"] = "white"
    """What it draws anew: the `white` or the `black` parts of a mask; its document says both."""
    providers: ProviderNames = ()
    """Who is offered, with commas, the usual one first: `nebula,horde`. Unset: all that are set up."""
    choose_by: Literal["order", "price"] = "order"
    """Who draws where nobody is named: the first in that `order` who can, or by `price` and wait."""
    allow_private_hosts: bool = False
    """Let downloads reach private networks: for the sandbox and for servers of your own."""
    horde_submits_per_second: Annotated[int, Field(ge=1, le=100)] = 2
    """Jobs sent to the Horde per second, all members together."""
    horde_submits_per_minute: Annotated[int, Field(ge=1, le=6000)] = 90
    """The same per minute; the Horde counts by address."""
    poll_interval_s: Annotated[float, Field(ge=0.02, le=60)] = 2.0
    """Seconds between two looks at a running job."""
    edit_interval_s: Annotated[float, Field(ge=0.02, le=60)] = 1.0
    """Seconds between two edits of one card, at least."""
    daily_credits: Annotated[int, Field(ge=0, le=1_000_000)] = 1000
    """Credits that every member gets per day."""
    gifts_per_day: Annotated[int, Field(ge=0, le=1_000_000)] = 500
    """Credits that a member may give away a day, and be given; 0 switches gifts off."""
    jobs_at_once: Annotated[int, Field(ge=1, le=100)] = 5
    """Jobs of one member that run at once; more wait in line, up to a hundred."""
    credit_makers: MemberIds | None = None
    """Discord ids of those who may make new credits, with commas. Unset: all who manage a server."""
    prices: HomePath | None = None
    """A file of prices, such as `docs/prices.toml`. Unset: the usual ones, which stand there."""
    after_unsure_submit: Literal["once", "never"] = "once"
    """When a submit may or may not have arrived: send it `once` more, or `never`."""
    job_deadline_min: Annotated[int, Field(ge=1, le=1440)] = 60
    """Minutes after which an unfinished job expires, and its credits go back."""
    result_retention_h: Annotated[int, Field(ge=1, le=8760)] = 72
    """Hours that finished pictures stay in the data folder."""
    prompt_retention_d: Annotated[int, Field(ge=1, le=3650)] = 90
    """Days after which the words of a finished request are blanked; its figures stay."""
    left_server_grace_d: Annotated[int, Field(ge=0, le=365)] = 7
    """Days after which all that belongs to a server the bot has left is deleted."""
    report_channel: Annotated[int | None, Field(ge=1, le=2**63 - 1)] = None
    """Number of the channel for members' reports that no server's own channel takes. Unset: none."""
    drain_s: Annotated[float, Field(ge=0, le=600)] = 20.0
    """Seconds to finish calls in flight when told to stop."""
    web_host: Annotated[str, AfterValidator(_one_word)] = "127.0.0.1"
    """The address that the web server listens on."""
    web_port: Annotated[int | None, Field(ge=1, le=65535)] = None
    """The port of the web server: the health page, and providers' callbacks. Unset: none."""
    public_url: PublicUrl | None = None
    """Where the web server is reached from outside, by https: lets providers call back."""
    callback_poll_s: Annotated[float, Field(ge=0.1, le=600)] = 30.0
    """Seconds between two looks at a running job whose provider was asked to call back."""
    log_level: LogLevel = "INFO"
    """The least that is logged."""
    log_format: Literal["text", "json"] = "text"
    """`text` for people, `json` for collectors."""

    @property
    def database_path(self) -> Path:
        """Return the SQLite file."""
        if self.database_url is None:
            return self.data_dir / "easel.db"
        return self.home / self.database_url.removeprefix(SQLITE_SCHEME)

    @property
    def master_key_path(self) -> Path:
        """Return the file that holds the master key when no variable does."""
        return self.master_key_file or self.data_dir / "master.key"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read, check and freeze the settings.

    Raises:
        ConfigurationError: with a sentence for every fault.
    """
    faults: list[str] = []
    if environ is None:
        environ = {
            **_env_file(Path(os.environ.get("EASEL_HOME", "")) / ".env", faults),
            **os.environ,
        }
    given = {name: value.strip() for name, value in environ.items() if value.strip()}
    faults += _unknown(given)
    _take_token_file(given, faults)
    if "EASEL_MASTER_KEY" in given and "EASEL_MASTER_KEY_FILE" in given:
        faults.append("EASEL_MASTER_KEY and EASEL_MASTER_KEY_FILE are both set; keep one of them.")
    known = {name: given[name] for name in _names() if name in given}
    try:
        settings = Settings.model_validate(known)
    except ValidationError as error:
        raise ConfigurationError(*faults, *_sentences(error)) from None  # the cause holds values
    if faults:
        raise ConfigurationError(*faults)
    return settings


def environment() -> dict[str, str]:
    """Return the process's own variables, for the processes that it starts."""
    return dict(os.environ)


def settings_table() -> str:
    """Return the settings as the Markdown table of the README."""
    rows = [
        f"| `{env_name(name)}` | {_shown_default(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


def default_text(field: FieldInfo) -> str:
    """Return a field's default as an operator would write it; empty for nothing."""
    match field.default:
        case None:
            return ""
        case SecretStr() as secret:
            return secret.get_secret_value()
        case tuple() as many:
            return ",".join(many)
        case bool() as flag:
            return str(flag).lower()
        case other:
            return str(other)


def _shown_default(field: FieldInfo) -> str:
    text = default_text(field)
    return f"`{text}`" if text else "–"


def _names() -> tuple[str, ...]:
    return tuple(env_name(name) for name in Settings.model_fields)


def _env_file(path: Path, faults: list[str]) -> dict[str, str]:
    """Read `KEY=value` lines; nothing is substituted, so a `$` in a secret stays."""
    if not path.exists():
        return {}
    values = {}
    try:
        with path.open(encoding="utf-8") as stream:
            for line in parse_stream(stream):
                if line.error:
                    faults.append(f"{path}, from line {line.original.line} on: write NAME=value.")
                elif line.key and line.value is not None:
                    values[line.key] = line.value
    except (OSError, UnicodeDecodeError):
        faults.append(f"{path} cannot be read: make it a UTF-8 text file that this user may read.")
    return values


def _unknown(given: Mapping[str, str]) -> Iterator[str]:
    names = _names()
    for name in sorted(given):
        if not name.startswith("EASEL_") or name in names or name in LAUNCHER_NAMES:
            continue
        close = difflib.get_close_matches(name, names, n=1)
        advice = f"did you mean {close[0]}?" if close else "take it out; the README lists them all."
        yield f"{name} is not a setting: {advice}"


def _take_token_file(given: dict[str, str], faults: list[str]) -> None:
    """Put the content of `DISCORD_TOKEN_FILE` where the token belongs."""
    file = given.get("DISCORD_TOKEN_FILE")
    if file is None:
        return
    if "DISCORD_TOKEN" in given:
        faults.append("DISCORD_TOKEN and DISCORD_TOKEN_FILE are both set; keep one of them.")
        return
    try:
        with (Path(given.get("EASEL_HOME", "")) / file).open(encoding="utf-8") as stream:
            text = stream.read(SECRET_FILE_BYTES_MAX).strip()
    except (OSError, UnicodeDecodeError):
        faults.append(
            "DISCORD_TOKEN_FILE: give a text file that exists and that this user may read."
        )
        return
    if text:
        given["DISCORD_TOKEN"] = text
    else:
        faults.append("DISCORD_TOKEN_FILE: the file is empty; put the token in it.")


def _sentences(error: ValidationError) -> Iterator[str]:
    """Say what to give instead, once per variable, never what was given."""
    fields = {env_name(name): field for name, field in Settings.model_fields.items()}
    details = {str(fault["loc"][0]): fault for fault in error.errors(include_input=False)}
    for name, fault in details.items():
        ours = fault["type"] == "value_error"
        advice = fault["ctx"]["error"] if ours else f"give {_expected(fields[name])}"
        yield f"{name}: {advice}."


def _expected(field: FieldInfo) -> str:
    low = next((limit.ge for limit in field.metadata if hasattr(limit, "ge")), None)
    high = next((limit.le for limit in field.metadata if hasattr(limit, "le")), None)
    if high is not None:
        return f"a {'' if field.annotation is float else 'whole '}number from {low} to {high}"
    if field.annotation is bool:
        return "true or false"
    return "one of " + ", ".join(get_args(field.annotation))
