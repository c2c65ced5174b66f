"""``pipeline export``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.build import chosen, digests_editions, project_with
from pipeline.cli.console import complain, json_option, print_json, project_option, say, wait_option
from pipeline.errors import PipelineError, flatten

if TYPE_CHECKING:
    from pipeline.esp import Dialect, Exported


@click.command()
@click.argument("editions", nargs=-1, metavar="[EDITION]...")
@click.option("--esp", "name", metavar="NAME", help="Whose merge syntax; without it that of content/newsletter.toml.")
@click.option("--list", "listing", is_flag=True, help="Tell which there are, and what each of them can't do.")
@project_option
@wait_option
@json_option
@click.option("--quiet", is_flag=True, help="Print nothing unless something is wrong.")
def export(
    editions: tuple[str, ...], name: str | None, listing: bool, folder: Path, wait: float, as_json: bool, quiet: bool
) -> int:
    """Write editions in the merge syntax of the ESP that sends them: all of them, or those that are named.

    Beside an edition's other files in the outbox come NAME/digest.html, NAME/digest.txt, and NAME/subject.txt with
    the subject in the first line and the preheader in the second. An edition that isn't built yet, or has changed
    since, is built first; one that isn't ready to be sent isn't exported.

    \b
    pipeline export better-sleep --esp mailchimp
    pipeline export --esp klaviyo --quiet
    pipeline export --list
    """
    if listing:
        tell_dialects(as_json=as_json)
        return 0
    run = Run(folder, as_json=as_json, quiet=quiet)
    run.export(editions, name, wait)
    return run.result()


def tell_dialects(*, as_json: bool) -> None:
    from pipeline.esp import DIALECTS

    if as_json:
        print_json([dialect_as_json(dialect) for dialect in DIALECTS.values()])
        return
    for dialect in DIALECTS.values():
        say(f"{dialect.name:<16}{dialect.title}")
        for limit in dialect.limits:
            say(f"{'':16}- {limit}")
        for page in dialect.pages:
            say(f"{'':16}  {page}")


def dialect_as_json(dialect: Dialect) -> dict[str, Any]:
    return {"esp": dialect.name, "title": dialect.title, "limits": dialect.limits, "pages": dialect.pages}


class Run:
    """One run of ``pipeline export``, told as it goes."""

    def __init__(self, folder: Path, *, as_json: bool, quiet: bool) -> None:
        self.folder = folder
        self.as_json = as_json
        self.quiet = quiet
        self.exported: list[str] = []
        self.failed: list[str] = []
        self.code = 0

    def export(self, named: Sequence[str], name: str | None, wait: float) -> None:
        from pipeline import build, esp, freshness, outbox

        made = digests_editions(named, self.folder)
        slugs = chosen(named, [*freshness.editions_there(self.folder), *made], self.folder)
        with outbox.locked(self.folder / outbox.FOLDER, wait):
            project = project_with(made, self.folder, esp.dialect(name).name if name else "")
            wanted = name or project.library.newsletter.esp
            if not wanted:
                raise click.UsageError('say which with --esp NAME, or write esp = "…" into content/newsletter.toml')
            dialect = esp.dialect(wanted)
            for slug in slugs:
                try:
                    if not self.is_built(slug):
                        build.build_edition(slug, project)
                    self.tell(slug, build.export_edition(slug, project, dialect.name))
                except PipelineError as error:
                    self.refuse(slug, error)

    def is_built(self, slug: str) -> bool:
        """Whether the edition's last build still stands."""
        from pipeline import freshness, outbox, record

        if slug in freshness.editions_there(self.folder):
            return freshness.state_of(self.folder, slug, {}) == "built"
        manifest = record.manifest_of(self.folder / outbox.FOLDER, slug)
        return freshness.state(self.folder, slug, manifest, {}) == "built"

    def tell(self, slug: str, exported: Exported) -> None:
        from pipeline.esp import files_of
        from pipeline.outbox import FOLDER, finding_as_json

        self.exported.append(slug)
        sizes = {name: len(content) for name, content in files_of(exported).items()}
        if self.as_json:
            heads = {"subject": exported.subject, "preheader": exported.preheader}
            notes = [finding_as_json(note) for note in exported.notes]
            print_json({"edition": slug, "esp": exported.dialect, **heads, "files": sizes, "notes": notes})
        elif not self.quiet:
            for name, size in sizes.items():
                say(f"{FOLDER}/{slug}/{name}  {size / 1000:.1f} KB")
            say(f"  subject: {exported.subject}")
            say(f"  preheader: {exported.preheader}")
            for note in exported.notes:
                say(f"  {note.level}: {note.where}: {note.message}")

    def refuse(self, slug: str, error: PipelineError) -> None:
        self.failed.append(slug)
        self.code = max(self.code, error.exit_code)
        complain(error)
        if self.as_json:
            print_json({"edition": slug, "errors": [str(one) for one in flatten(error)]})

    def result(self) -> int:
        if self.as_json:
            result = {"exported": self.exported, "failed": self.failed, "exit_code": self.code}
            print_json({"result": result})
        return self.code
