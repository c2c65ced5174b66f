"""inbox.py: what it must not find, and what it sees in mails of others."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import checks
from pipeline.checks import inbox
from tests.checks.mutating import in_html, with_subject
from tests.checks.test_mutants import mail
from tests.folders import REPOSITORY


def ours():
    return mail(REPOSITORY, "better-sleep")


def found(checked, *rules):
    return {rule.id for rule in inbox.RULES if (not rules or rule.id in rules) and list(rule.look(checked))}


def faults(checked, rule):
    return list(checks.RULES[rule].look(checked))


SOUND = {
    "40 characters": "x" * 40,
    "90 characters": "x" * 90,
    "40 letters of another script": "كيف تمهد للنوم قبل موعده بساعتين، ومعه خ",
    "the subject and more": "Sleep better this week: what the medicine does",
}


@pytest.mark.parametrize("case", SOUND)
def test_sound_preheaders(case):
    """A preheader of 40 to 90 characters that says more than the subject isn't found."""
    own = ours().preheader
    checked = replace(in_html(own, SOUND[case])(ours()), preheader=SOUND[case])
    assert found(checked) == set()


@pytest.mark.parametrize(
    "subject",
    [
        *(
            "x" * 60,
            "NASA on sleep",
            "Sleep and the WHO: what the NHS says",
            "A B C",
            "مساء هادئ",
            "ערב שקט לכולם",
            "今週はよく眠る",
        ),
        *("42", "I", "OK"),
    ],
)
def test_sound_subjects(subject):
    """Abbreviations, scripts without capitals and 60 characters aren't found."""
    assert found(with_subject(subject)(ours()), "H12") == set()


@pytest.mark.parametrize(("length", "level"), [(61, "warn"), (150, "warn"), (151, "error")])
def test_levels_of_length(length, level):
    """A long subject is a warning, one that is cut off everywhere an error."""
    assert [fault.level for fault in faults(with_subject("x" * length)(ours()), "H12")] == [level]


def test_no_subject_is_an_error():
    """No subject is worse than a long one."""
    assert [fault.level for fault in faults(with_subject("")(ours()), "H12")] == ["error"]


HARMLESS = {
    "a hidden picture": '<img style="display:none" src="x" alt="">',
    "nothing hidden": '<div style="display:none"> &zwnj;&nbsp; </div>',
    "a cell of no size whose text has one": '<p style="font-size:0"><b style="font-size:14px">x</b> </p>',
    "half a pixel more": '<p style="font-size:10px">x</p>',
    "a size in em": '<p style="font-size:1em">x</p>',
    "a size with a nought before": '<p style="font-size:0.9em">x</p>',
    "a ground that is transparent": '<p style="background-color:transparent">x</p>',
    "a style of its own": "<style>.x{display:none}</style>",
}


@pytest.mark.parametrize("case", HARMLESS)
def test_harmless(case):
    """What hides no words isn't found."""
    assert found(in_html("</h1>", f"</h1>{HARMLESS[case]}")(ours()), "H10") == set()


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<title>A</title><div style='display:none'>" + "word " * 10 + "</div>x", set()),
        ("<title>A</title>x", {"H11"}),
        ("<title>A word</title><div style='display:none'>A word</div>", {"H11"}),
        ("<title>A</title><body style='display:none'>x", {"H11"}),
        ("x", {"H11", "H12"}),
        ("", {"H11", "H12"}),
    ],
)
def test_foreign_mails(page, expected):
    """In a mail that isn't ours the first hidden words are taken for the preheader."""
    assert found(checks.of_html(page, "x.html")) == expected


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_mail(html, style):
    """Whatever the HTML is, nothing is raised."""
    found(checks.of_html(html, "x.html"))
    checked = checks.of_html(f'<p style="{style}" hidden>{html}</p><p style="{style}">x', "x.html")
    found(checked)
    found(replace(ours(), html=html, marked=html, subject=style, preheader=html))
