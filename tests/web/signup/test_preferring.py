"""web/signup/preferring.py: what a reader gets, how often, and at which address."""

import re
from dataclasses import replace
from datetime import date, timedelta
from unittest.mock import Mock

import pytest

from pipeline.audience.consent import Consent
from pipeline.errors import BusyError
from pipeline.web.signup.forms import version
from pipeline.web.signup.service import Offer

WISH = {
    "rhythm": "monthly",
    "paused_until": "",
    "topics": ["breathing"],
    "mood": "restless at night",
    "kinds": ["Story", "Nature sounds"],
    "minutes": "10",
    "language": "de",
    "name": "Ana & Co",
}


def test_kept(signed):
    """What is sent is kept, is logged, and stands in the page from then on, which speaks the chosen language."""
    reader = signed.reader("kept@example.com")
    answer = signed.post(f"/preferences?t={reader.token}", WISH)
    assert (answer.status, 'lang="de"' in answer.text, "Gespeichert." in answer.text) == (200, True, True)
    kept = signed.there(reader.address)
    wishes = kept.preferences
    assert (kept.name, wishes.rhythm, wishes.mood, wishes.minutes) == ("Ana & Co", "monthly", "restless at night", "10")
    assert (wishes.topics, wishes.kinds, wishes.language) == (("breathing",), ("Story", "Nature sounds"), "de")
    page = signed.get(f"/preferences?t={reader.token}").text
    assert 'value="Ana &amp; Co"' in page
    checked = re.findall(r'value="([^"]*)" checked', page)
    assert sorted(checked) == ["Nature sounds", "Story", "breathing", "monthly"]
    assert signed.store.consents_of(reader.id)[-1].consent.what == "changed"


def test_emptied(signed):
    """Boxes that are no longer checked are no longer wanted."""
    reader = signed.reader("emptied@example.com")
    signed.post(f"/preferences?t={reader.token}", WISH)
    signed.post(f"/preferences?t={reader.token}", {"rhythm": "each"})
    wishes = signed.there(reader.address).preferences
    assert (wishes.topics, wishes.kinds, wishes.mood, wishes.minutes) == ((), (), "", "")


def test_break(signed):
    """A break has an end, which hasn't been yet."""
    reader = signed.reader("break@example.com")
    target, today = f"/preferences?t={reader.token}", date.today()
    until = today + timedelta(days=30)
    assert signed.post(target, {"rhythm": "each", "paused_until": f"{until}"}).status == 200
    assert signed.there(reader.address).preferences.paused_until == until
    assert f'value="{until}"' in signed.get(target).text
    for wrong in (f"{today - timedelta(days=2)}", "9999-12-31", "soon", "20261231x"):
        answer = signed.post(target, {"rhythm": "each", "paused_until": wrong})
        assert (answer.status, answer.text.count('aria-invalid="true"')) == (422, 1)
    assert signed.there(reader.address).preferences.paused_until == until


@pytest.mark.parametrize(
    "fields",
    [
        {"rhythm": "hourly"},
        {"rhythm": ""},
        {"mood": "x" * 201},
        {"minutes": "long"},
        {"minutes": "-5"},
        {"language": "tlh"},
        {"name": "x" * 201},
    ],
)
def test_wrong(signed, fields):
    """Where something can't be meant, all stays as it was, and the page says where to look."""
    reader = signed.reader("wrong@example.com")
    answer = signed.post(f"/preferences?t={reader.token}", {**WISH, **fields})
    assert (answer.status, "be saved" in answer.text or "speichern" in answer.text) == (422, True)
    assert signed.there(reader.address).preferences.mood == ""


def test_wrong_is_marked(signed):
    """Each wrong field says so with a sentence of its own, and has what was typed; the browser goes to the first."""
    reader = signed.reader("marked@example.com")
    long = "x" * 201
    wrong = {"paused_until": "2020-02-02", "mood": long, "minutes": "long", "name": f"<{long}", "language": "tlh"}
    page = signed.post(f"/preferences?t={reader.token}", {"rhythm": "weekly", **wrong}).text
    tags = dict(re.findall(r'(<(?:input|select)[^>]* name="([^"]+)"[^>]* aria-invalid="true"[^>]*>)', page))
    marked = {name: tag for tag, name in tags.items()}
    assert [*marked] == ["paused_until", "mood", "minutes", "name", "language"]
    for name, tag in marked.items():
        assert re.search(rf'aria-describedby="([a-z]+-hint )?{name}-wrong"', tag)
        assert re.search(rf'<p class="wrong" id="{name}-wrong">[^<]{{10,}}</p>', page)
    assert 'value="2020-02-02"' in marked["paused_until"]
    assert f'value="{long}"' in marked["mood"]
    assert f'value="&lt;{long}"' in marked["name"]
    assert re.findall(r'name="([a-z_]+)"[^>]* autofocus', page) == ["paused_until"]


