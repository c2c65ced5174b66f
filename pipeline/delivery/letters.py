"""The mails that answer people: to confirm a sign-up, to welcome, to confirm a new address.

Each is an Edition of one block, by ``templates/letters/``, and goes through the same line as every digest: rendered
once for everybody, then filled for one. So nothing is in it that a stranger has typed: no name, and of the addresses
only the one that it goes to, in ``To``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from types import MappingProxyType

from pipeline import languages, merge_fields, mime, pieces, record, templates
from pipeline.audience.subscriber import Kind, Outgoing, Subscriber
from pipeline.delivery.dkim import Signer
from pipeline.delivery.transport import Envelope
from pipeline.errors import OutboxError, RefusedError, Where
from pipeline.model import NOTHING, Block, Edition, Email, MergeField, Newsletter, Values
from pipeline.pieces import Pieces, View
from pipeline.recipients.addresses import address
from pipeline.record import Manifest

Render = Callable[[Edition, Newsletter, templates.Environment], Email]

FRAME, LINES = "letters/frame", "letters/lines"
# Whoever gets one of these is on no list, so there is none to be named, and none to leave.
ON_NO_LIST: frozenset[Kind] = frozenset(("confirm", "address"))
_OF_LISTS = ("List-Id", "List-Post", "List-Unsubscribe", "List-Unsubscribe-Post")
_FOR_ALL = View({}, {})
# Lines of text are broken before the moment is filled in, and as for this one, which is about as long as any.
_LONG_MOMENT = datetime(2026, 9, 30, 20, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest digest, as a welcome shows it."""

    title: str
    dek: str
    url: str
    language: str


@dataclass(frozen=True, slots=True)
class _Rendered:
    email: Email
    html: Pieces
    text: Pieces


