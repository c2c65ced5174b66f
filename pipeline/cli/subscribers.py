"""``pipeline subscribers`` and what stands below it: looking at the list, importing, exporting, forgetting."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from pipeline.cli.audience import opened
from pipeline.cli.console import json_option, now, print_json, project_option, say
from pipeline.cli.files import LINES, be_able_to_write, say_all, write_lines
from pipeline.cli.importing import Import, progress
from pipeline.errors import ContentError

if TYPE_CHECKING:
    from pipeline.audience.consent import Fault
    from pipeline.audience.exports import Listed
    from pipeline.audience.store import Store
    from pipeline.audience.subscriber import State, Subscriber

# Some rows were refused.
REFUSED = 3
STATES = ("pending", "confirmed", "unsubscribed")
REASONS = ("bounce", "complaint", "manual")


class Address(click.ParamType):  # type: ignore[type-arg]  # no generic before click 8.2
    """An address that mail can go to."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from pipeline.recipients.addresses import address

        try:
            return address(value)
        except ValueError as error:
            self.fail(f"{value!r} is no address: {error}", param, ctx)


state_option = click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
address_argument = click.argument("address", type=Address())


@click.group(invoke_without_command=True)
@project_option
@json_option
@click.pass_context
def subscribers(context: click.Context, folder: Path, as_json: bool) -> int:
    """The people on the list: how many there are in each state, and what can be done.

    \b
    pipeline subscribers                              how many: pending, confirmed, unsubscribed, suppressed
    pipeline subscribers list --state confirmed
    pipeline subscribers show anna@example.com        all that is held about her; --json is her copy of it
    pipeline subscribers import list.csv --consent "Asked on the old blog's form, with double opt-in, by Mailchimp"
    pipeline subscribers export --to subscribers.csv
    pipeline subscribers suppress anna@example.com --reason complaint
    pipeline subscribers forget anna@example.com      everything, for ever
    pipeline subscribers verify                       is the record of consents as it was written
    """
    if context.invoked_subcommand:
        told = {"folder": folder, "as_json": as_json}
        context.default_map = {
            name: {one.name: told[one.name] for one in command.params if one.name in told}
            for name, command in subscribers.commands.items()
        }
        return 0
    with opened(folder) as store:
        counts = store.counts()
    if as_json:
        print_json(dict(counts))
    else:
        width = max(map(len, counts))
        for name, count in counts.items():
            say(f"{name:<{width}}  {count:>11,}")
    return 0


@subscribers.command("list")
@state_option
@project_option
@json_option
def list_(state: State | None, folder: Path, as_json: bool) -> None:
    """List them: address, state, since when, name. As JSON: one a line, with all that an export has.

    \b
    pipeline subscribers list --state unsubscribed
    pipeline subscribers list --json | jq .email
    """
    from pipeline.audience.exports import json_lines

    with opened(folder) as store:
        found = listed(store, state)
        say_all(json_lines(found) if as_json else (f"{line_of(*one)}\n" for one in found))


def listed(store: Store, state: State | None) -> Iterator[Listed]:
    """Who is on the list, and whether each is suppressed."""
    rest = store.subscribers(state)
    while some := list(islice(rest, LINES)):
        verdicts = store.judge_rows([one.address for one in some])
        yield from zip(some, (verdict == "suppressed" for verdict in verdicts), strict=True)


def line_of(one: Subscriber, suppressed: bool) -> str:
    state = "suppressed" if suppressed else one.state
    since = {"pending": one.created, "confirmed": one.confirmed, "unsubscribed": one.unsubscribed}[one.state]
    return f"{one.address:<40} {state:<12} {f'{since:%Y-%m-%d}' if since else '':<10}  {one.name}".rstrip()


@subscribers.command()
@address_argument
@project_option
@json_option
def show(address: str, folder: Path, as_json: bool) -> None:
    """Show all that is held about one person: their state, what they asked for, what they said yes to and when.

    With --json this is the copy of their data that they can ask for.

    \b
    pipeline subscribers show anna@example.com
    pipeline subscribers show anna@example.com --json > anna.json
    """
    from pipeline.audience.exports import person

    with opened(folder) as store:
        one = someone(store, address)
        told = person(one, store.consents_of(one.id), suppressed=store.is_suppressed(address))
    if as_json:
        print_json(told)
        return
    for name, value in {**told, **told["made"]}.items():
        if value and name not in ("made", "consents"):
            say(f"{name:<18}{', '.join(value) if isinstance(value, list) else value}")
    for said in told["consents"]:
        details = ", ".join(filter(None, (said["form"], said["version"], said["ip"])))
        say(f"{said['at'][:19]}  {said['what']} by {said['how']}{f' ({details})' if details else ''}")
        if said["wording"]:
            say(f"    “{said['wording']}”")


