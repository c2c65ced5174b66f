"""The preview's own page, in a real browser, on a copy of the sample newsletter."""

import re
import shutil
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests import folders
from tests.web.serving import preview

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ARTICLE, LEAD = "content/articles/box-breathing.md", "templates/blocks/lead.mjml.j2"
TOML = "content/newsletter.toml"
BETTER_SLEEP = "editions/better-sleep"
# Whenever it is asked, today is in its next window; but at first no article has its tag.
YEARLY = """
[digests.yearly]
schedule = "0 0 1 1 *"
subject = "This year: {lead.title}"
include = {tags = ["rainbow"]}
"""
RAINBOW = f"date: {datetime.now(ZoneInfo('Europe/Berlin')):%Y-%m-%d}\ntags: [rainbow]"
TEXT = "inside => inside.body.innerText"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    for part in ("content", "templates"):
        shutil.copytree(folders.REPOSITORY / part, folder / part)
    with (folder / TOML).open("a", encoding="utf-8") as file:
        file.write(YEARLY)
    return folder


@pytest.fixture(scope="module")
def served(folder):
    with preview(folder) as running:
        yield running


@pytest.fixture
def context(browser):
    context = browser.page.context.browser.new_context(
        viewport={"width": 1440, "height": 900},
        permissions=["clipboard-read", "clipboard-write"],
        reduced_motion="reduce",
    )
    yield context
    context.close()


class Tab:
    """A tab with the preview; it notes what it asks for, what goes wrong in it, and whether it was loaded anew."""

    def __init__(self, context, served, address=BETTER_SLEEP):
        self.page = context.new_page()
        self.served = served
        self.asked, self.wrong = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        self.page.goto(served.url + address)
        self.page.evaluate("window.neverLoadedAnew = true")
        self.settled()

    def settled(self):
        """Wait until the frame in front is the one that was wished for last."""
        expect(self.page.locator("iframe.hidden")).to_have_count(0)
        expect(self.page.locator("iframe.shown")).to_have_count(1)

    def inside(self, script):
        """What a function of the mail's document gives."""
        self.settled()
        return self.page.evaluate(f"({script})(document.querySelector('iframe.shown').contentDocument)")

    def shows(self, words):
        """Wait for words in the mail."""
        self.page.wait_for_function(
            "words => document.querySelector('iframe.shown')?.contentDocument?.body?.innerText.includes(words)",
            arg=words,
        )

    def press(self, key):
        self.page.keyboard.press(key)
        self.settled()

    @property
    def query(self):
        return urlsplit(self.page.url).query


@pytest.fixture
def tab(context, served):
    tab = Tab(context, served)
    yield tab
    elsewhere = [url for url in tab.asked if not url.startswith((served.url, "data:"))]
    assert elsewhere == []
    assert tab.wrong == []


@pytest.fixture
def save(folder):
    """Save a file with a change; all files are as they were after the test."""
    before: dict[Path, str] = {}

    def saved(name, old, new):
        file = folder / name
        text = file.read_text(encoding="utf-8")
        before.setdefault(file, text)
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    yield saved
    for file, text in before.items():
        file.write_text(text, encoding="utf-8")


def test_begins_with_the_newest(context, served):
    """Without a name the newest edition opens; the list has it marked, with its date, size and state."""
    tab = Tab(context, served, "")
    assert urlsplit(tab.page.url).path == "/editions/better-sleep"
    entry = tab.page.locator("#list a[aria-current=page]")
    expect(entry).to_have_count(1)
    expect(entry).to_contain_text(re.compile(r"Sleep better this week24 Nov 2026 · \d\d\.\d KBnot built"))
    tab.page.close()


@pytest.mark.parametrize("width", [375, 600, 800])
def test_widths(tab, width):
    """The mail is as wide as the switch says, to the pixel, and its own layout for phones comes with it."""
    tab.page.click(f"[data-width='{width}']")
    assert tab.inside("inside => inside.documentElement.clientWidth") == width
    assert tab.inside("inside => inside.documentElement.scrollWidth") == width
    assert tab.query == ("" if width == 600 else f"width={width}")


