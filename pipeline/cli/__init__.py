"""The commands. The only room that prints and exits."""

from __future__ import annotations

import signal
import sys
from io import StringIO
from typing import Any

import click

from pipeline.cli.build import build
from pipeline.cli.check import check
from pipeline.cli.console import complain, exit_code, open_output, say
from pipeline.cli.export import export
from pipeline.cli.listing import list_
from pipeline.cli.messages import messages
from pipeline.cli.new import new
from pipeline.cli.outbox import clean, status
from pipeline.cli.plan import plan
from pipeline.cli.preview import preview
from pipeline.cli.serve import form, serve
from pipeline.cli.subscribers import subscribers
from pipeline.errors import PipelineError

BUG = "This is a bug of ours, not of yours; the last good builds are untouched. Please report what stands above."
INTERRUPTED = 128 + signal.SIGINT


def main() -> None:
    """Run the command that the arguments name. Every stop becomes its exit code here, and nowhere else."""
    open_output()
    sys.exit(exit_code(_run()))


def _run() -> int:
    try:
        return commands.main(prog_name="pipeline", standalone_mode=False) or 0
    except PipelineError as error:
        complain(error)
        return error.exit_code
    except click.ClickException as error:
        text = StringIO()
        error.show(text)
        say(text.getvalue().rstrip(), err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except Exception:
        import traceback  # only bugs pay for it

        say(f"{traceback.format_exc()}{BUG}", err=True)
        return 1


class Commands(click.Group):
    """The commands. Click would answer Ctrl-C with a line of its own."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
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
    pipeline export better-sleep --esp mailchimp   in an ESP's own merge syntax
    pipeline messages better-sleep --recipients people.csv --to people.mbox   one for each reader
    pipeline list                    what articles and editions there are
    pipeline status                  what is in the outbox
    pipeline serve                   the sign-up service, and the mails that answer people
    pipeline form                    the HTML to paste into the blog
    pipeline subscribers             who is on the list; import, export, forget
    pipeline new edition "Subject"   a file to fill in

    Exit codes: 0 fine, 2 wrong usage, 3 some recipients or rows were refused, 65 wrong content or template,
    73 can't write, 74 the disk failed, 75 another run is at work, 77 may not write, 78 wrong
    configuration, 130 and 143 stopped by a signal, 1 a bug of ours.
    """


for command in (build, check, clean, export, form, list_, messages, new, plan, preview, serve, status, subscribers):
    commands.add_command(command)
