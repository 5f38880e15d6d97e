"""What operators write, and what they are told when it cannot work."""

import base64
import os
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot import settings
from bot.domain.errors import ConfigurationError

SECRET = "marked-secret-value"
ANY_TEXT = {"prices", "home", "data_dir", "master_key_file"}  # any text names a path
MASTER_KEY = base64.b64encode(bytes(range(32))).decode()


def faults(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        settings.load(environ)
    return caught.value.faults


def test_nothing_configured_is_a_valid_configuration():
    loaded = settings.load({})

    assert loaded.discord_token is None
    assert loaded.horde_key.get_secret_value() == "0000000000"
    assert loaded.database_path == Path("data/easel.db")
    assert loaded.master_key_path == Path("data/master.key")


def test_a_variable_set_to_nothing_counts_as_not_set():
    assert settings.load({"EASEL_WEB_PORT": "", "DISCORD_TOKEN": "  "}) == settings.load({})


def test_what_is_written_arrives_with_its_type():
    loaded = settings.load(
        {
            "DISCORD_API_URL": "http://127.0.0.1:8080/api/v10/",
            "DISCORD_GATEWAY_URL": "ws://[::1]:8080",
            "HORDE_CLIENT_AGENT": "easel:0.1.0:somebody at home",
            "HORDE_DOWNLOAD_HOSTS": "*.Example.org, 127.0.0.1,",
            "EASEL_ALLOW_PRIVATE_HOSTS": "yes",
            "EASEL_POLL_INTERVAL_S": "0.02",
            "EASEL_MASTER_KEY": MASTER_KEY,
            "EASEL_WEB_PORT": "8000",
            "EASEL_LOG_LEVEL": "debug",
            "EASEL_AFTER_UNSURE_SUBMIT": "never",
        }
    )

    assert loaded.discord_api_url == "http://127.0.0.1:8080/api/v10"
    assert loaded.discord_gateway_url == "ws://[::1]:8080"
    assert loaded.horde_client_agent == "easel:0.1.0:somebody at home"
    assert loaded.horde_download_hosts == ("*.example.org", "127.0.0.1")
    assert loaded.allow_private_hosts is True
    assert loaded.poll_interval_s == 0.02
    assert loaded.master_key == SecretStr(MASTER_KEY)
    assert loaded.web_port == 8000
    assert loaded.log_level == "DEBUG"
    assert loaded.after_unsure_submit == "never"


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("DISCORD_TOKEN", "Bot abc", "alone"),
        ("DISCORD_API_URL", "ftp://host/api", "https://"),
        ("DISCORD_API_URL", "https://name:word@host/api", "https://"),
        ("DISCORD_API_URL", "https://[::1", "https://"),
        ("DISCORD_GATEWAY_URL", "https://host", "wss://"),
        ("HORDE_URL", "https://host/api?key=1", "without a query"),
        ("HORDE_KEY", "two words", "alone"),
        ("HORDE_CLIENT_AGENT", "easel:0.1.0", "name:version:contact"),
        ("HORDE_CLIENT_AGENT", "easel::me", "name:version:contact"),
        ("HORDE_DOWNLOAD_HOSTS", "https://host/", "host names"),
        ("HORDE_DOWNLOAD_HOSTS", ",", "host names"),
        ("HORDE_SUBMITS_PER_SECOND", "0", "from 1 to 100"),
        ("HORDE_SUBMITS_PER_MINUTE", "many", "whole number from 1 to 6000"),
        ("EASEL_DATABASE_URL", "postgresql://name:word@host/db", "SQLite only"),
        ("EASEL_DATABASE_URL", "sqlite:///", "sqlite:///path"),
        ("EASEL_MASTER_KEY", "c2hvcnQ=", "32 random bytes"),
        ("EASEL_MASTER_KEY", "ümlaut", "32 random bytes"),
        ("EASEL_ALLOW_PRIVATE_HOSTS", "perhaps", "true or false"),
        ("EASEL_POLL_INTERVAL_S", "nan", "from 0.02 to 60"),
        ("EASEL_EDIT_INTERVAL_S", "0", "from 0.02 to 60"),
        ("EASEL_CREDIT_MAKERS", "ann", "give Discord ids with commas"),
        ("EASEL_DAILY_CREDITS", "1.5", "whole number"),
        ("EASEL_AFTER_UNSURE_SUBMIT", "twice", "one of once, never"),
        ("EASEL_JOB_DEADLINE_MIN", "-1", "from 1 to 1440"),
        ("EASEL_RESULT_RETENTION_H", "inf", "from 1 to 8760"),
        ("EASEL_DRAIN_S", "601", "from 0 to 600"),
        ("EASEL_WEB_HOST", "a b", "host name"),
        ("EASEL_WEB_PORT", "70000", "whole number from 1 to 65535"),
        ("EASEL_LOG_LEVEL", "loud", "DEBUG, INFO, WARNING, ERROR"),
        ("EASEL_LOG_FORMAT", "xml", "text, json"),
    ],
)
def test_a_value_that_cannot_work_is_refused_with_what_to_give(name, value, advice):
    (sentence,) = faults({name: value})

    assert sentence.startswith(f"{name}: give ")
    assert advice in sentence


