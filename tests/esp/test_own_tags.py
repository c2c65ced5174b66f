"""An author's own tags of the newsletter's ESP, through the whole line."""

import re

import pytest

from pipeline import build
from pipeline.errors import PipelineError
from tests import folders

TAG = re.compile(r"\*\|[^|]*\|\*")
EDITION = """\
---
subject: "*|FNAME|*, breathe"
preheader: For *|FNAME|*, four sides of a breath, and what they do to the evening
date: 2026-11-24
blocks:
  - lead: breath
  - promo:
      title: "For *|FNAME|*"
      url: "https://app.example.com/?e=*|URL:EMAIL|*&x=1"
      image: {src: images/a.png, alt: "*|FNAME|* & I"}
---
Hello *|IF:FNAME|**|FNAME|**|END:IF|*, [a link](https://x.example.com/?e=*|EMAIL|*), [the web](*|ARCHIVE|*).

`*|CODE|*`
"""


@pytest.fixture
def project(tmp_path):
    def project(newsletter="", service=""):
        files = {
            "content/newsletter.toml": newsletter + folders.NEWSLETTER,
            "content/articles/breath.md": folders.ARTICLE,
            "content/editions/tags.md": EDITION,
            "content/images/a.png": folders.png(40, 40),
        }
        return build.open_project(folders.make(tmp_path, files), service)

    return project


@pytest.mark.parametrize("own", [True, False])
def test_untouched(project, own):
    """They come through as they were written, in text, links, whole links, alternative texts and the subject."""
    opened = project('esp = "mailchimp"\n') if own else project(service="mailchimp")
    ready = build.build_edition("tags", opened)
    html = (opened.folder / "outbox/tags/mailchimp/digest.html").read_text()
    assert [finding for finding in ready.findings if finding.level == "error"] == []
    for written in (
        "Hello *|IF:FNAME|**|FNAME|**|END:IF|*, ",
        'href="https://x.example.com/?e=*|EMAIL|*"',
        'href="*|ARCHIVE|*"',
        'href="https://app.example.com/?e=*|URL:EMAIL|*&amp;x=1"',
        'alt="*|FNAME|* &amp; I"',
        "*|CODE|*",
    ):
        assert written in html
    assert (opened.folder / "outbox/tags/mailchimp/subject.txt").read_text().startswith("*|FNAME|*, breathe\n")
    text = (opened.folder / "outbox/tags/mailchimp/digest.txt").read_text()
    assert {"*|EMAIL|*", "*|ARCHIVE|*", "*|URL:EMAIL|*", "*|CODE|*"} <= set(TAG.findall(text))


def test_without_a_service(project):
    """Where the newsletter has no such service, nobody would fill them, and the mail isn't ready."""
    with pytest.raises(PipelineError, match="left unfilled"):
        build.build_edition("tags", project())


@pytest.mark.parametrize(
    ("newsletter", "field"),
    [
        (folders.NEWSLETTER, "[[first_name|*|FNAME|*]]"),
        (folders.NEWSLETTER.replace('"there"', '"*|FNAME|*"'), "[[first_name]]"),
    ],
)
def test_no_fallback(tmp_path, newsletter, field):
    """A field's fallback is none of them: nobody would fill it."""
    files = {"content/newsletter.toml": newsletter, "content/editions/tags.md": EDITION.replace("Hello", field)}
    with pytest.raises(PipelineError) as caught:
        build.compose_edition("tags", build.open_project(folders.make(tmp_path, files), "mailchimp"))
    told = "tags.md:12: the fallback of first_name can't be a tag of the ESP's, *|FNAME|*"
    assert told in str(caught.value)
