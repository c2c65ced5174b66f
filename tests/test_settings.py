"""The environment says what is true of a deployment; what it doesn't say has a default that works at once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network

import pytest

from pipeline.errors import ConfigurationError
from pipeline.settings import read_settings

OLD, NEW = "o" * 32, "n" * 48


def test_nothing_said(tmp_path):
    """Without an environment: SQLite and a key in a folder that git ignores, mail as files, this computer only."""
    settings = read_settings({}, tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path}/.audience/audience.db"
    assert (settings.smtp_url, settings.public_url, settings.closed) == ("", "http://127.0.0.1:8000", "")
    assert (tmp_path / ".audience/.gitignore").read_text() == "*\n"
    assert stat.S_IMODE((tmp_path / ".audience").stat().st_mode) == 0o700


def test_the_key_is_made_once(tmp_path):
    """The key that is made is long, for its owner alone, and the same ever after, whoever was first."""
    with ThreadPoolExecutor(8) as executor:
        found = set(executor.map(lambda _: read_settings({}, tmp_path).secrets, range(40)))
    assert len(found) == 1
    assert len(found.pop()[0]) >= 64
    assert stat.S_IMODE((tmp_path / ".audience/secret").stat().st_mode) == 0o600
    assert sorted(one.name for one in (tmp_path / ".audience").iterdir()) == [".gitignore", "secret"]


def test_said(tmp_path):
    """Each setting is read from its own variable; where a key is said, none is made."""
    environ = {
        "DATABASE_URL": "postgresql://db.example.com/list",
        "SECRET_KEY": f"{NEW}, {OLD}",
        "SMTP_URL": "smtp://mail.example.com:587",
        "PUBLIC_URL": "https://news.example.com/list/",
        "KEEP_IP_DAYS": "0",
        "KEEP_UNCONFIRMED_DAYS": "7",
        "SIGNUP_CLOSED": " We are\nmoving. ",
        "TRUSTED_PROXIES": "10.0.0.0/8, ::1",
        "SIGNUPS_PER_IP": "3",
    }
    settings = read_settings(environ, tmp_path)
    assert settings.database_url == "postgresql://db.example.com/list"
    assert settings.secrets == (NEW.encode(), OLD.encode())
    assert settings.smtp_url == "smtp://mail.example.com:587"
    assert settings.public_url == "https://news.example.com/list"
    assert (settings.keep_ip_days, settings.closed, settings.signups_per_ip) == (0, "We are moving.", 3)
    assert settings.keep_unconfirmed_days == 7
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1"))
    assert not (tmp_path / ".audience").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", f"{NEW},short"),
        ("PUBLIC_URL", "http://news.example.com"),
        ("PUBLIC_URL", "news.example.com"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://a:b@news.example.com"),
        ("PUBLIC_URL", "https://news.example.com/?a=b"),
        ("PUBLIC_URL", "https://[::1"),
        ("PUBLIC_URL", "https://news.example.com:http"),
        ("PUBLIC_URL", 'https://news.example.com/"<>'),
        ("PUBLIC_URL", "javascript://news.example.com"),
        ("KEEP_IP_DAYS", "-1"),
        ("KEEP_IP_DAYS", "4000"),
        ("KEEP_IP_DAYS", "²"),
        ("KEEP_UNCONFIRMED_DAYS", "2"),
        ("SIGNUPS_IN_ALL", "0"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TRUSTED_PROXIES", "proxy"),
    ],
)
def test_refused(tmp_path, name, value):
    """What can't be meant stops the start, and the stop names the variable."""
    with pytest.raises(ConfigurationError, match=name):
        read_settings({name: value}, tmp_path)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:80", "http://a.localhost"])
def test_plain_http_for_this_computer(tmp_path, url):
    """Only this computer's own addresses may do without https."""
    assert read_settings({"PUBLIC_URL": url}, tmp_path).public_url == url


def test_a_damaged_key(tmp_path):
    """A key that is no longer whole stops the start: with another one, no link in any mail would work."""
    read_settings({}, tmp_path)
    (tmp_path / ".audience/secret").write_text("")
    with pytest.raises(ConfigurationError, match="damaged"):
        read_settings({}, tmp_path)


def test_no_folder_to_write_to(tmp_path):
    """A folder that can't be had is a stop that a person can mend."""
    (tmp_path / ".audience").write_text("")
    with pytest.raises(ConfigurationError, match="be made"):
        read_settings({}, tmp_path)


def test_secrets_are_not_shown(tmp_path):
    """What logs show of the settings has neither keys nor passwords."""
    environ = {
        "SECRET_KEY": NEW,
        "SMTP_URL": "smtp://a:hush@mail.example.com",
        "DATABASE_URL": "postgresql://a:hush@db",
    }
    shown = repr(read_settings(environ, tmp_path))
    assert "hush" not in shown
    assert NEW not in shown