def someone(store: Store, address: str) -> Subscriber:
    """Who has the address. Raises a ContentError where nobody has."""
    found = store.by_address(address)
    if found is None:
        known = store.suppression(address)
        more = f"; it is suppressed ({known[0]}) since {known[1]:%Y-%m-%d}: never written to" if known else ""
        raise ContentError(f"nobody on the list has the address {address}{more}")
    return found


@subscribers.command("import")
@click.argument("file", metavar="FILE")
@click.option(
    "--consent",
    required=True,
    metavar="TEXT",
    help="How and where these people were asked, for what, and by whom: the record of their consent says so.",
)
@click.option("--dry-run", is_flag=True, help="Change nothing; tell what would become of each row.")
@click.option(
    "--refused",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("refused.csv"),
    metavar="FILE",
    help="List those who are refused there.  [default: refused.csv]",
)
@project_option
@json_option
def import_(file: str, consent: str, dry_run: bool, refused: Path, folder: Path, as_json: bool) -> int:
    """Take people over from another list: the CSV export of Mailchimp, listmonk, Ghost, Buttondown, or a plain one.

    FILE is one file of the export (- is standard input); whose it is shows in its columns. Leave a file of Mailchimp's
    its name, which says whom it has: subscribed_…, unsubscribed_…, cleaned_… and nonsubscribed_members_export.csv. A
    plain one needs a column email, and may have name, status, topics, language, created, confirmed and ip.

    Who is subscribed there is confirmed here, with when and from where they signed up in the record of their consent,
    beside your text. Who has unsubscribed there has unsubscribed here; who has bounced, complained or been blocked is
    suppressed. Nobody is confirmed who hasn't confirmed there, has unsubscribed here, or is suppressed: they are
    listed in refused.csv with line and reason, and the exit code is 3. Subscribers who are on the list already stay
    as they are. An import that was stopped can be started again.

    listmonk says of nobody which lists they have confirmed: export one list, filtered by that.

    \b
    pipeline subscribers import subscribed_members_export_1a2b3c.csv --consent "Asked on blog.example.com for the
        weekly digest, double opt-in, 2018 to 2024, by Mailchimp" --dry-run
    """
    from pipeline.audience.bringing import bring_in
    from pipeline.audience.imports import open_export
    from pipeline.settings import read_settings

    if not consent.strip():
        raise click.UsageError("--consent is empty; say how and where these people were asked, for what, and by whom")
    if not consent.isascii() and any("\ud800" <= one <= "\udfff" for one in consent):
        raise click.UsageError("--consent isn't in this terminal's encoding; the record keeps text only")
    be_able_to_write(refused)
    keeps_ips = read_settings(os.environ, folder).keep_ip_days > 0
    with opened(folder) as store, open_export(file, keeps_ips=keeps_ips) as export, ExitStack() as files:
        run = Import(file, export.service.name, refused, dry_run=dry_run)
        files.callback(run.close)
        parts = bring_in(export, store, consent.strip(), now(), dry_run=dry_run)
        try:
            with progress("Importing", export.rows, quiet=as_json) as tell:
                for part in parts:
                    run.note(part)
                    tell(run.rows)
        except KeyboardInterrupt:
            done = f"{run.taken:,} are taken, and the same command goes on from there"
            say(f"stopped; {'nothing is changed' if dry_run else done}", err=True)
            raise
    if as_json:
        print_json(run.as_json())
    else:
        run.tell()
    return REFUSED if run.refused else 0


@subscribers.command()
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it there, for you alone.",
)
@state_option
@click.option(
    "--format",
    "format_",
    type=click.Choice(("csv", "jsonl")),
    help="CSV, or JSON lines.  [default: as FILE's name ends, else CSV]",
)
@project_option
def export(target: Path | None, state: State | None, format_: Literal["csv", "jsonl"] | None, folder: Path) -> None:
    """Write subscribers as CSV or JSON lines, to standard output or a file.

    In CSV, a cell that begins with = + - @, a tab or a carriage return gets an apostrophe before it: a spreadsheet
    would run it as a formula, and people type their names themselves. An import of the file takes it away again.
    JSON lines have everything as it is. Nobody's token is in it.

    \b
    pipeline subscribers export --to subscribers.csv
    pipeline subscribers export --state confirmed --format jsonl | jq .email
    """
    from pipeline.audience.exports import csv_lines, json_lines

    chosen = format_ or ("jsonl" if target and target.suffix in (".jsonl", ".ndjson") else "csv")
    with opened(folder) as store:
        lines = (csv_lines if chosen == "csv" else json_lines)(listed(store, state))
        if target is None:
            say_all(lines)
            return
        written = write_lines(lines, target, "utf-8-sig" if chosen == "csv" else "utf-8")
    say(f"{target}: {written - (chosen == 'csv'):,} subscribers")


