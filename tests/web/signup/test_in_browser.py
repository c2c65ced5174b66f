"""The whole way in a real browser: the form on a page of the blog, the mail, its link, the button, the preferences,
the messages of the next edition, and out again."""

import re
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from pipeline.audience.consent import Consent
from pipeline.web.signup.running import form_to_paste
from tests import folders
from tests.web.signup.serving import NEWS, OWN_LINKS, URLENCODED, signup, text_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

THANKS = "Thank you! Your submission has been received!"
OOPS = "Oops! Something went wrong while submitting the form."
# What is told beside them.
NEXT = (
    "If this address isn't on the list yet, a mail is on its way to it. "
    "Press the button that its link leads to, and you are in."
)
CHECK = "Please look at the address, and try again."
# Where it is found, as NEWS is, as far as the browser knows: it doesn't let pages of the world ask this computer.
BLOG = "https://blog.example.com"
ARTICLE = """\
<!doctype html><html lang="en"><meta name="color-scheme" content="light dark"><title>Box breathing</title>
<main><h1>Box breathing</h1><p>Breathe.</p>"""
# Each but the last is what a reader gets for whom one of the wishes isn't looked at: the mood, the kind, the length.
TRACKS = (
    folders.TRACKS
    + """\
- title: The short walk
  kind: Story
  minutes: 5
  moods: [worried]
  url: https://a.example.com/short
- title: Rain at night
  kind: Nature sounds
  minutes: 4
  moods: [restless at night]
  url: https://a.example.com/rain
- title: The night train
  kind: Story
  minutes: 30
  moods: [restless at night]
  url: https://a.example.com/train
- title: The lighthouse, when nobody else was about
  kind: Story
  minutes: 8
  moods: [restless at night]
  description: Somebody keeps the light for those who are out there, and tells of it.
  url: https://a.example.com/lighthouse
- title: مطر
  kind: حكاية
  minutes: 5
  moods: [قلق]
  url: https://a.example.com/t
"""
)
WISHES = """
[merge_fields.mood]
[merge_fields.kinds]
type = "list"
[merge_fields.minutes]
"""
EDITION = folders.EDITION.replace("lead: box-breathing", "lead: box-breathing\n  - tracks: {for: reader, limit: 1}")
FILES = {
    "content/tracks.yaml": TRACKS,
    "content/newsletter.toml": OWN_LINKS + WISHES,
    "content/editions/breathe.md": EDITION,
    "content/editions/second.md": EDITION.replace("2026-11-24", "2026-12-24"),
}


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    folder = folders.make(tmp_path_factory.mktemp("newsletter"), FILES)
    with signup(folder, {"PUBLIC_URL": NEWS}) as running:
        yield running


@pytest.fixture
def open_tab(browser, signed):
    """Opens a tab, for which there is a blog with the form; it fails the test where anything goes wrong in it."""
    contexts, wrong = [], []

    def answer(route):
        form = form_to_paste(signed.folder, signed.service.settings, route.request.url.rpartition("/")[2])
        route.fulfill(body=f"{ARTICLE}{form}</main>", content_type="text/html; charset=utf-8")

    def pass_on(route):
        there = route.request.url.replace(NEWS, signed.url, 1)
        route.fulfill(response=route.fetch(url=there, max_redirects=0))

    def open_tab(*, may_read=True, **options):
        context = browser.page.context.browser.new_context(reduced_motion="reduce", **options)
        contexts.append(context)
        context.route(f"{BLOG}/**", answer)
        context.route(f"{NEWS}/**", pass_on)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        if may_read:  # what a page tries to read and may not, the browser always tells
            page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        return page

    yield open_tab
    said = [*wrong]  # what is still under way goes astray once nobody answers it
    for context in contexts:
        context.unroute_all(behavior="ignoreErrors")
        context.close()
    assert [one for one in said if not re.search("status of (4|503)", one)] == []


