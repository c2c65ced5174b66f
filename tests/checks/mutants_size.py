"""Mutants for pipeline/checks/size.py."""

from tests.checks.mutating import Mutants, html

MUTANTS: Mutants = {
    "H02": {
        "a block that grew over what Gmail shows": html(lambda text: text.replace("</p>", "</p>" + "<br>" * 20_000, 1)),
        "letters of three bytes": html(lambda text: text.replace("</p>", "</p>" + "न" * 30_000, 1)),
        "near the limit": html(lambda text: text.replace("</p>", "</p>" + "x" * (95_000 - len(text)), 1)),
    },
}