def test_handle(tab):
    """The mail's side can be dragged, and moved with the arrow keys."""
    box = tab.page.locator("#handle").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    tab.page.mouse.move(x - 40, y, steps=4)
    tab.page.mouse.up()
    assert tab.inside("inside => inside.documentElement.clientWidth") == 520
    tab.page.focus("#handle")
    tab.page.keyboard.press("ArrowRight")
    assert tab.inside("inside => inside.documentElement.clientWidth") == 530
    tab.page.wait_for_url("**width=530")


def test_schemes(tab):
    """The mail is shown by day and by night, whatever this machine prefers."""
    ground = "inside => getComputedStyle(inside.body).backgroundColor"
    assert tab.inside(ground) == "rgb(243, 239, 231)"
    tab.page.click("[data-scheme='dark']")
    assert tab.inside(ground) == "rgb(17, 22, 21)"
    tab.page.emulate_media(color_scheme="dark")
    assert tab.inside(ground) == "rgb(17, 22, 21)"
    tab.page.click("[data-scheme='light']")
    assert tab.inside(ground) == "rgb(243, 239, 231)"


def test_images(tab):
    """Pictures come from the folder; without them their words are seen."""
    widths = "inside => [...inside.images].map(image => image.naturalWidth)"
    assert len(tab.inside(widths)) > 5
    assert min(tab.inside(widths)) > 0
    tab.page.click("#images")
    assert set(tab.inside(widths)) == {0}
    assert tab.inside("inside => [...inside.images].filter(image => image.alt && image.offsetHeight > 15).length") > 3


def test_text_and_source(tab):
    """The plain text and the source are those of the build."""
    tab.page.click("[data-view='text']")
    text = tab.served.get(f"/files/{BETTER_SLEEP}/digest.txt").text
    assert tab.inside("inside => inside.querySelector('pre').textContent").rstrip() == text.rstrip()
    tab.page.click("[data-view='source']")
    html = tab.served.get(f"/files/{BETTER_SLEEP}/digest.html").text
    assert tab.inside("inside => inside.querySelector('pre').textContent").rstrip() == html.rstrip()
    assert tab.inside("inside => inside.querySelectorAll('pre span').length") > 1000


@pytest.mark.parametrize(
    ("reader", "greeting"),
    [
        ("", "Hello there,"),
        ("ana", "Hello Ana,"),
        ("nameless", "Hello there,"),
        ("layla", "Hello ليلى,"),
        ("markup", 'Hello Zoë <b>O\'Neill</b> & "Co",'),
    ],
)
def test_readers(tab, reader, greeting):
    """A reader's own values are filled in, and fallbacks where there are none."""
    tab.page.select_option("#reader", reader)
    tab.shows(greeting)
    assert tab.query == (f"reader={reader}" if reader else "")


def test_long_name(tab):
    """A very long name doesn't make the mail wider than the phone."""
    tab.page.select_option("#reader", "long-name")
    tab.page.click("[data-width='375']")
    tab.shows("Wolfeschlegel")
    assert tab.inside("inside => inside.documentElement.scrollWidth") == 375


@pytest.mark.parametrize("client", ["gmail-app", "outlook-word", "apple-mail-dark", "forced-dark"])
def test_clients(tab, client):
    """A client's view says that it is an approximation, and by which rules."""
    tab.page.select_option("#client", client)
    tab.settled()
    expect(tab.page.locator("#badge")).to_contain_text("approximation")
    expect(tab.page.locator("#badge-count")).to_contain_text(
        re.compile(r"\d+ rules? applied|nothing had to be taken out")
    )
    tab.page.click("#badge summary")
    rules = tab.page.locator("#rules li").all_inner_texts()
    assert all("caniemail.com" in rule or "https://" in rule for rule in rules)
    round_corners = (
        "inside => [...inside.querySelectorAll('*')].some(one => parseFloat(getComputedStyle(one).borderRadius))"
    )
    assert tab.inside(round_corners) == (client != "outlook-word")
    dark = tab.inside("inside => getComputedStyle(inside.body).backgroundColor") != "rgb(243, 239, 231)"
    assert dark == (client in ("apple-mail-dark", "forced-dark"))