CALLED_BACK = {"EASEL_PUBLIC_URL": "https://bot.example/easel/", "EASEL_WEB_PORT": "8000"}
IN_A_SANDBOX = {"EASEL_PUBLIC_URL": "http://127.0.0.1:8000", "EASEL_ALLOW_PRIVATE_HOSTS": "true"}


def test_a_public_address_goes_with_a_port():
    assert settings.load(CALLED_BACK).public_url == "https://bot.example/easel"
    assert settings.load(CALLED_BACK | IN_A_SANDBOX).public_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    "changes, advice",
    [
        ({"EASEL_WEB_PORT": ""}, "set EASEL_WEB_PORT as well"),
        ({"EASEL_PUBLIC_URL": "http://bot.example"}, "give an https address"),
        ({"EASEL_PUBLIC_URL": "https://user:word@bot.example"}, "give an address such as"),
        ({"EASEL_PUBLIC_URL": "https://bot.example/?a=b"}, "give an address such as"),
        ({"EASEL_PUBLIC_URL": "https://bot.example/" + "a" * 500}, "at most 512 characters"),
    ],
)
def test_a_public_address_that_nobody_could_call_is_a_fault(changes, advice):
    (sentence,) = faults(CALLED_BACK | changes)

    assert sentence.startswith("EASEL_PUBLIC_URL: ")
    assert advice in sentence


def test_a_port_that_is_wrong_is_one_fault_beside_a_public_address():
    (sentence,) = faults(CALLED_BACK | {"EASEL_WEB_PORT": "x"})

    assert sentence.startswith("EASEL_WEB_PORT: ")


def test_every_fault_is_reported_at_once():
    told = faults({"EASEL_WEB_PORT": "x", "EASEL_LOG_LEVEL": "x", "EASEL_WEBPORT": "1"})

    assert sorted(sentence.split(":")[0] for sentence in told) == [
        "EASEL_LOG_LEVEL",
        "EASEL_WEBPORT is not a setting",
        "EASEL_WEB_PORT",
    ]


@pytest.mark.parametrize("attribute", sorted(set(settings.Settings.model_fields) - ANY_TEXT))
def test_no_refusal_repeats_a_value(attribute):
    name = settings.env_name(attribute)
    environ = {name: f"{SECRET} ://?\t"}

    with pytest.raises(ConfigurationError) as caught:
        settings.load(environ)

    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_secrets_are_not_printed():
    loaded = settings.load(
        {"DISCORD_TOKEN": SECRET, "HORDE_KEY": SECRET, "EASEL_MASTER_KEY": MASTER_KEY}
    )

    assert SECRET not in repr(loaded)
    assert MASTER_KEY not in repr(loaded)
    assert "***" in str(loaded)


def test_a_misspelt_name_is_a_fault_that_names_the_nearest():
    assert faults({"EASEL_DAILY_CREDIT": "5"}) == (
        "EASEL_DAILY_CREDIT is not a setting: did you mean EASEL_DAILY_CREDITS?",
    )
    assert "take it out" in faults({"EASEL_ZZZZZZZZZZ": "5"})[0]


def test_the_launchers_own_variable_is_no_fault():
    assert settings.load({"EASEL_PYTHON": "python3.13"}) == settings.load({})


