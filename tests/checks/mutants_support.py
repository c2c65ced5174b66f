"""Mutants for pipeline/checks/support.py."""

from dataclasses import replace

from tests.checks.mutating import Mutants, Mutation, html


def for_clients(**shares: float) -> Mutation:
    """The same mail of a newsletter with these readers, by the names of their clients."""
    return lambda mail: replace(mail, newsletter=replace(mail.newsletter, clients=shares))


def on_heading(css: str) -> Mutation:
    """The first heading has this declaration too."""
    return html(lambda text: text.replace("<h1 ", f'<h1 style="{css}" ', 1))


def in_sheet(css: str) -> Mutation:
    return html(lambda text: text.replace("</style>", f"{css}</style>", 1))


def before_first_paragraph(code: str) -> Mutation:
    return html(lambda text: text.replace("<p", f"{code}<p", 1))


MUTANTS: Mutants = {
    "H14": {
        "columns by flexbox": on_heading("display:flex"),
        "a shadow behind a title": on_heading("text-shadow:0 1px 2px #000000"),
        "a colour with opacity, which Outlook doesn't know": on_heading("color:rgba(0, 0, 0, .8)"),
        "a picture behind the text, and no VML for Outlook": on_heading(
            "background-image:url('https://assets.example.com/sky.jpg')"
        ),
        "a width by the width of the window": on_heading("width:90vw"),
        "a video": before_first_paragraph('<video src="https://assets.example.com/rain.mp4"></video>'),
        "a drawing in SVG": before_first_paragraph('<svg width="40" height="40"><circle r="20"></circle></svg>'),
        "pictures in a format that Outlook can't show": html(lambda text: text.replace(".jpg", ".webp")),
        "words that CSS writes": in_sheet(".mail h2::after { content: ' →' }"),
        "every second row by its number": in_sheet(".mail td:nth-child(even) { background: #eeeeee }"),
        "an animation": in_sheet("@keyframes pulse { from { opacity: 0 } } .mail h1 { animation: pulse 1s }"),
        "an attribute's selector that is addressed to no client": in_sheet("a[href] { color: #aa0000 }"),
        "a picture for each density of pixels": html(
            lambda text: text.replace("<img ", '<img srcset="https://assets.example.com/a.jpg 2x" ', 1)
        ),
        "a client that there isn't": for_clients(gmial=55),
        "a platform that the client doesn't have": for_clients(**{"gmail.windows": 55}),
        "shares of more readers than there are": for_clients(gmail=60, outlook=60),
    },
}
