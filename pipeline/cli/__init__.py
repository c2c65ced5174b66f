"""The commands. The only room that prints and exits."""

from __future__ import annotations

import sys

import click

from pipeline.cli.build import build
from pipeline.cli.check import check
from pipeline.cli.console import complain
from pipeline.cli.listing import list_
from pipeline.cli.new import new
from pipeline.cli.outbox import clean, status
from pipeline.cli.plan import plan
from pipeline.cli.preview import preview
from pipeline.errors import PipelineError

BUG = """\
This is a bug of ours, not of yours; the last good builds are untouched. Please report what stands above.
"""


def main() -> None:
    """Run the command that the arguments name. Every stop becomes its exit code here, and nowhere else."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal of another encoding gets the rest of the line
    try:
        commands(prog_name="pipeline")
    except PipelineError as error:
        complain(error)
        sys.exit(error.exit_code)
    except Exception:
        import traceback  # only bugs pay for it

        traceback.print_exc()
        click.echo(BUG, err=True, nl=False)
        sys.exit(1)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="stay-updated", prog_name="pipeline")
def commands() -> None:
    """Blog articles in, responsive e-mail digests that are ready to send out.

    \b
    pipeline build                   every edition in content/editions/ -> outbox/
    pipeline build better-sleep      one of them
    pipeline build --due             what has fallen due; for cron
    pipeline check                   is everything ready to be sent, or why not
    pipeline plan                    what will fall due, and why an article isn't in it
    pipeline preview                 the same in the browser, live while you write
    pipeline list                    what articles and editions there are
    pipeline status                  what is in the outbox
    pipeline new edition "Subject"   a file to fill in

    Exit codes: 0 fine, 2 wrong usage, 65 wrong content or template, 73 can't write, 74 the disk failed,
    75 another run is building, 77 may not write, 78 wrong configuration, 130 and 143 stopped by a
    signal, 1 a bug of ours.
    """


for command in (build, check, clean, list_, new, plan, preview, status):
    commands.add_command(command)
