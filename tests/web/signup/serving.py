"""A sign-up service that really runs: uvicorn in a thread, on a port of its own, with mails as files."""

from __future__ import annotations

import html
import json
import mailbox
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import uvicorn

from pipeline import build, outbox
from pipeline.audience.consent import Consent
from pipeline.audience.store import Store, open_store
from pipeline.audience.subscriber import Preferences, Subscriber
from pipeline.delivery.letters import Letters
from pipeline.delivery.post import Post
from pipeline.delivery.transport import FOLDER, open_transport
from pipeline.settings import Settings, read_settings
from pipeline.web import server
from pipeline.web.signup.app import application
from pipeline.web.signup.choices import Choices
from pipeline.web.signup.connection import KEPT_ALIVE, MOST, Connection
from pipeline.web.signup.own_pages import links, served
from pipeline.web.signup.running import signer_of
from pipeline.web.signup.service import Service
from pipeline.web.signup.upkeep import upkeep
from tests import folders

SECONDS = 20
SECRET = "a-secret-that-stands-nowhere-else-0123456789"
MANY = {"SIGNUPS_PER_IP": "1000000", "SIGNUPS_PER_NETWORK": "1000000", "SIGNUPS_IN_ALL": "1000000"}
URLENCODED = "application/x-www-form-urlencoded"
# A service that the world finds there, and the newsletter whose digests lead to it.
NEWS = "https://news.example.com"
OWN_LINKS = re.sub(
    r'"https://blog.example.com/(unsubscribe|preferences)"', rf'"{NEWS}/\1?t={{token}}"', folders.NEWSLETTER
)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def lasting(self) -> tuple[int, dict[str, str], bytes]:
        """All of it but the time."""
        return self.status, {name: value for name, value in self.headers.items() if name != "date"}, self.body


@dataclass
class Running:
    """A running service. ``ahead`` is by how much its clock goes before."""

    url: str
    folder: Path
    service: Service
    store: Store
    ahead: list[timedelta] = field(default_factory=lambda: [timedelta()])

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead[0]

    def ask(
        self, method: str, target: str, body: bytes | str | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, self.service.root + target, body, dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, target: str, **headers: str) -> Answer:
        return self.ask("GET", target, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, target: str, fields: Mapping[str, Any] | Iterable[tuple[str, str]] = (), **headers: str) -> Answer:
        pairs = urlencode(list(fields.items()) if isinstance(fields, Mapping) else list(fields), doseq=True)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", target, pairs, {"Content-Type": URLENCODED, **named})

    def press(self, target: str, fields: Mapping[str, Any] | Iterable[tuple[str, str]] = ()) -> str:
        """Press a page's first button, in a browser that speaks another language by then; gives all that it asked."""
        page = self.get(target, Accept_Language="fr").text
        form = re.search(r'action="([^"]+)"', page)
        assert form
        answer = self.post(html.unescape(form[1]).removeprefix(self.service.root), fields, Accept_Language="es")
        assert answer.status == 200
        return " ".join(html.unescape(re.sub("<[^>]+>", "", page.partition("<h1")[2])).split())

    def pasted(self, language: str = "en") -> str:
        return self.service.forms.pasted(language)

    def sign_up(self, address: str, fields: Mapping[str, Any] | None = None, **headers: str) -> Answer:
        return self.post("/subscribe", {"email": address, "form": self.pasted(), **(fields or {})}, **headers)

    def reader(self, address: str, *, language: str = "en") -> Subscriber:
        """One who has confirmed."""
        now = self.now()
        said = Consent("asked", now, "form", wording="Yes", language="en")
        asked = self.store.ask(address, "", Preferences(language=language), said, now).subscriber
        assert asked
        found = self.store.confirm(asked.id, replace(said, what="confirmed", how="link"), now)
        assert found
        return found

    def there(self, address: str) -> Subscriber:
        found = self.store.by_address(address)
        assert found
        return found

    def confirm_token(self, number: int) -> str:
        return self.service.signer.sign("confirm", number, now=self.now())

    def letters(self) -> list[EmailMessage]:
        """Those that have gone out, the newest last."""
        files = sorted(self.sent.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]

    @property
    def sent(self) -> Path:
        return self.folder / outbox.FOLDER / FOLDER

    def mails(self, address: str, count: int = 1) -> list[str]:
        """The texts of the mails to this address, the newest last, once there are so many."""
        end = time.monotonic() + SECONDS
        while True:
            texts = [text_of(one) for one in self.letters() if address in one["To"]]
            if len(texts) >= count:
                return texts
            assert time.monotonic() < end, f"{len(texts)} mails to {address}"
            time.sleep(0.02)

    def messages(self, edition: str, folder: Path) -> dict[str, EmailMessage]:
        """The messages that the command makes of the edition for the list, by whom they are to."""
        target = folder / f"{edition}.mbox"
        command = [sys.executable, "-m", "pipeline", "messages", edition, "--audience", "confirmed", "--json"]
        done = subprocess.run(
            [*command, "--project", str(self.folder), "--to", str(target)],
            cwd=folders.REPOSITORY,
            env={**os.environ, "SECRET_KEY": SECRET, "DATABASE_URL": ""},
            capture_output=True,
            check=True,
        )
        with closing(mailbox.mbox(target)) as made:
            mails = [message_from_bytes(one.as_bytes(), policy=policy.default) for one in made]
        assert json.loads(done.stdout)["messages"] == len(mails)
        return {mail["To"].addresses[0].addr_spec: mail for mail in mails}

    def state(self) -> dict[str, list[Any]]:
        """All that can change, once no letter waits: every row of every table of the database, and the letters."""
        end = time.monotonic() + SECONDS
        while (found := self._tables())["outgoing"]:
            assert time.monotonic() < end, f"{len(found['outgoing'])} letters wait"
            time.sleep(0.02)
        return found | {"letters": sorted(file.name for file in self.sent.iterdir())}

    def _tables(self) -> dict[str, list[Any]]:
        with closing(sqlite3.connect(urlsplit(self.service.settings.database_url).path)) as database:
            names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: sorted(database.execute(f"SELECT * FROM {name}"), key=repr) for name in names}


