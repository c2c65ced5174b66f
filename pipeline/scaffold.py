"""A title -> a new file to fill in, with every field explained in it."""

from __future__ import annotations

import json
import re
from datetime import date

ARTICLE = """\
---
# The title, as readers see it.
title: {title}

# The line under the title, at most about 140 characters. Also: description, summary or excerpt.
dek: ""

# When it was published; 2026-11-24 08:00 is fine too. A later date than the edition's is reported.
date: {today}

# Who wrote it: a key of [authors.…] in content/newsletter.toml, or a name. Several: authors: [maya, jonas]
author: ""

# What it is about. Also: categories.
tags: []

# The picture above it, twice as wide as shown (1200 by 600 pixels), and what it shows in words.
# hero:
#   src: images/{slug}.jpg
#   alt: ""

# The article to read next, by its slug.
# next: another-article

# Where it stands on the blog; without this line it is the newsletter's article_url.
# canonical_url: https://blog.example.com/{slug}

# An article about medicine or health carries the newsletter's disclaimer wherever it is shown.
# medical: true

# Its language, where it isn't the newsletter's.
# lang: en

# No edition may show a draft. Take this line out when it is done.
draft: true
---
The first words stand here, before any heading.

## A heading begins a section

Each heading makes a section that an edition can pick, and that readers can be led to.
Write [[first_name]] where a reader's own name shall stand, if that field is declared.
"""

EDITION = """\
---
# What stands in the inbox: up to about 50 characters, not all in capitals.
subject: {title}

# The words behind the subject in the inbox: 40 to 90 characters that don't say the subject again.
preheader: ""

# When it goes out; 2026-11-24 08:00 is fine too.
date: {today}

# The layout: a file of this name in templates/.
template: digest

# Its language, where it isn't the newsletter's: en, de, ar …
# lang: en

# Whether its teasers may be cut down where Gmail would else clip the mail.
# fit: true

# What it is made of, from top to bottom. Articles are named by their slugs: `pipeline list` has them.
# The masthead, the letter and the footer come by themselves.
blocks:
{lead}
  # - sections: {{article: some-article, pick: [an-anchor, another]}}    some of an article's sections
  # - teasers: [some-article, another-article]                         several articles, short
  # - teasers: {{articles: [some-article, another-article], columns: 2}}
  # - article: some-article                                            a whole article
  # - tracks: {{mood: restless at night, kind: Music, minutes: 0-10, limit: 3}}
  # - popular                                                          the categories
  # - benefits                                                         what's included
  # - tracks: {{for: reader, limit: 3}}                                  chosen for each reader
  # - missed: {{limit: 3}}                                               what came out before, for who gets few digests
  # - promo                                                            the app
  # - promo: {{audience: "plan != 'premium'"}}                           the same, for some readers only
  # - next: some-article                                               the article to read next
---
The letter stands here, in Markdown. It can be left out.
"""


def new_article(title: str, today: date) -> str:
    return ARTICLE.format(title=_quoted(title), slug=slug_of(title), today=today)


def new_edition(subject: str, today: date, lead: str | None) -> str:
    """``lead`` is the slug of the article to begin with; without one the line is there to be filled in."""
    line = f"  - lead: {lead}" if lead else f"  # {'- lead: some-article':<65}one article, large"
    return EDITION.format(title=_quoted(subject), lead=line, today=today)


def slug_of(title: str) -> str:
    """The title in lower case, with hyphens between its words; letters of every script stay. May be empty."""
    return "-".join(re.findall(r"\w+", title.lower().replace("'", "").replace("’", "")))[:80].strip("-")


def _quoted(text: str) -> str:
    # A JSON string is a YAML string too (YAML 1.2, 1.3 Relation to JSON).
    return json.dumps(text, ensure_ascii=False)
