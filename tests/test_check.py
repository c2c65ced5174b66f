"""`pipeline check`, and the verdict that `pipeline build` ends with."""

import json

import pytest

from pipeline import build, record
from pipeline.checks import CHECKS
from pipeline.checks.reach import dead_link
from pipeline.checks.spam import spam_score
from tests import folders

RULES = (*CHECKS, dead_link, spam_score)
# More than Gmail shows, however it is rendered.
LONG = folders.ARTICLE.replace("Breathe in.", "\n\n".join(["Breathe in, and out again, slowly. " * 20] * 160))
WHOLE = folders.EDITION.replace("- lead: box-breathing", "- article: box-breathing")
# Settings of the two rules that such a mail breaks: its way out stands behind what Gmail shows.
SETTING = """
[checks.H02]
level = "{0}"
reason = "Nobody here reads mail at Gmail."
[checks.L05]
level = "{0}"
reason = "As above."
"""
TOO_LONG = {"content/articles/box-breathing.md": LONG, "content/editions/breathe.md": WHOLE}


def test_ready(run, tmp_path):
    """A mail that is ready has one line with its weight, and nothing is written."""
    code, out, err = run("check")
    assert (code, err) == (0, "")
    assert out.startswith("breathe  ready  ")
    assert not (tmp_path / "outbox").exists()


def test_not_ready(run, tmp_path):
    """A mail that isn't has a line for each reason, with its rule and its place, and the way to learn more."""
    folders.make(tmp_path, TOO_LONG)
    code, out, _ = run("check", "breathe")
    assert code == 65
    assert out.startswith("breathe  NOT READY  2 errors")
    lines = [line.split() for line in out.splitlines()]
    assert ["error", "H02", "size", "content/editions/breathe.md:2"] in [line[:4] for line in lines]
    assert out.endswith("why: pipeline check --explain H02\n")


def test_json(run, tmp_path):
    """For machines each mail is an object with all that is known of its findings; the last one is the result."""
    folders.make(
        tmp_path,
        {
            **TOO_LONG,
            "content/editions/nap.md": folders.EDITION.replace("- lead: box-breathing", "- tracks: {mood: tense}"),
        },
    )
    code, out, _ = run("check", "--json")
    first, second, last = map(json.loads, out.splitlines())
    assert (first["mail"], first["ready"], second["mail"], second["ready"]) == ("breathe", False, "nap", True)
    (error,) = [one for one in first["findings"] if one["rule"] == "H02"]
    assert {"rule", "check", "message", "where", "reason", "remedy"} < set(error)
    assert last["result"] == {"ready": ["nap"], "not_ready": ["breathe"], "exit_code": code}


def test_github(run, tmp_path):
    """For GitHub each finding is an annotation at its line."""
    folders.make(tmp_path, TOO_LONG)
    code, out, _ = run("check", "--format", "github")
    assert code == 65
    assert out.startswith("::error file=content/editions/breathe.md,line=2,title=breathe%3A H02 size::")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_explain(run, rule):
    """Each rule is told, by its id in any case and by its name: what it is for, how to mend it, who says so."""
    code, out, _ = run("check", "--explain", rule.id.lower())
    assert code == 0
    assert all(part in out for part in (rule.id, rule.name, rule.reason, rule.remedy, rule.source))
    assert run("check", "--explain", rule.name)[1] == out


def test_explain_all(run):
    """All rules can be listed; a rule that there isn't is wrong usage."""
    assert len(run("check", "--explain", "all")[1].splitlines()) == len(RULES)
    assert run("check", "--explain", "H99")[0] == 2


def test_settings(run, tmp_path):
    """A newsletter can lower a rule or leave it out, and each report repeats why."""
    folders.make(tmp_path, {**TOO_LONG, "content/newsletter.toml": folders.NEWSLETTER + SETTING.format("note")})
    code, out, _ = run("check")
    assert code == 0
    assert "  note   H02 size" in out
    assert "H02 is note: Nobody here reads mail at Gmail." in out
    folders.make(tmp_path, {**TOO_LONG, "content/newsletter.toml": folders.NEWSLETTER + SETTING.format("off")})
    code, out, _ = run("check")
    assert (code, "H02 size" in out, "H02 is off: Nobody" in out) == (0, False, True)


def test_unknown_rule(run, tmp_path):
    """A setting for a rule that there isn't is told with its line."""
    setting = '[checks.H2]\nlevel = "off"\nreason = "x"\n'
    folders.make(tmp_path, {"content/newsletter.toml": folders.NEWSLETTER + setting})
    code, _, err = run("build")
    assert code == 78
    assert "content/newsletter.toml:" in err
    assert "there is no rule 'H2'; did you mean H" in err
    setting = '[checks.subject-length]\nlevel = "off"\nreason = "x"\n'
    folders.make(tmp_path, {"content/newsletter.toml": folders.NEWSLETTER + setting})
    assert "there is no rule 'subject-length'; it is H12" in run("build")[2]


@pytest.mark.parametrize(
    "setting", ['level = "off"', 'level = "off"\nreason = " "', 'reason = "x"', 'level = "mild"\nreason = "x"']
)
def test_wrong_setting(run, tmp_path, setting):
    """A setting has a level and a reason."""
    folders.make(tmp_path, {"content/newsletter.toml": folders.NEWSLETTER + f"[checks.H12]\n{setting}\n"})
    code, _, err = run("build")
    assert (code, "`checks.H12." in err) == (78, True)


