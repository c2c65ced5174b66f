"""An Edition -> MJML and plain text, a page's facts -> HTML, by the Jinja templates in the newsletter's ``templates/``.

The only reader of that folder, and the only importer of jinja2. The templates' own words come from
``strings/<language>.toml`` there, dates and numbers from Babel. Whatever goes wrong in a template is told with
the template's own file and line.
"""

from __future__ import annotations

from pipeline.templates.environment import Environment, blocks, files
from pipeline.templates.pages import languages_there, render_page, render_styles, render_words
from pipeline.templates.rendering import render_mjml, render_text

__all__ = [
    "Environment",
    "blocks",
    "files",
    "languages_there",
    "render_mjml",
    "render_page",
    "render_styles",
    "render_text",
    "render_words",
]