def test_wrong_rhythm_is_marked(signed):
    """The browser goes to the first of the choices; once all is right, it goes nowhere."""
    reader = signed.reader("unmarked@example.com")
    page = signed.post(f"/preferences?t={reader.token}", {"rhythm": "hourly", "mood": "x" * 201}).text
    assert re.findall(r'value="([a-z]+)"[^>]* autofocus', page) == ["each"]
    assert (
        'role="radiogroup" aria-labelledby="rhythm-label" aria-describedby="rhythm-wrong" aria-invalid="true"' in page
    )
    page = signed.post(f"/preferences?t={reader.token}", WISH).text
    assert ("autofocus" in page, "aria-invalid" in page, 'class="wrong"' in page) == (False, False, False)


def test_not_offered(signed):
    """Topics and kinds that there aren't are left out."""
    reader = signed.reader("offered@example.com")
    signed.post(f"/preferences?t={reader.token}", {"rhythm": "each", "topics": ["x", "breathing"], "kinds": ["<b>"]})
    wishes = signed.there(reader.address).preferences
    assert (wishes.topics, wishes.kinds) == (("breathing",), ())


def test_another_address(signed):
    """A new address counts once its owner has pressed the button; till then all goes to the old one."""
    reader = signed.reader("old@example.com")
    answer = signed.post(f"/move?t={reader.token}", {"email": "moved@example.com"})
    assert (answer.status, "is on its way" in answer.text) == (200, True)
    (mail,) = signed.mails("moved@example.com")
    link = next(word for word in mail.split() if "/address?t=" in word)
    target = link.removeprefix(f"{signed.url}/newsletter")
    assert signed.get(target).text.count("<button") == 1
    assert signed.store.by_address("moved@example.com") is None
    shown = signed.press(target)
    said = signed.store.consents_of(reader.id)[-1].consent
    assert (said.form, said.wording in shown.replace("moved@example.com", "{address}")) == ("address", True)
    first, second = signed.post(target), signed.post(target)
    assert (first.status, first.lasting) == (200, second.lasting)
    assert signed.there("moved@example.com").id == reader.id
    assert signed.store.by_address("old@example.com") is None
    assert signed.get(f"/preferences?t={reader.token}").status == 200


@pytest.mark.parametrize("language", ["en", "ar"])
def test_in_which_words(signed, language):
    """What is kept is what the page asked, in its language; without topics or tracks, where it has none to offer."""
    reader = signed.reader(f"words-{language}@example.com", language=language)
    offer = signed.service.offer
    try:
        for offered, asked in ((offer, True), (Offer((), (), "en"), False)):
            signed.service.offer = offered
            shown = signed.press(f"/preferences?t={reader.token}", {"rhythm": "weekly", "language": "de"})
            said = signed.store.consents_of(reader.id)[-1].consent
            assert (said.form, said.language, said.version) == ("preferences", language, version(said.wording))
            sentences = [one.strip(" .:") for one in re.split(r"[.:] | / ", said.wording)]
            assert [one for one in sentences if one not in shown] == []
            assert (signed.service.pages.words("preferences_tracks", language) in said.wording) is asked
            signed.post(f"/preferences?t={reader.token}", {"rhythm": "each", "language": language})
    finally:
        signed.service.offer = offer


def test_address_of_others(signed):
    """Nobody learns from it whether an address is on the list; one that is none is told."""
    reader, other = signed.reader("one@example.com"), signed.reader("other@example.com")
    there = signed.post(f"/move?t={reader.token}", {"email": other.address})
    free = signed.post(f"/move?t={reader.token}", {"email": "free@example.com"})
    assert there.lasting == free.lasting
    assert signed.there(other.address).id == other.id
    wrong = signed.post(f"/move?t={reader.token}", {"email": "none"})
    assert (wrong.status, 'aria-invalid="true" autofocus' in wrong.text) == (422, True)
    assert ('name="email" value="none"' in wrong.text, 'id="email-wrong"' in wrong.text) == (True, True)


def test_who_has_left_moves_nowhere(signed):
    """Who has left is told so, and not of a mail that doesn't go out; the same whatever address they name."""
    reader, other = signed.reader("leaver@example.com"), signed.reader("stays@example.com")
    sent = signed.post(f"/move?t={reader.token}", {"email": "before@example.com"}).text
    assert ("is on its way" in sent, "You have left" in sent) == (True, False)
    signed.post(f"/unsubscribe?t={reader.token}")
    centre = signed.get(f"/preferences?t={reader.token}")
    assert ("/move?t=" in centre.text, "Mails go to" in centre.text) == (False, False)
    for address in ("after@example.com", other.address, "none"):
        answer = signed.post(f"/move?t={reader.token}", {"email": address})
        assert answer.lasting == centre.lasting
        assert ("is on its way" in answer.text, "You have left" in answer.text) == (False, True)
    assert signed.there("leaver@example.com").asked_address == ""