def test_inbox(tab, save):
    """The inbox lines show sender, subject and preheader, cut where a list would cut them."""
    row = tab.page.locator("#inbox .phone")
    expect(row).to_contain_text("Aura Health Team")
    expect(row).to_contain_text("Sleep better this week")
    expect(tab.page.locator("#inbox .desktop")).to_contain_text("What a sleep medicine does")
    cut = "all => all.map(one => one.scrollWidth > one.clientWidth)"
    assert tab.page.locator("#inbox .phone .subject").evaluate_all(cut) == [False]
    save("content/editions/better-sleep.md", "Sleep better this week", "Sleep better this week and the next, " * 3)
    expect(row).to_contain_text("and the next")
    assert tab.page.locator("#inbox .phone .subject").evaluate_all(cut) == [True]


def test_meter(tab):
    """The meter has every block's share, and a click goes to the block."""
    expect(tab.page.locator("#meter .total")).to_contain_text("of 102.4 KB")
    names = tab.page.locator("#meter .block .name").all_inner_texts()
    assert names[0] == "masthead"
    assert names[-2:] == ["footer", "frame and styles"]
    tab.page.click("#meter .block:has-text('tracks')")
    first_track = "inside.querySelector('a[href*=\\'aura.example.com/tracks\\']')"
    top = tab.inside(f"inside => {first_track}.getBoundingClientRect().top")
    assert 0 <= top < 400


def test_findings(tab, save):
    """What a stage has to say stands in the panel with its place, and a click goes to the block."""
    save(ARTICLE, "date: 2026-11-12", "date: 2026-12-12")
    found = tab.page.locator("#findings .finding")
    expect(found).to_contain_text("box-breathing is dated after the edition that shows it")
    expect(found).to_contain_text(f"{ARTICLE}:2")
    found.click()
    assert tab.inside("inside => inside.documentElement.scrollTop") > 1000


def test_save_is_shown(tab, save):
    """A save is seen without a reload, and the eye stays where it was."""
    tab.inside("inside => inside.documentElement.scrollTop = 1500")
    save(ARTICLE, "title: Box breathing in four minutes", "title: Box breathing in five minutes")
    tab.shows("Box breathing in five minutes")
    assert tab.inside("inside => inside.documentElement.scrollTop") == 1500
    assert tab.page.evaluate("window.neverLoadedAnew")
    save("templates/theme.css", "line-height: 28px", "line-height: 29px")
    expect(tab.page.locator("iframe.hidden")).to_have_count(0)
    assert tab.page.evaluate("window.neverLoadedAnew")


def test_text_above_grows(tab, save):
    """Where text grows above, the block under the eye stays under it."""
    tab.page.click("#meter .block:has-text('teasers')")
    where = (
        "inside => Math.round([...inside.querySelectorAll('h2, h3')].find(one => one.textContent.includes('morning'))"
        ".getBoundingClientRect().top)"
    )
    before = tab.inside(where)
    save("content/editions/better-sleep.md", "Hello [[", "A paragraph more.\n\n" * 6 + "Hello [[")
    tab.shows("A paragraph more.")
    assert abs(tab.inside(where) - before) <= 1


def test_error_and_mending(tab, save):
    """An error lies over the last good digest with its place and lines, and goes with the next good save."""
    overlay = tab.page.locator("#overlay")
    expect(overlay).to_be_hidden()
    save(LEAD, "<mj-text>", "<mj-txt>")
    expect(overlay).to_be_visible()
    expect(overlay).to_contain_text("<mj-txt> is not an MJML tag; did you mean <mj-text>?")
    expect(overlay.locator(".where").first).to_have_text(re.compile(rf"{re.escape(LEAD)}:\d+"))
    expect(overlay.locator(".marked").first).to_contain_text("<mj-txt>")
    expect(tab.page).to_have_title(re.compile(r"^\(error\) Sleep better"))
    assert "Sleep" in tab.inside(TEXT)
    tab.page.keyboard.press("Escape")
    expect(overlay).to_be_hidden()
    expect(tab.page.locator("#error-bar")).to_be_visible()
    save(LEAD, "<mj-txt>", "<mj-text>")
    expect(tab.page.locator("#error-bar")).to_be_hidden()
    save(ARTICLE, "title:", "titel:")
    expect(overlay).to_be_visible()
    expect(overlay).to_contain_text("`title` is missing")
    save(ARTICLE, "titel:", "title:")
    expect(overlay).to_be_hidden()
    expect(tab.page).to_have_title(re.compile(r"^Sleep better"))
    assert tab.page.evaluate("window.neverLoadedAnew")


