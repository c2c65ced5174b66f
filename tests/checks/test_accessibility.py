"""What the rules for screen readers find in mails that aren't ours, and what they must not find."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks import accessibility, language, of_html, of_message
from pipeline.checks.language import script_of, wrong_language
from pipeline.checks.telling import grouped, quoted
from pipeline.errors import Where

PAGE = '<html lang="{lang}" dir="{dir}"><body><div lang="{lang}" dir="{dir}">{body}</div></body></html>'
RULES = {rule.id: rule for rule in (*accessibility.RULES, *language.RULES)}


def found(rule, body, lang="en", dir="ltr"):
    """What a rule says of a page with this body."""
    mail = of_html(PAGE.format(lang=lang, dir=dir, body=body), "mail.html")
    return [fault.message for fault in RULES[rule].look(mail)]


@pytest.mark.parametrize(
    "code", ["en", "de-CH-1996", "zh-Hant-TW", "sr-Latn", "es-419", "ar-x-blog", "gsw", "iw", "mul"]
)
def test_right_languages(code):
    """What BCP 47 allows and CLDR knows is a language."""
    assert wrong_language(code) == ""


@pytest.mark.parametrize("code", ["", "e", "en_GB", "en-UK", "und", "und-Latn", "xx", "english", "de-", "en GB", "i"])
def test_wrong_languages(code):
    """What is malformed, unknown or undetermined is none."""
    assert wrong_language(code)


def test_scripts():
    """The script follows from the language, unless the code says it."""
    assert [script_of(code) for code in ("en", "ar", "sr", "sr-Latn", "zh-TW", "?")] == [
        *("Latn", "Arab", "Cyrl", "Latn", "Hant", "")
    ]


@pytest.mark.parametrize(
    "body",
    [
        "<p>By ليلى حداد and 村上 春樹</p>",
        '<p lang="ar" dir="rtl">تجلس ليلى كل مساء على الدرج وتنتظر أن يلحق بها قلبها</p>',
        '<div lang="ru"><p>Каждый вечер она сидит на лестнице и ждёт, пока её догонит сердце.</p></div>',
        '<p style="display:none">تجلس ليلى كل مساء على الدرج وتنتظر أن يلحق بها قلبها</p>',
        "<p>😴😴😴 — “rest” … ½ 5 µg α β γ</p>",
    ],
)
def test_own_language(body):
    """Names, signs, hidden words and parts whose language is said need nothing more."""
    assert found("A01", body) == []


def test_latin_in_arabic():
    """In an Arabic mail an English paragraph wants its language, a product's name doesn't."""
    assert found("A01", "<p>تصلك هذه الرسالة من Aura's Mindfulness Blog</p>", "ar", "rtl") == []
    sentence = "You asked for the latest from this blog when you pressed the button that is called Stay Updated."
    assert found("A01", f"<p>{sentence}</p>", "ar", "rtl")


@pytest.mark.parametrize(
    "body",
    [
        '<p lang="ar" dir="auto">مساء هادئ</p>',
        '<section dir="rtl"><p lang="he">ערב טוב</p></section>',
        '<p lang="fr">Bonsoir</p>',
        '<table role="none"><tr><td style="direction:rtl"><div style="direction:ltr">Bed</div></td></tr></table>',
        '<div style="flex-direction: row-reverse">Bed</div>',
        '<pre style="direction: rtl">code</pre>',
    ],
)
def test_right_direction(body):
    """Parts that say which way they run are right, and so is MJML's way to turn columns round."""
    assert found("A02", body) == []


def test_right_to_left():
    """A mail in Hebrew runs from right to left, and so does what its CSS says."""
    assert found("A02", "<p>ערב טוב</p>", "he", "rtl") == []
    assert found("A02", "<p>ערב טוב</p>", "he", "ltr")
    assert found("A02", '<p style="direction:ltr">ערב טוב</p>', "he", "rtl")