def test_strict(run, tmp_path):
    """Warnings alone let a mail be ready, unless the check is strict."""
    folders.make(tmp_path, {**TOO_LONG, "content/newsletter.toml": folders.NEWSLETTER + SETTING.format("warn")})
    assert run("check")[0] == 0
    assert run("check", "--strict")[0] == 65


def test_clients(run):
    """How each client does with what the mail uses can be seen, and read by a machine."""
    out = run("check", "--clients")[1]
    assert "breathe by client" in out
    assert any(line.startswith("Gmail ") and "%" in line for line in out.splitlines())
    told = json.loads(run("check", "--clients", "--json")[1].splitlines()[0])["clients"]
    assert {one["client"] for one in told} > {"gmail", "outlook", "apple-mail"}
    assert all(0 <= one["share"] <= 1 for one in told)


@pytest.mark.parametrize("name", ["digest.html", "message.eml"])
def test_file(run, name):
    """Any HTML part and any message can be checked, each finding with its place in the file."""
    run("build")
    code, out, _ = run("check", f"outbox/breathe/{name}")
    assert (code, out.startswith(f"outbox/breathe/{name}  ready")) == (0, True)


@pytest.mark.parametrize(
    "content", [b"", b"\0\xff" * 500, b"<html>", b"Subject: x\r\n\r\nx", b"Content-Type: multipart/mixed\r\n\r\n"]
)
@pytest.mark.parametrize("name", ["mail.html", "mail.eml"])
def test_any_file(run, tmp_path, name, content):
    """Whatever a file holds, there is a verdict."""
    (tmp_path / name).write_bytes(content)
    code, out, err = run("check", name)
    assert (code in (0, 65), out.startswith(name), err) == (True, True, "")


def test_missing_file(run):
    """A file that isn't there is told as such, and the others are checked."""
    run("build")
    code, out, err = run("check", "nowhere.eml", "outbox/breathe/message.eml")
    assert (code, err) == (65, "")
    assert "nowhere.eml  NOT READY" in out
    assert "can't be read: No such file or directory" in out
    assert "outbox/breathe/message.eml  ready" in out


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(run, tmp_path, encoding):
    """A page is read as it was saved."""
    page = (
        "<!DOCTYPE html><html lang='de'><head><title>Grüße</title></head><body><a href='https://x.org'>hier</a>ö</body>"
    )
    (tmp_path / "mail.html").write_text(page, encoding=encoding)
    out = run("check", "mail.html")[1]
    assert "H01" not in out
    assert 'the link "hier"' in out


def test_broken_edition(run, tmp_path):
    """An edition that can't be read isn't ready, and the others are checked all the same."""
    folders.make(tmp_path, {"content/editions/bad.md": folders.EDITION.replace("box-breathing", "gone")})
    code, out, _ = run("check")
    assert code == 65
    assert "bad  NOT READY" in out
    assert "there is no article 'gone'" in out
    assert "breathe  ready" in out


def test_red_verdict(run, tmp_path):
    """A build that isn't ready fails with its reasons, and leaves the last good one where it is."""
    run("build")
    folders.make(tmp_path, TOO_LONG)
    code, _, err = run("build")
    assert code == 65
    assert "error: content/editions/breathe.md:2: " in err
    assert "(H02 size)" in err
    assert "Hello there" in (tmp_path / "outbox/breathe/digest.html").read_text(encoding="utf-8")
    assert len((tmp_path / "outbox/breathe/digest.html").read_bytes()) < 102_400


def test_findings_in_the_manifest(run, tmp_path):
    """What the checks find stands in the manifest."""
    folders.make(tmp_path, {**TOO_LONG, "content/newsletter.toml": folders.NEWSLETTER + SETTING.format("warn")})
    code, _, err = run("build")
    assert (code, "warn: content/editions/breathe.md:2: " in err) == (0, True)
    (found,) = [one for one in record.read_manifest(tmp_path / "outbox", "breathe")["findings"] if one["rule"] == "H02"]
    assert (found["check"], found["level"]) == ("size", "warn")


def test_fit(tmp_path):
    """An edition that is to fit loses its teasers' sections, deks and pictures, in turn and only as far as it must."""
    articles = {
        f"content/articles/a{number:02}.md": folders.ARTICLE.replace("Box breathing", f"Breath {number}").replace(
            "Four sides of a breath", "A dek of some length. " * (8 if number else 1)
        )
        for number in range(40)
    }
    names = ", ".join(f"a{number:02}" for number in range(40))
    text = folders.EDITION.replace("- lead: box-breathing", f"- teasers: [{names}]")
    folder = folders.make(tmp_path, {**articles, "content/editions/breathe.md": text})
    project = build.open_project(folder)
    whole = build.fit_email(project.library.editions["breathe"] and build.compose_edition("breathe", project), project)[
        1
    ]
    assert len(whole.html.encode()) > 102_400
    folders.make(tmp_path, {**articles, "content/editions/breathe.md": text.replace("date:", "fit: true\ndate:")})
    project = build.open_project(folder)
    email = build.build_edition("breathe", project)
    assert len(email.html.encode()) <= 100_000
    told = [one for one in email.findings if one.check == "fit"]
    assert "lists of sections are left out" in told[0].message
    assert "https://blog.example.com/unsubscribe" in email.html