def test_article_alone(tab):
    """An article opens from the list, a draft too, in an edition of its own; back leads back."""
    tab.page.click("#list a[data-page='articles/the-cool-bedroom']")
    tab.shows("The cool bedroom")
    assert urlsplit(tab.page.url).path == "/articles/the-cool-bedroom"
    tab.page.go_back()
    tab.shows("Klonopin")


def test_digest(tab, save):
    """A digest's next edition says why it has nothing to say yet, and what a save changes in that at once."""
    tab.page.click("#list section[aria-label='Coming digests'] a:has-text('yearly')")
    nothing, panel = tab.page.locator("#nothing"), tab.page.locator("#digest")
    expect(nothing).to_contain_text("There is no article for yearly from")
    expect(panel).to_contain_text("0 articles")
    expect(tab.page.locator("iframe")).to_have_count(0)
    nothing.locator("summary").click()
    expect(nothing).to_contain_text("none of the tags rainbow")
    save(ARTICLE, "date: 2026-11-12", RAINBOW)
    tab.shows("Box breathing")
    expect(nothing).to_be_hidden()
    expect(panel).to_contain_text("1 article")
    expect(tab.page.locator("#list a[aria-current=page]")).to_contain_text("This year: Box breathing")
    tab.press("d")
    tab.page.select_option("#client", "gmail-app")
    tab.settled()
    tab.page.click("#meter .block:has-text('lead')")
    panel.locator("summary").click()
    panel.locator("a", has_text="the-cool-bedroom").click()
    tab.shows("The cool bedroom")
    expect(panel).to_be_hidden()


def test_broken_digest(tab, save):
    """A digest that can't be read has its error over the last good mail, until the save that mends it."""
    save(ARTICLE, "date: 2026-11-12", RAINBOW)
    tab.page.goto(f"{tab.served.url}digests/yearly")
    tab.shows("Box breathing")
    tab.page.wait_for_url("**/digests/yearly-20*-01-01")
    save(TOML, "0 0 1 1 *", "0 0 1 1")
    expect(tab.page.locator("#overlay")).to_contain_text("the schedule '0 0 1 1' has 4 fields")
    expect(tab.page.locator("#list a[aria-current=page] .state")).to_have_text("broken")
    assert "Box breathing" in tab.inside(TEXT)
    save(TOML, '"0 0 1 1"', '"0 0 2 1 *"')
    expect(tab.page.locator("#overlay")).to_be_hidden()
    tab.page.wait_for_url("**/digests/yearly-20*-01-02")
    tab.shows("Box breathing")


def test_filter(tab):
    """The list can be filtered from the keyboard, and Enter opens the first."""
    tab.page.keyboard.press("/")
    tab.page.keyboard.type("sunday")
    expect(tab.page.locator("#list a")).to_have_count(1)
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url("**/editions/sunday-rain")


@pytest.mark.parametrize(
    ("key", "query"),
    [
        ("1", "width=375"),
        ("3", "width=800"),
        ("d", "scheme=dark"),
        ("i", "images=off"),
        ("t", "view=text"),
        ("s", "view=source"),
        ("r", "reader=ana"),
        ("Shift+R", "reader=markup"),
        ("c", "client=gmail-app"),
        ("Shift+C", "client=forced-dark"),
    ],
)
def test_keys(tab, key, query):
    """Every switch has a key, and what it does stands in the address."""
    tab.press(key)
    assert tab.query == query