class Letters:
    """Writes them. ``render`` is ``build.render_email``; what it makes is kept, for it takes a while.

    ``outbox`` is where the digests are of which a welcome shows the newest; ``signer`` signs them, if there is one.
    """

    def __init__(
        self,
        newsletter: Newsletter,
        environment: templates.Environment,
        render: Render,
        outbox: Path,
        signer: Signer | None = None,
    ) -> None:
        self.newsletter = newsletter
        self._environment = environment
        self._render = render
        self._outbox = outbox
        self._signer = signer
        self._seen: tuple[int, tuple[Manifest, ...]] = (0, ())
        self._rendered: dict[tuple[Kind, str], tuple[Newest | None, _Rendered]] = {}

    def write(self, mail: Outgoing, reader: Subscriber, link: str, now: datetime) -> Envelope:
        """The letter to ``mail.address``. ``link`` is where its button leads, "" for a welcome, which has none.

        The same mail has the same Message-ID at each try, so that whoever gets it twice is shown it once. Raises a
        RefusedError for an address that no mail can go to, a TemplateError for what is wrong under ``templates/``.
        """
        try:
            to = address(mail.address)
        except ValueError as error:
            raise RefusedError("there is no address that a mail can go to") from error
        found = self._letter(mail.kind, self.language(reader), now)
        asked = languages.long_moment(mail.asked, self.newsletter.timezone, found.email.language)
        values = {"link": link, "asked": asked, "token": reader.token, "email": to}
        email = replace(
            found.email,
            date=now,
            html=pieces.fill(found.html, values, _FOR_ALL, found.email.language),
            text=pieces.fill(found.text, values, _FOR_ALL, found.email.language),
        )
        message = mime.assembled(self._headers(mail, to, email, values), email)
        return Envelope(f"{mail.kind}-{mail.id}", to, self._signed(message))

    def _signed(self, message: bytes) -> bytes:
        if self._signer is None:
            return message
        head, _, body = message.partition(b"\r\n\r\n")
        return self._signer.sign(head + b"\r\n", (body,)) + message

    def language(self, reader: Subscriber) -> str:
        """The reader's, where there are words in it, or else the newsletter's own."""
        wanted = languages.primary(reader.preferences.language)
        return wanted if wanted in templates.languages_there(self._environment) else self.newsletter.language

    def compose(self, kind: Kind, language: str, now: datetime) -> Edition:
        """The letter as an Edition, for everybody."""
        return self._edition(kind, language, self._newest(language, now) if kind == "welcome" else None, now)

    def render(self, edition: Edition) -> Email:
        """Such an Edition rendered, its fields still in place."""
        asked = languages.long_moment(_LONG_MOMENT, self.newsletter.timezone, edition.language)
        own = {"link": MergeField("link", self.newsletter.url, "url"), "asked": MergeField("asked", asked)}
        newsletter = replace(self.newsletter, merge_fields={**self.newsletter.merge_fields, **own})
        return self._render(edition, newsletter, self._environment)

    def _letter(self, kind: Kind, language: str, now: datetime) -> _Rendered:
        newest = self._newest(language, now) if kind == "welcome" else None
        known = self._rendered.get((kind, language))
        if known is None or known[0] != newest:
            email = self.render(self._edition(kind, language, newest, now))
            known = newest, _Rendered(email, pieces.of_html(email), pieces.of_text(email))
            self._rendered[kind, language] = known
        return known[1]

    def _edition(self, kind: Kind, language: str, newest: Newest | None, now: datetime) -> Edition:
        where = Where(f"templates/letters/{kind}.mjml.j2")
        edition = Edition(
            slug=kind,
            subject="",
            preheader="",
            date=now,
            language=language,
            direction=languages.direction(language),
            template=LINES,
            letter=NOTHING,
            blocks=(Block(kind, where, MappingProxyType(asdict(newest) if newest else {})),),
            where=where,
        )
        subject, preheader = templates.render_text(edition, self.newsletter, self._environment).splitlines()
        return replace(edition, subject=subject, preheader=preheader, template=FRAME)

    def _headers(self, mail: Outgoing, to: str, email: Email, values: Values) -> Iterable[tuple[str, str]]:
        own = {
            "To": f"<{to}>",
            "Message-ID": f"<{mail.kind}.{mail.id}.{mail.asked:%Y%m%d%H%M%S}@{self._domain()}>",
            "Date": format_datetime(email.date),
        }
        if mail.kind not in ON_NO_LIST:
            own["List-Unsubscribe"] = f"<{self._unsubscribe_url(values)}>"
        for name, value in mime.headers(email, self.newsletter):
            if mail.kind in ON_NO_LIST and name in _OF_LISTS:
                continue
            if name == "MIME-Version":
                yield "Auto-Submitted", "auto-generated"  # RFC 3834, 5: no holiday notice answers it
            yield name, own.get(name, value)

    def _domain(self) -> str:
        return mime.ascii_domain(self.newsletter.sender.email.rpartition("@")[2])

    def _unsubscribe_url(self, values: Values) -> str:
        pattern = self.newsletter.merge_fields["unsubscribe_url"].fallback
        return mime.ascii_url(merge_fields.fill_text(merge_fields.token("unsubscribe_url", pattern), values))

    def _newest(self, language: str, now: datetime) -> Newest | None:
        """Of the digests that are built, and whose date has come, the newest in this language, or else in the
        newsletter's own."""
        there = [one for one in self._manifests() if datetime.fromisoformat(one["date"]) <= now]
        for wanted in (language, self.newsletter.language):
            found = [one for one in there if languages.primary(str(one.get("language"))) == languages.primary(wanted)]
            if found:
                return self._shown(max(found, key=lambda one: datetime.fromisoformat(one["date"])))
        return None

    def _shown(self, manifest: Manifest) -> Newest:
        url = merge_fields.public_url(self.newsletter.web_url, manifest["edition"])
        return Newest(manifest["subject"], str(manifest.get("preheader", "")), url, manifest["language"])

    def _manifests(self) -> tuple[Manifest, ...]:
        """Read again where a build has put an edition into the outbox since; what is damaged is no digest to show."""
        try:
            changed = self._outbox.stat().st_mtime_ns
            if changed != self._seen[0]:
                self._seen = changed, tuple(record.read(self._outbox).manifests.values())
        except (OSError, OutboxError):
            return ()
        return self._seen[1]
