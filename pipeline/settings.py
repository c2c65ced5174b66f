"""The environment -> what is true of this deployment: database, keys, mail server, address. For cli and web only."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import ConfigurationError
from pipeline.hosts import is_loopback

# Beside content/, and git is told to leave it alone: it is about people.
FOLDER = ".audience"
DATABASE = "audience.db"
SECRET = "secret"
SHORTEST_SECRET = 32
PUBLIC_URL = "http://127.0.0.1:8000"
# The settings that are numbers, with the least and the most that each can be.
NUMBERS = {
    "keep_ip_days": (0, 3650),
    # The link to confirm counts for two days from when its mail goes out.
    "keep_unconfirmed_days": (3, 3650),
    "signups_per_ip": (1, 1_000_000),
    "signups_per_network": (1, 1_000_000),
    "signups_in_all": (1, 1_000_000),
}

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Settings:
    """``secrets`` sign links, the newest first; those after it are still read.

    ``database_url`` is SQLAlchemy's; ``smtp_url`` is "" where mail goes to files; ``dkim_key`` is the file of the key
    that signs mail, "" for none, and ``dkim_domain`` "" for the sender's own; ``public_url`` is where readers find
    the service, without a slash at its end. ``keep_ip_days`` is how long the consent log has addresses of the
    internet, ``keep_unconfirmed_days`` how long somebody is kept who has signed up and doesn't confirm; ``closed`` why
    nobody can sign up now, "" where they can. Requests from ``trusted_proxies`` may say whom they are for. The
    ``signups_…`` are for each hour: of one address of the internet, of its network, of all.
    """

    database_url: str = field(repr=False)
    secrets: tuple[bytes, ...] = field(repr=False)
    smtp_url: str = field(default="", repr=False)
    dkim_key: str = ""
    dkim_selector: str = ""
    dkim_domain: str = ""
    public_url: str = PUBLIC_URL
    keep_ip_days: int = 30
    keep_unconfirmed_days: int = 30
    closed: str = ""
    trusted_proxies: tuple[Network, ...] = ()
    signups_per_ip: int = 20
    signups_per_network: int = 60
    signups_in_all: int = 2000


def read_settings(environ: Mapping[str, str], folder: Path) -> Settings:
    """The settings of the newsletter in this folder. Without a SECRET_KEY one is made there, once.

    Raises a ConfigurationError for a value that can't be meant, and where the folder can't be written.
    """
    return Settings(
        database_url=environ.get("DATABASE_URL") or f"sqlite:///{own_folder(folder) / DATABASE}",
        secrets=_secrets(environ.get("SECRET_KEY", "")) or (_own_secret(folder),),
        smtp_url=environ.get("SMTP_URL", "").strip(),
        dkim_key=environ.get("DKIM_KEY", ""),
        dkim_selector=environ.get("DKIM_SELECTOR", "").strip(),
        dkim_domain=environ.get("DKIM_DOMAIN", "").strip(),
        public_url=_public_url(environ.get("PUBLIC_URL") or PUBLIC_URL),
        closed=" ".join(environ.get("SIGNUP_CLOSED", "").split()),
        trusted_proxies=_networks(environ.get("TRUSTED_PROXIES", "")),
        **_numbers(environ),
    )


def own_folder(folder: Path) -> Path:
    """``.audience/`` in the newsletter's folder, for its owner alone, made if need be."""
    own = folder.absolute() / FOLDER
    try:
        own.mkdir(mode=0o700, exist_ok=True)
        ignored = own / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n", encoding="ascii")
    except OSError as error:
        raise ConfigurationError(f"{FOLDER}/ can't be made: {error.strerror}") from error
    return own


def _own_secret(folder: Path) -> bytes:
    """The key in ``.audience/secret``. Of two processes that start at once, both get the one that was first."""
    own = own_folder(folder)
    path = own / SECRET
    try:
        if not path.exists():
            new = own / f".{SECRET}.{os.getpid()}.{secrets.token_hex(4)}"
            new.touch(mode=0o600, exist_ok=False)
            with new.open("wb") as file:
                file.write(secrets.token_urlsafe(48).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(new, path)
            except FileExistsError:
                pass  # the other one's
            finally:
                new.unlink()
        found = path.read_bytes().strip()
    except OSError as error:
        raise ConfigurationError(f"{FOLDER}/{SECRET} can't be had: {error.strerror}") from error
    if len(found) < SHORTEST_SECRET:
        raise ConfigurationError(f"{FOLDER}/{SECRET} is damaged; without it the links in mails are worth nothing")
    return found


def _secrets(written: str) -> tuple[bytes, ...]:
    found = tuple(one.strip().encode() for one in written.split(",") if one.strip())
    if any(len(one) < SHORTEST_SECRET for one in found):
        message = f"a key in SECRET_KEY is shorter than {SHORTEST_SECRET} characters"
        raise ConfigurationError(f'{message}; make one: python -c "import secrets; print(secrets.token_urlsafe(48))"')
    return found


def _public_url(written: str) -> str:
    url = written.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise ConfigurationError(f"PUBLIC_URL is no address: {written!r}") from error
    if not re.fullmatch(r"https?://[!-;=?-~]+", url) or not host or parts.query or parts.fragment or parts.username:
        raise ConfigurationError(f"PUBLIC_URL has to be an address such as https://news.example.com, not {written!r}")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(f"PUBLIC_URL has to begin with https://, for {written!r} would carry readers' tokens")
    return url


def _numbers(environ: Mapping[str, str]) -> dict[str, int]:
    """Those that are set."""
    found: dict[str, int] = {}
    for name, (least, most) in NUMBERS.items():
        written = environ.get(name.upper(), "").strip()
        if written and not (re.fullmatch(r"[0-9]{1,9}", written) and least <= int(written) <= most):
            raise ConfigurationError(f"{name.upper()} has to be a number from {least} to {most}, not {written!r}")
        if written:
            found[name] = int(written)
    return found


def _networks(written: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(one.strip()) for one in written.split(",") if one.strip())
    except ValueError as error:
        raise ConfigurationError(f"TRUSTED_PROXIES has to be addresses such as 10.0.0.0/8: {error}") from error