def test_the_token_may_come_from_a_file(tmp_path):
    (tmp_path / "token").write_text(f"{SECRET}\n", encoding="utf-8")

    loaded = settings.load({"EASEL_HOME": str(tmp_path), "DISCORD_TOKEN_FILE": "token"})

    assert loaded.discord_token == SecretStr(SECRET)


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe\x00"])
def test_a_token_file_without_a_token_is_a_fault(tmp_path, content):
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)

    (sentence,) = faults({"DISCORD_TOKEN_FILE": str(file)})

    assert sentence.startswith("DISCORD_TOKEN_FILE: ")


def test_a_secret_given_twice_is_a_fault(tmp_path):
    told = faults(
        {
            "DISCORD_TOKEN": SECRET,
            "DISCORD_TOKEN_FILE": str(tmp_path / "token"),
            "EASEL_MASTER_KEY": MASTER_KEY,
            "EASEL_MASTER_KEY_FILE": str(tmp_path / "key"),
        }
    )

    assert len(told) == 2
    assert all("are both set; keep one of them" in sentence for sentence in told)


def test_relative_paths_start_at_home_and_absolute_ones_do_not(tmp_path):
    loaded = settings.load(
        {
            "EASEL_HOME": str(tmp_path),
            "EASEL_DATABASE_URL": "sqlite:///here/easel.db",
            "EASEL_MASTER_KEY_FILE": "/run/secrets/master",
        }
    )

    assert loaded.data_dir == tmp_path / "data"
    assert loaded.database_path == tmp_path / "here" / "easel.db"
    assert loaded.master_key_path == Path("/run/secrets/master")


def test_an_absolute_database_path_has_four_slashes():
    loaded = settings.load({"EASEL_DATABASE_URL": "sqlite:////srv/easel.db"})

    assert loaded.database_path == Path("/srv/easel.db")


@pytest.fixture
def bare_environment(monkeypatch, tmp_path):
    for name in os.environ:
        if name.startswith(("EASEL_", "DISCORD_", "HORDE_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_env_file_is_read_and_the_process_overrules_it(bare_environment, monkeypatch):
    (bare_environment / ".env").write_text(
        "# a note\nDISCORD_TOKEN='pa$$word'\nEASEL_WEB_PORT=1\nPATHLESS\n", encoding="utf-8"
    )
    monkeypatch.setenv("EASEL_WEB_PORT", "2")

    loaded = settings.load()

    assert loaded.discord_token == SecretStr("pa$$word")
    assert loaded.web_port == 2


def test_the_env_file_is_looked_up_at_home(bare_environment, monkeypatch, tmp_path_factory):
    (bare_environment / ".env").write_text("EASEL_WEB_PORT=3\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv("EASEL_HOME", str(bare_environment))

    assert settings.load().web_port == 3


def test_an_env_file_that_cannot_be_read_is_a_fault(bare_environment):
    (bare_environment / ".env").write_bytes(b"EASEL_WEB_PORT=\xff\n")

    with pytest.raises(ConfigurationError, match=r"\.env cannot be read"):
        settings.load()


def test_a_broken_line_of_the_env_file_is_named(bare_environment):
    (bare_environment / ".env").write_text('\nEASEL_WEB_PORT="1\n', encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"\.env, from line 1 on: write NAME=value"):
        settings.load()


def test_a_mapping_is_taken_alone(bare_environment, monkeypatch):
    monkeypatch.setenv("EASEL_WEB_PORT", "2")

    assert settings.load({}).web_port is None


def test_settings_cannot_be_changed_after_loading():
    with pytest.raises(ValidationError):
        settings.load({}).web_port = 1


def test_every_setting_says_what_it_means():
    assert all(field.description for field in settings.Settings.model_fields.values())


def test_the_table_has_a_row_for_every_setting():
    rows = settings.settings_table().splitlines()[2:]

    names = [row.split("`")[1] for row in rows]
    assert names == [settings.env_name(name) for name in settings.Settings.model_fields]
    assert (
        "| `EASEL_WEB_HOST` | `127.0.0.1` | The address that the web server listens on. |" in rows
    )
    assert "| `EASEL_ALLOW_PRIVATE_HOSTS` | `false` |" in settings.settings_table()
