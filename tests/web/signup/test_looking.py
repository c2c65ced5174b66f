"""Programs that look into mails follow their links. Whoever only looks changes nothing, however often."""

import re
from http.client import HTTPConnection

import pytest

from tests import folders
from tests.web.signup.serving import NEWS, OWN_LINKS, signup, text_of

TIMES = 1000


def links_of(mail):
    """Every link to the service, in the mail's HTML, in its text and beside both."""
    html = mail.get_body(("html",)).get_content().replace("&amp;", "&")
    beside = mail["List-Unsubscribe"] or ""
    return {url.removeprefix(NEWS) for url in re.findall(rf"{NEWS}[^\s\"'<>]*", f"{html} {text_of(mail)} {beside}")}


def pages_links(signed, link):
    """Every link to the service on the page that this one leads to."""
    found = re.findall(r'href="(/[^"]*)"', signed.get(link).text)
    return {url.replace("&amp;", "&").partition("#")[0] for url in found}


@pytest.mark.slow
def test_looking_changes_nothing(tmp_path):
    """A thousand GETs and HEADs of every link in every mail, and of every link that those lead to: no row of the
    database is another, and no letter goes out."""
    folder = folders.make(tmp_path / "newsletter", {"content/newsletter.toml": OWN_LINKS})
    with signup(folder, {"PUBLIC_URL": NEWS}) as signed:
        for address in ("confirmed@example.com", "pending@example.com"):
            signed.sign_up(address)
            signed.mails(address)
        confirmed = signed.there("confirmed@example.com")
        signed.post(f"/confirm?t={signed.confirm_token(confirmed.id)}")
        signed.post(f"/move?t={confirmed.token}", {"email": "new@example.com"})
        signed.mails("new@example.com")
        assert len(signed.mails("confirmed@example.com", 2)) == 2
        (digest,) = signed.messages("breathe", tmp_path).values()
        links = set().union(*map(links_of, [*signed.letters(), digest]))
        assert {link.partition("?")[0] for link in links} == {"/confirm", "/address", "/unsubscribe", "/preferences"}
        links |= set().union(*(pages_links(signed, link) for link in links))
        before = signed.state()
        connection = HTTPConnection("127.0.0.1", signed.port)
        for link in sorted(links):
            for number in range(TIMES):
                connection.request("HEAD" if number % 2 else "GET", link)
                answer = connection.getresponse()
                assert (answer.status, bool(answer.read())) == (200, number % 2 == 0), link
        connection.close()
        assert signed.state() == before