@pytest.mark.parametrize(
    "table",
    [
        '<table role="presentation"><tr><td>a</td></tr></table>',
        "<table role=none><tr><td>a</td></tr></table>",
        "<table><tr><th>Night</th></tr><tr><td>a</td></tr></table>",
        '<table><tr><td scope="row">Night</td><td>a</td></tr></table>',
        '<table role="article"><tr><td>a</td></tr></table>',
        '<div style="display:none"><table><tr><td>a</td></tr></table></div>',
        '<!-- <table> --><!--[if mso]><table role="presentation"><tr><td><![endif]-->',
    ],
)
def test_right_tables(table):
    """Layout that says so, data with headers, what nobody is shown and plain comments are right."""
    assert found("A03", table) == []


def test_nested_tables():
    """The headers of a table are not those of the table around it."""
    inner = "<table><tr><th>Night</th></tr></table>"
    assert len(found("A03", f"<table><tr><td>{inner}</td></tr></table>")) == 1
    assert found("A03", f'<table role="none"><tr><td>{inner}</td></tr></table>') == []


@pytest.mark.parametrize(
    "image",
    [
        '<img src="a.png" alt="">',
        '<img src="lamp.jpg" alt="Lamp">',
        '<img src="logo.png" alt="Logo of the house by the sea">',
        '<a href="https://x.org"><img src="icon.png" alt=""> Instagram</a>',
        '<a href="https://x.org"><img src="a.png" alt=""><img src="b.png" alt="Instagram"></a>',
        '<div hidden><img src="a.png"></div>',
    ],
)
def test_right_alt(image):
    """Decoration, a picture beside its link's words and real words are right."""
    assert found("A04", image) == []


def test_right_headings():
    """A mail may begin with a level 2 above its h1, climb back up by several, and hide what it likes."""
    assert found("A06", "<h2>Now</h2><h1>Blog</h1><h2>a</h2><h3>b</h3><h4>c</h4><h2>d</h2>") == []
    assert found("A06", '<h1>Blog</h1><h4 style="display:none">x</h4><h2><img src="a.png" alt="Sleep"></h2>') == []


def test_headings_by_role():
    """An element with the role of a heading is one."""
    assert found("A06", '<div role="heading" aria-level="1">Blog</div><h2>a</h2>') == []
    assert found("A06", '<h1>Blog</h1><div role="heading" aria-level="4">a</div>')


def test_foreign_places():
    """In a mail that isn't ours a fault's place is the line of its HTML."""
    mail = of_html("<html>\n<body>\n<img src='x.png'>\n</body></html>", "mail.html")
    assert [fault.where for fault in RULES["A04"].look(mail)] == [Where("mail.html", 3)]


def test_many_of_a_kind():
    """Faults of one kind are told at five places at most, and all are counted."""
    faults = list(grouped((f"picture {index}", Where("mail.html", index // 2)) for index in range(40)))
    assert [fault.message for fault in faults] == [
        *(f"picture {index}, and 1 more" for index in (0, 2, 4, 6)),
        "picture 8, and 31 more",
    ]


def test_quoted():
    """A quotation stands on one line, and is cut where it is long."""
    assert quoted("a\n  b") == '"a b"'
    assert len(quoted("word " * 40)) == 62


HTML = st.lists(
    st.sampled_from(
        [
            *(
                "<html lang=",
                '<html dir="x" lang="\x00">',
                "<body>",
                "</body>",
                '<div lang="ar" style="direction:',
                "rtl",
            ),
            *('">', "<table", "</table>", "<th>", "<!--[if mso]><table>", "<![endif]-->", "<img alt='", "<a href=x>"),
            *("<h1>", "<h4>", "</h1>", '<p role="heading" aria-level="²">', "<img src='http://[' alt=' '>", "</a>"),
            *("تجلس ليلى كل مساء على الدرج وتنتظر أن يلحق بها قلبها", "&#xD800;", "<svg><h1/>", "<frameset>"),
        ]
    )
    | st.text(max_size=20),
    max_size=30,
).map("".join)


@given(HTML)
def test_any_html(html):
    """Whatever the HTML is, the rules come to an end, and say what they find on one line."""
    faults = [fault for rule in RULES.values() for fault in rule.look(of_html(html, "mail.html"))]
    assert all("\n" not in fault.message for fault in faults)


@given(st.binary(max_size=300))
def test_any_message(message):
    """Whatever a message is, the rules come to an end."""
    for rule in RULES.values():
        list(rule.look(of_message(message, "mail.eml")))
