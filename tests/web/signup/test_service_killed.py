"""The whole service killed while people confirm and leave: whoever has an answer is what it says."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException

import pytest

from pipeline import build
from pipeline.audience.store import open_store
from pipeline.audience.subscriber import Preferences
from pipeline.settings import read_settings
from pipeline.web.signup.running import signer_of
from tests import folders
from tests.audience.saying import said
from tests.web.signup.serving import SECONDS, SECRET

pytestmark = pytest.mark.slow

PEOPLE, KILLS, CLIENTS = 600, 20, 8
FOLLOWING = {"pending": "confirmed", "confirmed": "unsubscribed", "unsubscribed": "unsubscribed"}


class Newsletter:
    """A newsletter's folder with people who have signed up, and the service's own view of them."""

    def __init__(self, folder):
        self.folder = folders.make(folder)
        self.settings = read_settings({"SECRET_KEY": SECRET}, self.folder)
        self.signer = signer_of(build.open_project(self.folder).library.newsletter, self.settings)
        with self.store() as store:
            for number in range(PEOPLE):
                now = self.now()
                store.ask(f"r{number}@example.com", "", Preferences(language="en"), said("asked", at=now), now)

    @staticmethod
    def now():
        return datetime.now(UTC)

    def store(self):
        sign = self.signer.sign
        return open_store(self.settings.database_url, self.settings.secrets, lambda number: sign("reader", number))

    def target(self, number, state):
        if state == "pending":
            return f"/confirm?t={self.signer.sign('confirm', number, now=self.now())}"
        return f"/unsubscribe?t={self.signer.sign('reader', number)}"

    def states(self):
        with self.store() as store:
            assert store.verify() is None
            said = {}
            for one in store.consents():
                said.setdefault(one.subscriber, []).append(one.consent.what)
            found = {reader.id: reader.state for reader in store.subscribers()}
        for number, state in found.items():
            assert said[number] == ["asked", "confirmed", "unsubscribed"][: 1 + list(FOLLOWING).index(state)]
        return found


def killed(newsletter, before, seconds):
    """Whom the service has answered until it was killed, so many seconds after the first answer."""
    command = [sys.executable, "-m", "pipeline", "serve", "--port", "0", "--project", str(newsletter.folder)]
    environment = {**os.environ, "PYTHONPATH": str(folders.REPOSITORY), "SECRET_KEY": SECRET}
    waiting, answered, first = sorted(before), set(), threading.Event()
    random.Random(len(before) + seconds).shuffle(waiting)

    def client(port):
        connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        try:
            while True:
                number = waiting.pop()
                connection.request("POST", newsletter.target(number, before[number]), b"List-Unsubscribe=One-Click")
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200
                answered.add(number)
                first.set()
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()

    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as service:
        try:
            port = int(re.search(r":(\d+)/", service.stdout.readline())[1])
            threads = [threading.Thread(target=client, args=(port,)) for _ in range(CLIENTS)]
            for thread in threads:
                thread.start()
            assert first.wait(SECONDS)
            time.sleep(seconds)
        finally:
            service.send_signal(signal.SIGKILL)
        for thread in threads:
            thread.join()
        service.communicate(timeout=SECONDS)  # its other process ends too
    return answered


def test_a_service_that_is_killed(tmp_path):
    """After each kill nothing is half done, the log is whole, and nobody who was answered is lost."""
    newsletter, chance = Newsletter(tmp_path), random.Random(5)
    states, changed = newsletter.states(), 0
    for _ in range(KILLS):
        answered = killed(newsletter, states, chance.uniform(0, 0.08))
        now = newsletter.states()
        assert now.keys() == states.keys()
        for number, state in now.items():
            next_one = FOLLOWING[states[number]]
            assert state in ((next_one,) if number in answered else (states[number], next_one))
        states, changed = now, changed + len(answered)
    assert changed > KILLS