def test_who_has_left_saves(signed):
    """Who has left keeps what they like, and no digest is promised to them."""
    reader = signed.reader("tidy@example.com")
    assert "Saved. The next digest" in signed.post(f"/preferences?t={reader.token}", {"rhythm": "weekly"}).text
    signed.post(f"/unsubscribe?t={reader.token}")
    page = signed.post(f"/preferences?t={reader.token}", {"rhythm": "monthly"}).text
    assert (">Saved.</p>" in page, "You have left" in page) == (True, True)
    assert signed.there(reader.address).preferences.rhythm == "monthly"


def test_suppressed(signed):
    """Whoever gets no mails, though on the list, is told so, and not that the next digest comes."""
    reader, now = signed.reader("suppressed@example.com"), signed.now()
    signed.store.suppress(reader.address, "bounce", Consent("suppressed", now, "bounce"), now)
    page = signed.get(f"/preferences?t={reader.token}").text
    assert ("No mails go to" in page, "Mails go to" in page) == (True, False)
    assert ">Saved.</p>" in signed.post(f"/preferences?t={reader.token}", {"rhythm": "monthly"}).text


def test_last_address_counts(signed):
    """Of two new addresses only the one asked for last can be confirmed."""
    reader = signed.reader("twice@example.com")
    sign = signed.service.signer.sign
    tokens = []
    for address in ("first@example.com", "second@example.com"):
        signed.post(f"/move?t={reader.token}", {"email": address})
        tokens.append(sign("address", reader.id, signed.store.who(address), now=signed.now()))
    assert signed.post(f"/address?t={tokens[0]}").status == 404
    assert signed.post(f"/address?t={tokens[1]}").status == 200
    assert signed.there("second@example.com").id == reader.id


def test_data_tells_of_nobody_else(signed):
    """What is held about a reader is what the reader has asked for, whoever has that address."""
    reader, other = signed.reader("curious@example.com"), signed.reader("known@example.com")
    for address in (other.address, "nobody@example.com"):
        signed.post(f"/move?t={reader.token}", {"email": address})
        assert signed.get(f"/data?t={reader.token}").json["asked_address"] == address


def test_one_mail_to_a_new_address(signed):
    """Whoever has the address that readers ask for again and again is written to once."""
    readers = [signed.reader(f"bomber{number}@example.com") for number in range(3)]
    signed.post(f"/move?t={readers[0].token}", {"email": "victim@example.com"})
    signed.mails("victim@example.com")
    for reader in readers * 5:
        for address in ("VICTIM@example.com", f"between-{reader.id}@example.com"):
            assert signed.post(f"/move?t={reader.token}", {"email": address}).status == 200
    signed.sign_up("after-bombs@example.com")
    signed.mails("after-bombs@example.com")
    assert len(signed.mails("victim@example.com")) == 1
    assert signed.mails("VICTIM@example.com", 0) == []


def test_a_busy_store_is_asked_again(signed, monkeypatch):
    """Where a wish for another address couldn't be kept, the next one for it is written to."""
    reader = signed.reader("patient@example.com")
    with monkeypatch.context() as patched:
        patched.setattr(signed.store, "ask_address", Mock(side_effect=BusyError("busy")))
        assert signed.post(f"/move?t={reader.token}", {"email": "elsewhere@example.com"}).status == 503
    assert signed.post(f"/move?t={reader.token}", {"email": "elsewhere@example.com"}).status == 200
    assert len(signed.mails("elsewhere@example.com")) == 1


def test_wrong_address_learns_nothing(signed):
    """Who has the link that was sent to a mistyped address isn't told the right one, nor the reader's own."""
    reader = signed.reader("own@example.com")
    signed.post(f"/move?t={reader.token}", {"email": "typo@example.com"})
    link = signed.service.signer.sign("address", reader.id, signed.store.who("typo@example.com"), now=signed.now())
    assert "typo@example.com" in signed.get(f"/address?t={link}").text
    signed.post(f"/move?t={reader.token}", {"email": "right@example.com"})
    assert signed.get(f"/address?t={link}").status == 404
    signed.post(f"/unsubscribe?t={reader.token}")
    answer = signed.get(f"/address?t={link}")
    assert (answer.status, "own@example.com" in answer.text) == (404, False)


def test_offer():
    """Topics are those of most articles in the reader's language, or else the newsletter's, or else in any, each once;
    and those that were chosen before."""
    offer = Offer((("sleep", "en"), ("Sleep", "en"), ("نوم", "ar"), ("stress", "en")), ("Story", "حكاية"), "en")
    assert offer.topics_in("en", ("work",)) == ("sleep", "stress", "work")
    assert offer.topics_in("ar", ("Sleep",)) == ("نوم", "Sleep")
    assert offer.topics_in("fr", ()) == ("sleep", "stress")
    assert replace(offer, language="fr").topics_in("de", ()) == ("sleep", "نوم", "stress")
    assert offer.known_topics(("SLEEP", "x", "work"), ("work",)) == ("sleep", "work")
    assert offer.kinds_in("he", ()) == ("حكاية",)
    assert offer.kinds_in("de", ("حكاية",)) == ("Story", "حكاية")