def join(signed, page, address):
    """From the blog to a reader on the list, by keyboard and mouse."""
    page.goto(f"{BLOG}/en")
    page.get_by_label("E-mail address").focus()
    page.keyboard.type(address)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text(f"{THANKS} {NEXT}")
    expect(page.get_by_label("E-mail address")).to_be_hidden()
    assert page.url == f"{BLOG}/en"

    link = next(word for word in signed.mails(address)[0].split() if "/confirm?t=" in word)
    page.goto(link)
    assert signed.there(address).state == "pending"
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You're in")
    assert signed.there(address).state == "confirmed"
    page.get_by_role("link", name="Choose what you get").click()


def tracks_of(mail):
    """Which tracks a message has."""
    text = text_of(mail)
    return [name for name in ("short", "rain", "train", "lighthouse") if f"a.example.com/{name}" in text]


def test_whole_way(signed, open_tab, tmp_path):
    """From the blog to a reader whose message has the tracks that were asked for, and who has none after one click."""
    page = open_tab()
    join(signed, page, "ana@example.com")
    page.get_by_label("Once a month").check()
    page.get_by_label("How are you these days?").fill("restless at night")
    page.get_by_label("Story").check()
    page.get_by_label("No longer than").select_option("10")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    ana = signed.there("ana@example.com")
    wishes = ana.preferences
    assert (wishes.rhythm, wishes.mood, wishes.kinds, wishes.minutes) == (
        "monthly",
        "restless at night",
        ("Story",),
        "10",
    )
    # Another reader, who asks for something else as rarely, and stays.
    ben, now = signed.reader("ben@example.com"), signed.now()
    signed.store.change(ben.id, replace(wishes, minutes="30"), "", Consent("changed", now, "link"), now)

    first = signed.messages("breathe", tmp_path)
    assert tracks_of(first["ana@example.com"]) == ["lighthouse"]
    assert tracks_of(first["ben@example.com"]) == ["train"]

    assert first["ana@example.com"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    way_out = first["ana@example.com"]["List-Unsubscribe"].strip(" <>")
    assert way_out.startswith(f"{NEWS}/unsubscribe?t=")
    one_click = {"Content-Type": URLENCODED}
    answer = signed.ask("POST", way_out.removeprefix(NEWS), "List-Unsubscribe=One-Click", one_click)
    assert answer.status == 200
    assert signed.there("ana@example.com").state == "unsubscribed"
    assert signed.store.consents_of(ana.id)[-1].consent.how == "one-click"

    second = signed.messages("second", tmp_path)
    assert ("ana@example.com" in second, "ben@example.com" in second) == (False, True)


def test_leaving(signed, open_tab):
    """Whoever would rather leave than choose finds the way there, and has left by one button."""
    page = open_tab()
    join(signed, page, "leaving@example.com")
    page.get_by_role("link", name="Unsubscribe").click()
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have left")
    assert signed.there("leaving@example.com").state == "unsubscribed"


def test_fresh(signed, open_tab):
    """With the script a fresh form is sent, in no less time than it takes to count."""
    sent = []
    page = open_tab()
    page.on("request", lambda request: sent.append(request.post_data) if request.method == "POST" else None)
    page.goto(f"{BLOG}/de")
    page.get_by_label("E-Mail-Adresse").fill("frisch@example.com")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("Vielen Dank! Ihre Anmeldung ist angekommen! Wenn diese")
    assert signed.pasted("de") not in sent[0].replace("%7E", "~")
    assert signed.there("frisch@example.com").preferences.language == "de"


def test_without_script(signed, open_tab):
    """Without JavaScript the answer is a page."""
    page = open_tab(java_script_enabled=False)
    page.goto(f"{BLOG}/en")
    page.get_by_label("E-mail address").fill("plain@example.com")
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(THANKS)
    assert page.url == f"{NEWS}/subscribe"
    assert signed.there("plain@example.com").state == "pending"


def test_another_site(open_tab, tmp_path):
    """Where the script may not read the answer, as on the blog under another address, it is a page too."""
    page = open_tab(may_read=False)
    with signup(folders.make(tmp_path)) as signed:  # without a route: Playwright lets every page read what it passes on
        article = tmp_path / "article.html"
        article.write_text(ARTICLE + form_to_paste(signed.folder, signed.service.settings), encoding="utf-8")
        page.goto(article.as_uri())
        page.get_by_label("E-mail address").fill("elsewhere@example.com")
        page.get_by_role("button").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(THANKS)
        assert page.url == f"{signed.url}/subscribe"
        assert signed.there("elsewhere@example.com").state == "pending"


def test_own_page(signed, open_tab):
    """The service has a page with the form itself."""
    page = open_tab()
    page.goto(f"{NEWS}/")
    page.get_by_label("E-mail address").fill("own@example.com")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text(f"{THANKS} {NEXT}")


def test_oops(signed, open_tab):
    """What the service refuses is told in place, and can be mended there; so is a service that can't be reached."""
    page = open_tab()
    page.goto(f"{BLOG}/en")
    page.get_by_label("E-mail address").fill("nobody@localhost")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text(f"{OOPS} {CHECK}")
    page.get_by_label("E-mail address").fill("mended@example.com")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text(f"{THANKS} {NEXT}")
    away = page.context.new_page()
    away.route("**/subscribe", lambda route: route.abort())
    away.goto(f"{BLOG}/en")
    away.get_by_label("E-mail address").fill("away@example.com")
    away.get_by_role("button").click()
    expect(away.get_by_role("status")).to_have_text(OOPS)


def every_page(signed, language):
    """The address of each page that a reader in this language can come to."""
    reader = signed.there(address) if signed.store.by_address(address := f"{language}@pages.example.com") else None
    reader = reader or signed.reader(address, language=language)
    token = reader.token
    signed.store.ask_address(reader.id, f"new-{language}@pages.example.com", signed.now())
    who = signed.store.who(f"new-{language}@pages.example.com")
    moved = signed.service.signer.sign("address", reader.id, who, now=signed.now())
    paths = [f"{path}?t={token}" for path in ("/preferences", "/unsubscribe", "/erase")]
    gone = ["/nothing", "/confirm", "/address", "/preferences", "/move"]
    return ["/", *gone, f"/confirm?t={signed.confirm_token(reader.id)}", f"/address?t={moved}", *paths]


def every_answer(signed, language):
    """What a reader can send, and so come to the other pages, in the order of a reader's life."""
    address = f"{language}@answers.example.com"
    form, reader = signed.pasted(language), signed.reader(address, language=language)
    new = f"new-{address}"
    moved = signed.service.signer.sign("address", reader.id, signed.store.who(new), now=signed.now())
    wish = {"rhythm": "weekly", "language": language}
    by_token = f"?t={reader.token}"
    return [
        ("thanks", "/subscribe", {"email": f"come-{address}", "form": form}),
        ("oops", "/subscribe", {"email": "no address", "form": form}),
        ("often", "/subscribe", {"email": address, "form": form}),
        ("closed", "/", None),
        ("confirmed", f"/confirm?t={signed.confirm_token(reader.id)}", {}),
        ("saved", f"/preferences{by_token}", wish),
        ("wrong", f"/preferences{by_token}", {**wish, "paused_until": "2020-01-01", "minutes": "some"}),
        ("sent", f"/move{by_token}", {"email": new}),
        ("addressed", f"/address?t={moved}", {}),
        ("unsubscribed", f"/unsubscribe{by_token}", {}),
        ("left", f"/preferences{by_token}", None),
        ("erased", f"/erase{by_token}", {}),
    ]


SEND = """([path, fields]) => {
    const form = Object.assign(document.createElement("form"), {method: "post", action: path})
    for (const [name, value] of Object.entries(fields))
        form.append(Object.assign(document.createElement("input"), {name, value}))
    document.body.append(form)
    form.submit()
}"""


# All that can differ between light and dark: the rest of axe's rules are asked once.
IN_THE_DARK = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


def look_at(page, language, name):
    """The page is without fault for axe, light and dark, and fits phones and desktops."""
    page.set_viewport_size({"width": 1200, "height": 800})
    for scheme, rules in (("light", {}), ("dark", IN_THE_DARK)):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, options=rules).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == [], (name, scheme)
    for width in (1200, 390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(over) == 0, (name, width)
    assert page.locator("html").get_attribute("lang") == language


LANGUAGES = pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ar", "he"])


@LANGUAGES
def test_pages(signed, open_tab, language):
    """Every page, in every language, light and dark, is without fault for axe, and fits phones and desktops."""
    page = open_tab(locale=language)
    for path in every_page(signed, language):
        page.goto(NEWS + path)
        look_at(page, language, path)


@LANGUAGES
def test_answers(signed, open_tab, language, monkeypatch):
    """So is every page that answers what a reader sends, and that of a closed service."""
    service, is_busy, page = signed.service, {"often": lambda *_, **__: 60}, open_tab(locale=language)
    page.goto(f"{NEWS}/confirm")
    shown = set()
    for name, path, fields in every_answer(signed, language):
        with monkeypatch.context() as patch:
            patch.setattr(service, "seconds_to_wait", is_busy.get(name, service.seconds_to_wait))
            closed = "We move house." if name == "closed" else ""
            patch.setattr(service, "settings", replace(service.settings, closed=closed))
            if fields is None:
                page.goto(NEWS + path)
            else:
                with page.expect_navigation():
                    page.evaluate(SEND, [path, fields])
        look_at(page, language, name)
        text = page.locator("main").inner_text()
        assert text not in shown, name
        shown.add(text)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_wrong_fields(signed, open_tab, scheme):
    """What is wrong looks otherwise than what is right, and has what was typed; the first of it has the focus."""
    token = signed.reader(f"wrong-{scheme}@example.com").token
    page = open_tab(color_scheme=scheme)
    page.goto(f"{NEWS}/preferences?t={token}")
    page.locator("form").evaluate_all("forms => forms.forEach(form => form.noValidate = true)")
    page.locator("#mood").evaluate("field => { field.removeAttribute('maxlength'); field.value = 'x'.repeat(201) }")
    page.get_by_label("Take a break until").fill("2020-02-02")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Take a break until")).to_be_focused()
    assert {name: border(page, name) for name in ("paused_until", "mood", "minutes", "name")} == {
        "paused_until": "2px",
        "mood": "2px",
        "minutes": "1px",
        "name": "1px",
    }
    expect(page.get_by_label("Take a break until")).to_have_value("2020-02-02")
    expect(page.get_by_label("Take a break until")).to_have_accessible_description(re.compile("day to come"))
    assert [one["id"] for one in Axe().run(page).response["violations"]] == []

    page.goto(f"{NEWS}/preferences?t={token}")
    page.get_by_label("New address").fill("nobody@localhost")
    page.get_by_role("button", name="Change the address").click()
    expect(page.get_by_label("New address")).to_be_focused()
    expect(page.get_by_label("New address")).to_have_value("nobody@localhost")
    assert (border(page, "email"), border(page, "paused_until")) == ("2px", "1px")
    assert [one["id"] for one in Axe().run(page).response["violations"]] == []


def test_room_above_buttons(signed, open_tab):
    """Buttons stand as far from what is above them in a form as in a paragraph."""
    page = open_tab()
    for path in every_page(signed, "en"):
        page.goto(NEWS + path)
        margins = "all => all.map(one => getComputedStyle(one).marginTop)"
        assert set(page.locator(".actions").evaluate_all(margins)) <= {"32px"}, path


def border(page, field):
    """How wide its border is, as the browser shows it."""
    return page.locator(f"#{field}").evaluate("field => getComputedStyle(field).borderTopWidth")


def test_form_on_the_blog(signed, open_tab):
    """The form is without fault for axe where it was pasted, light and dark, and asks for nothing from elsewhere."""
    for scheme in ("light", "dark"):
        page, asked = open_tab(color_scheme=scheme), []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(f"{BLOG}/en")
        found = Axe().run(page, context=".stay-updated").response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
        assert [one for one in asked if not one.startswith(BLOG)] == []


def test_touch(signed, open_tab):
    """What is pressed is at least 44 px high."""
    page = open_tab(viewport={"width": 390, "height": 800})
    for path in every_page(signed, "en"):
        page.goto(NEWS + path)
        for one in page.locator("button:visible, .button:visible, .choices label:visible, select:visible").all():
            box = one.bounding_box()
            assert box and box["height"] >= 44, path