@subscribers.command()
@address_argument
@click.option("--yes", is_flag=True, help="Don't ask.")
@project_option
def forget(address: str, yes: bool, folder: Path) -> None:
    """Erase one person: everything that is held about them. There is no way back.

    A salted hash of the address stays among the suppressed, so that no import brings them back, and the record of
    consents keeps what was said when, without address or internet address. Files that were made before stay where they
    are: letters in outbox/.mail/, messages, refused.csv.

    \b
    pipeline subscribers forget anna@example.com
    """
    with opened(folder) as store:
        one = someone(store, address)
        if not yes:
            if not sys.stdin or not sys.stdin.isatty():
                raise click.UsageError("there is nobody to ask; say --yes")
            click.confirm(f"Erase {one.address} ({one.state}) for ever?", abort=True)
        moment = now()
        store.erase(one.id, by_command("erased"), moment)
        say(f"{address} is forgotten")
        store.overwrite_erased()


@subscribers.command()
@address_argument
@click.option("--reason", type=click.Choice(REASONS), help="It bounces, they complained, or you say so.")
@click.option("--lift", is_flag=True, help="Take it back.")
@project_option
def suppress(address: str, reason: Literal["bounce", "complaint", "manual"] | None, lift: bool, folder: Path) -> None:
    """Never write to an address again, whether or not it is on the list.

    With --lift it may be written to again, for whatever reason it was suppressed, and be it that of somebody erased.
    Whoever is on the list with it is what they were before; nobody gets onto the list by that.

    \b
    pipeline subscribers suppress anna@example.com --reason complaint
    pipeline subscribers suppress anna@example.com --lift
    """
    if lift:
        if reason:
            raise click.UsageError("--lift takes no --reason")
        say(lifted(address, folder))
        return
    if reason is None:
        raise click.UsageError("say --reason: bounce, complaint or manual; or --lift, to take it back")
    with opened(folder) as store:
        fresh = store.suppress(address, reason, by_command("suppressed"), now())
    say(f"{address} is suppressed ({reason})" if fresh else f"{address} was suppressed already")


def lifted(address: str, folder: Path) -> str:
    """The address may be written to again; what that means, in a sentence."""
    with opened(folder) as store:
        was = store.lift(address, by_command("lifted"))
        there = store.by_address(address)
    standing = f"on the list it is {there.state}" if there else "nobody on the list has it"
    return f"{address} is suppressed no longer; {standing}" if was else f"{address} wasn't suppressed"


@subscribers.command()
@click.option(
    "--known",
    type=(click.IntRange(1, 2**62), str),
    metavar="ENTRY HASH",
    help="Check against what was told another time.",
)
@project_option
@json_option
def verify(known: tuple[int, str] | None, folder: Path, as_json: bool) -> int:
    """Check the record of consents: each entry holds the hash of the one before, so that a changed, removed or added
    one shows. The exit code is 65 where one does, and the first is told; 74 where the database can't be read.

    Whoever can write to the database could make all of the record anew, hashes included. Keep elsewhere which
    hash the last entry has, as it is told, and give it the next time: in such a record that entry has another, or none.

    \b
    pipeline subscribers verify
    pipeline subscribers verify --known 3 59e19706d51d39f66711c2653cd7eb1291c94d9b55eb14bda74ce4dc636d015a
    """
    with opened(folder) as store:
        number, last = store.end_of_log()
        fault = store.verify() or (known and forgery(store, *known))
    if as_json:
        told = {"entry": fault.number, "fault": fault.what} if fault else {"entries": number, "last": last}
        print_json({"whole": fault is None, **told})
    elif fault is None:
        say(f"the record of consents is whole; its last entry: {number} {last}")
    if fault and not as_json:
        raise ContentError(f"entry {fault.number} of the record of consents {fault.what}")
    return ContentError.exit_code if fault else 0


def forgery(store: Store, number: int, known: str) -> Fault | None:
    """What is wrong with the entry if its hash isn't the one that is known."""
    from pipeline.audience.consent import Fault

    there = next(store.consents(number - 1), None)
    if there and there.hash == known.lower():
        return None
    return Fault(number, "isn't the one that was there, and some before it may be others too")


def by_command(what: Literal["erased", "suppressed", "lifted"]) -> Any:
    from pipeline.audience.consent import Consent

    return Consent(what, now(), "command")
