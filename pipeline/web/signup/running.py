"""A newsletter's folder and the settings -> its sign-up service, ready to answer; and the form that leads to it."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from pipeline import build, mime, outbox, templates
from pipeline.audience.store import Store, open_store
from pipeline.audience.tokens import Signer
from pipeline.build import Project
from pipeline.delivery import dkim
from pipeline.delivery.letters import Letters
from pipeline.delivery.post import Post
from pipeline.delivery.transport import Transport, open_transport
from pipeline.errors import ConfigurationError, nearest
from pipeline.model import Newsletter
from pipeline.settings import Settings
from pipeline.web.signup.app import SCRIPT, application
from pipeline.web.signup.choices import Choices
from pipeline.web.signup.forms import Forms
from pipeline.web.signup.guard import Guard
from pipeline.web.signup.own_pages import links, served
from pipeline.web.signup.pages import Pages
from pipeline.web.signup.posting import PostProcess
from pipeline.web.signup.service import Service
from pipeline.web.signup.upkeep import upkeep
from pipeline.web.signup.writing import WriterProcess


@contextmanager
def open_service(folder: Path, settings: Settings, own_url: str = "") -> Iterator[Guard]:
    """The service of the newsletter in this folder, which is found at ``own_url`` if that is given.

    Raises a PipelineError where the newsletter, a page, the database or the mail server's URL can't be used.
    """
    project = build.open_project(folder)
    settings = replace(settings, public_url=own_url) if own_url else settings
    newsletter = project.library.newsletter
    # What is wrong with these is said now.
    _transport(newsletter, folder, settings)
    _letter_signer(newsletter, settings)
    _open_log()
    signer = signer_of(newsletter, settings)
    with _store(signer, settings) as store:
        post = PostProcess(partial(open_post, folder, settings))
        choices = Choices(project.library)
        writer = WriterProcess(store, partial(_store, signer, settings))
        service = Service(project.library, project.environment, settings, store, signer, _now, post.wake, writer.do_all)
        service.pages.make()
        app = application(service, upkeep((post, writer), store, _now, settings, partial(choices.look, service)))
        # What is there now stays: looking through it for garbage would hold up everybody, again and again.
        gc.collect()
        gc.freeze()
        yield app


@contextmanager
def open_post(folder: Path, settings: Settings) -> Iterator[Post]:
    """What sends the letters of this newsletter's service."""
    project = build.open_project(folder)
    newsletter = project.library.newsletter
    _open_log()
    signer = signer_of(newsletter, settings)
    own = served(newsletter, settings.public_url)
    letter_signer = _letter_signer(newsletter, settings)
    letters = Letters(own, project.environment, build.render_email, folder / outbox.FOLDER, letter_signer)
    transport = _transport(newsletter, folder, settings)
    with _store(signer, settings) as store:
        yield Post(store, transport, letters, links(signer, settings.public_url), _now)


def _store(signer: Signer, settings: Settings) -> Store:
    return open_store(settings.database_url, settings.secrets, partial(signer.sign, "reader"))


def _transport(newsletter: Newsletter, folder: Path, settings: Settings) -> Transport:
    return open_transport(settings.smtp_url, folder / outbox.FOLDER, newsletter.sender.email)


def form_to_paste(folder: Path, settings: Settings, language: str = "") -> str:
    """The form as HTML. Raises a ConfigurationError for a language that there are no words in."""
    project: Project = build.open_project(folder)
    newsletter, environment = project.library.newsletter, project.environment
    pages = Pages(newsletter, environment, urlsplit(settings.public_url).path)
    spoken = pages.known(language or newsletter.language)
    if not spoken:
        there = nearest(language, pages.languages)
        raise ConfigurationError(f"there are no words in {language!r}{there}; see templates/strings/")
    wording = pages.words("wording", spoken)
    token = Forms(signer_of(newsletter, settings), {spoken: wording}).pasted(spoken)
    facts = {"service": settings.public_url, "form": token, "wording": wording, "script": SCRIPT.read_text("utf-8")}
    return templates.render_page("snippet", spoken, pages.root, newsletter, environment, facts).strip()


def signer_of(newsletter: Newsletter, settings: Settings) -> Signer:
    """What signs and reads the tokens of this newsletter's readers."""
    return Signer(settings.secrets, mime.list_id(newsletter))


def _letter_signer(newsletter: Newsletter, settings: Settings) -> dkim.Signer | None:
    if bool(settings.dkim_key) != bool(settings.dkim_selector):
        raise ConfigurationError(
            "DKIM_KEY and DKIM_SELECTOR belong together: the file of the key that signs mail, and the name that DNS "
            "has its public half under"
        )
    if not settings.dkim_key:
        return None
    domain = settings.dkim_domain or mime.ascii_domain(newsletter.sender.email.rpartition("@")[2])
    return dkim.read_signer(Path(settings.dkim_key), settings.dkim_selector, domain)


def _now() -> datetime:
    return datetime.now(UTC)


def _open_log() -> None:
    """Times, and what happened to whom by number, on standard error."""
    log = logging.getLogger("pipeline")
    if not log.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False
        # What isn't told needn't be found out for each line.
        logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