def test_keys_in_the_mail(tab):
    """The keys work as well after a click into the mail; j and k go through the list; ? tells all keys."""
    tab.page.locator("iframe.shown").click(position={"x": 20, "y": 20})
    tab.press("d")
    assert tab.query == "scheme=dark"
    tab.press("j")
    tab.page.wait_for_url("**/editions/rest-ar?scheme=dark")
    tab.press("k")
    tab.page.wait_for_url("**/editions/better-sleep?scheme=dark")
    tab.press("?")
    expect(tab.page.locator("#help")).to_contain_text("Copy the HTML")
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("#help")).to_be_hidden()


def test_link_to_a_state(context, served):
    """A link shows a colleague the same edition, the same way."""
    tab = Tab(context, served, "editions/rest-ar?width=375&scheme=dark&reader=layla&images=off")
    expect(tab.page.locator("[data-width='375']")).to_have_attribute("aria-pressed", "true")
    expect(tab.page.locator("[data-scheme='dark']")).to_have_attribute("aria-pressed", "true")
    expect(tab.page.locator("#images")).to_have_attribute("aria-pressed", "false")
    assert tab.page.input_value("#reader") == "layla"
    assert tab.inside("inside => inside.documentElement.dir") == "rtl"
    tab.page.close()


def test_copy(tab):
    """Copy puts the HTML on the clipboard, byte for byte as build writes it."""
    tab.page.click("#copy")
    expect(tab.page.locator("#toast")).to_contain_text("Copied")
    copied = tab.page.evaluate("navigator.clipboard.readText()")
    assert copied == tab.served.get(f"/files/{BETTER_SLEEP}/digest.html").text


def test_download(tab):
    """Download gives the message as a file."""
    with tab.page.expect_download() as download:
        tab.page.click("#download")
    assert download.value.suggested_filename == "better-sleep.eml"
    message = message_from_bytes(Path(download.value.path()).read_bytes(), policy=policy.default)
    assert message["subject"] == "Sleep better this week"


def test_new_tab(tab, context):
    """The mail opens alone in a tab, as it is shown."""
    tab.press("d")
    with context.expect_page() as opened:
        tab.page.click("#open")
    opened.value.wait_for_load_state()
    assert urlsplit(opened.value.url).path == f"/mail/{BETTER_SLEEP}"
    assert opened.value.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 22, 21)"


def test_links_of_the_mail(tab, context):
    """A link in the mail opens in a tab of its own; the preview stays."""
    context.route("https://blog.example.com/**", lambda route: route.fulfill(body="the blog"))
    with context.expect_page() as opened:
        tab.page.frame_locator("iframe.shown").locator("a", has_text="View in browser").first.click()
    assert opened.value.url.startswith("https://blog.example.com/newsletter/better-sleep")
    opened.value.close()
    assert tab.page.evaluate("window.neverLoadedAnew")


def test_gone_and_back(context, folder):
    """When the preview is stopped its page says so and keeps the mail; started again, it is live again."""
    with preview(folder) as first:
        tab = Tab(context, first)
        first.stop()
        expect(tab.page.locator("#status")).to_contain_text("Not connected")
        assert "Klonopin" in tab.inside(TEXT)
        with preview(folder, "--port", str(first.port)):
            expect(tab.page.locator("#status")).to_have_text("live", timeout=15_000)
            tab.shows("Klonopin")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe(tab, save, scheme, width):
    """axe-core finds nothing wrong with the page, narrow and wide, day and night, nothing to show, an error."""
    tab.page.set_viewport_size({"width": width, "height": 900})
    tab.page.emulate_media(color_scheme=scheme)
    assert violations(tab) == []
    tab.page.goto(f"{tab.served.url}digests/yearly")
    expect(tab.page.locator("#nothing")).to_be_visible()
    assert violations(tab) == []
    tab.page.goto(tab.served.url + BETTER_SLEEP)
    tab.settled()
    save(LEAD, "<mj-text>", "<mj-txt>")
    expect(tab.page.locator("#overlay")).to_be_visible()
    tab.page.wait_for_function("() => getComputedStyle(document.querySelector('#overlay')).opacity === '1'")
    assert violations(tab) == []


def violations(tab):
    """What axe-core objects to in the preview's own page; the mail in the frame has tests of its own."""
    found = Axe().run(tab.page, context={"exclude": [["iframe"]]}).response["violations"]
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]]
