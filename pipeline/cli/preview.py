"""``pipeline preview``."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from threading import Thread

import click

from pipeline.cli.console import now, project_option, say


@click.command()
@click.argument("page", metavar="[EDITION]", default="")
@project_option
@click.option("--port", type=click.IntRange(0, 65_535), default=8010, show_default=True, help="Or the next free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to answer on.")
@click.option("--no-open", is_flag=True, help="Don't open the browser.")
def preview(page: str, folder: Path, port: int, host: str, no_open: bool) -> None:
    """Show the newsletter in the browser, and each save at once.

    What it shows is what build would write, on phone, tablet and desktop, by day and by night, to a reader of your
    choice, and nearly as some clients would show it. EDITION may also be an article's slug, or a digest's name, which
    stands for its next edition. Ctrl-C stops it.

    \b
    pipeline preview
    pipeline preview better-sleep
    pipeline preview box-breathing --no-open
    pipeline preview weekly
    pipeline preview --project ../another-newsletter --port 9000
    """
    from pipeline.build import open_project
    from pipeline.web import server
    from pipeline.web.live import LiveProject, page_named
    from pipeline.web.preview import application
    from pipeline.web.windows import Windows

    project = open_project(folder.resolve())
    start = page_named(page, project) if page else None
    listener = server.listen(host, port)
    url = server.url_of(listener)
    if port and not url.endswith(f":{port}/"):
        say(f"Port {port} is taken; here is the next one that is free.")
    if not server.is_loopback(listener):
        say(f"warning: others can reach {host}, and read every draft", err=True)
    windows = Windows(LiveProject(project, now), start)
    with suppress(KeyboardInterrupt):
        server.serve(
            application(windows, host),
            listener,
            started=lambda: _announce(f"{url}{start or ''}", open_it=not no_open),
            stopping=windows.close,
        )


def _announce(url: str, *, open_it: bool) -> None:
    say(f"{url}\nCtrl-C stops it.")
    if open_it:
        import webbrowser

        # A browser for the terminal wouldn't return before it is closed.
        Thread(target=webbrowser.open, args=(url,), daemon=True).start()