def text_of(mail: EmailMessage) -> str:
    """What stands in the mail's plain text."""
    return mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


@contextmanager
def signup(
    folder: Path, environ: Mapping[str, str] | None = None, settings: Settings | None = None
) -> Iterator[Running]:
    """The service of the newsletter in this folder, until the end of the block."""
    project = build.open_project(folder)
    listener = server.listen("127.0.0.1", 0)
    url = server.url_of(listener).rstrip("/")
    given = {"SECRET_KEY": SECRET, **MANY, "PUBLIC_URL": url, **(environ or {})}
    given["PUBLIC_URL"] = given["PUBLIC_URL"].replace("{url}", url)
    settings = settings or read_settings(given, folder)
    newsletter = project.library.newsletter
    signer = signer_of(newsletter, settings)
    with open_store(settings.database_url, settings.secrets, lambda number: signer.sign("reader", number)) as store:
        ahead = [timedelta()]

        def now() -> datetime:
            return datetime.now(UTC) + ahead[0]

        own = served(newsletter, settings.public_url)
        letters = Letters(own, project.environment, build.render_email, folder / outbox.FOLDER)
        transport = open_transport(settings.smtp_url, folder / outbox.FOLDER, newsletter.sender.email)
        post = Post(store, transport, letters, links(signer, settings.public_url), now)
        choices = Choices(project.library)
        service = Service(project.library, project.environment, settings, store, signer, now, post.wake)
        app = application(service, upkeep((post,), store, now, settings, partial(choices.look, service)))
        config = server.configuration(app, server.Limits(Connection, KEPT_ALIVE, MOST))
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, args=([listener],), daemon=True)
        thread.start()
        end = time.monotonic() + SECONDS
        while not running.started:
            assert time.monotonic() < end
            time.sleep(0.005)
        try:
            yield Running(url, folder, service, store, ahead)
        finally:
            running.should_exit = True
            thread.join(SECONDS)
            listener.close()
