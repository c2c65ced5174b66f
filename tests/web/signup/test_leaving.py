"""web/signup/leaving.py: off the list at once, and out of all that is held."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.audience.consent import Consent
from pipeline.web.signup.forms import version

ONE_CLICK = "List-Unsubscribe=One-Click"
MULTIPART = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
BODIES = {
    "urlencoded": ("application/x-www-form-urlencoded", ONE_CLICK),
    "multipart": ("multipart/form-data; boundary=b", MULTIPART),
}


@pytest.mark.parametrize("kind", BODIES)
def test_one_click(signed, kind):
    """RFC 8058: a POST of either kind, without cookie or login, is answered with 200 and has unsubscribed by then."""
    reader = signed.reader(f"{kind}@example.com")
    content_type, body = BODIES[kind]
    answer = signed.ask("POST", f"/unsubscribe?t={reader.token}", body, {"Content-Type": content_type})
    assert (answer.status, "set-cookie" in answer.headers) == (200, False)
    assert signed.there(reader.address).state == "unsubscribed"
    assert signed.store.consents_of(reader.id)[-1].consent.how == "one-click"
    again = signed.ask("POST", f"/unsubscribe?t={reader.token}", body, {"Content-Type": content_type})
    assert again.lasting == answer.lasting


def test_button(signed):
    """The page has a button, and beside it the way to fewer mails; the link lives for years."""
    reader = signed.reader("button@example.com")
    try:
        signed.ahead[0] = timedelta(days=3650)
        page = signed.get(f"/unsubscribe?t={reader.token}")
        assert page.status == 200
        assert f'action="/newsletter/unsubscribe?t={reader.token}&amp;' in page.text
        assert f'href="/newsletter/preferences?t={reader.token}#rhythm"' in page.text
        assert signed.there(reader.address).state == "confirmed"
        assert signed.post(f"/unsubscribe?t={reader.token}").status == 200
    finally:
        signed.ahead[0] = timedelta()
    assert signed.store.consents_of(reader.id)[-1].consent.how == "link"


@pytest.mark.parametrize("language", ["en", "de", "he"])
@pytest.mark.parametrize("page", ["unsubscribe", "erase"])
def test_in_which_words(signed, page, language):
    """What is kept is the words of the button that was pressed and of what stands above it, without the address; a mail
    program's own button has no words of ours."""
    reader = signed.reader(f"{page}-{language}@example.com", language=language)
    shown = signed.press(f"/{page}?t={reader.token}")
    said = signed.store.consents_of(reader.id)[-1].consent
    assert (said.form, said.language, said.version) == (page, language, version(said.wording))
    assert said.wording in shown.replace(reader.address, "{address}")
    assert reader.address not in said.wording
    other = signed.reader(f"{page}-{language}-one-click@example.com")
    signed.ask("POST", f"/unsubscribe?t={other.token}", ONE_CLICK)
    said = signed.store.consents_of(other.id)[-1].consent
    assert (said.how, said.form, said.wording) == ("one-click", "", "")


def test_left_already(signed):
    """Who has left isn't asked whether they want to, but told that they have, as after the button."""
    reader = signed.reader("left@example.com")
    left = signed.post(f"/unsubscribe?t={reader.token}")
    assert "You have left" in left.text
    assert signed.get(f"/unsubscribe?t={reader.token}").lasting == left.lasting


def test_confirm_after_leaving(signed):
    """Whoever has left isn't brought back by an old link; a new sign-up is."""
    reader = signed.reader("back@example.com")
    signed.post(f"/unsubscribe?t={reader.token}")
    assert signed.post(f"/confirm?t={signed.confirm_token(reader.id)}").status == 404
    assert signed.there(reader.address).state == "unsubscribed"
    signed.sign_up(reader.address)
    assert signed.there(reader.address).state == "pending"


def test_data(signed):
    """A reader gets all that is held, and a link to erase it."""
    reader = signed.reader("data@example.com")
    answer = signed.get(f"/data?t={reader.token}")
    assert answer.headers["content-disposition"] == 'attachment; filename="stay-updated.json"'
    assert (answer.json["email"], answer.json["status"]) == (reader.address, "confirmed")
    assert [one["what"] for one in answer.json["consents"]] == ["asked", "confirmed"]
    assert reader.token not in answer.text


def test_erase(signed):
    """Asked for twice, then gone: the links lead nowhere, and leaving again is as good as done."""
    reader = signed.reader("erase@example.com")
    asked = signed.get(f"/erase?t={reader.token}").text
    assert (asked.count("<button"), "sign up with it any more" in asked) == (1, True)
    assert signed.there(reader.address)
    assert signed.post(f"/erase?t={reader.token}").status == 200
    assert signed.store.by_address(reader.address) is None
    assert signed.store.is_suppressed(reader.address)
    for path in ("/preferences", "/data", "/erase"):
        assert signed.get(f"{path}?t={reader.token}").status == 404
    assert signed.post(f"/erase?t={reader.token}").status == 404
    assert signed.ask("POST", f"/unsubscribe?t={reader.token}", ONE_CLICK).status == 200
    assert signed.store.verify() is None


def test_suppressed(signed):
    """Whoever is suppressed still leaves, and still sees what is held, also that they are."""
    reader = signed.reader("bounced@example.com")
    now = datetime.now(UTC)
    signed.store.suppress(reader.address, "bounce", Consent("suppressed", now, "bounce"), now)
    assert signed.get(f"/data?t={reader.token}").json["status"] == "suppressed"
    assert signed.post(f"/unsubscribe?t={reader.token}").status == 200
