"""``pipeline serve`` and ``pipeline form``: the sign-up service, and the form that leads to it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from pipeline.cli.console import project_option, say


@click.command()
@project_option
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="Or the next free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to answer on.")
def serve(folder: Path, port: int, host: str) -> None:
    """Let people sign up, choose what they get, and leave.

    Works at once: readers are kept in .audience/, mails to them stand as files in outbox/.mail/. For more than a try,
    put it behind a server that has HTTPS, and set in the environment PUBLIC_URL, where people find it; SECRET_KEY;
    SMTP_URL, the mail server; and DATABASE_URL for PostgreSQL. DKIM_KEY, a file, and DKIM_SELECTOR have its mails
    signed. Ctrl-C stops it.

    \b
    pipeline serve
    PUBLIC_URL=https://blog.example.com/newsletter SMTP_URL=smtps://user:password@mail.example.com pipeline serve
    """
    import os

    from pipeline.settings import read_settings
    from pipeline.web import server
    from pipeline.web.signup.connection import KEPT_ALIVE, MOST, Connection
    from pipeline.web.signup.running import open_service

    settings = read_settings(os.environ, folder.resolve())
    listener = server.listen(host, port)
    url = server.url_of(listener)
    if port and not url.endswith(f":{port}/"):
        say(f"Port {port} is taken; here is the next one that is free.")
    # A try on this computer is found wherever it answers; where others are to find it, only its owner knows.
    own_url = "" if os.environ.get("PUBLIC_URL") or not server.is_loopback(listener) else url.rstrip("/")
    with open_service(folder.resolve(), settings, own_url) as app, suppress(KeyboardInterrupt):
        server.serve(
            app,
            listener,
            started=lambda: say(f"{own_url or settings.public_url}/\nCtrl-C stops it."),
            limits=server.Limits(Connection, KEPT_ALIVE, MOST),
        )


@click.command()
@project_option
@click.option("--language", default="", metavar="LANGUAGE", help="The form's language.  [default: the newsletter's]")
def form(folder: Path, language: str) -> None:
    """Print the form to paste into the blog: HTML with its own styles and script.

    It leads to the service at PUBLIC_URL. Without JavaScript it works all the same: its answer is then a page.

    \b
    pipeline form > stay-updated.html
    PUBLIC_URL=https://blog.example.com/newsletter pipeline form --language de
    """
    import os

    from pipeline.settings import read_settings
    from pipeline.web.signup.running import form_to_paste

    say(form_to_paste(folder.resolve(), read_settings(os.environ, folder.resolve()), language))
