"""What the mail weighs: the whole of it, and its ``<style>``."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.checks.reading.mail import Mail
from pipeline.checks.rule import Fault, rule

# Gmail shows so much of a message's HTML and puts the rest behind "View entire message" (measured by many senders;
# hteumeuleu/email-bugs, issue 41).
CLIPPED = 102_400
NEAR = 90_000
# What is made to fit leaves some room for readers' own values, which are longer than the fallbacks.
FITTING = 100_000


def fits(html: str) -> bool:
    """Whether Gmail shows all of this HTML to every reader."""
    return len(html.encode()) <= FITTING


@rule(
    "H02",
    "size",
    "error",
    reason="Gmail cuts the mail off after 102,400 bytes: what stands below, with the link to unsubscribe, is not seen.",
    remedy="Show fewer sections or teasers, or write `fit: true` in the edition.",
    source="https://github.com/hteumeuleu/email-bugs/issues/41",
)
def size(mail: Mail) -> Iterator[Fault]:
    weight = len(mail.html.encode())
    if weight <= NEAR:
        return
    largest = sorted(mail.blocks, key=lambda block: -block.bytes)[:3]
    costs = ", ".join(f"{block.name} {block.bytes / 1000:.1f} KB" for block in largest)
    over = "are over the 102,400 after which Gmail clips" if weight > CLIPPED else "are near the 102,400 of Gmail"
    told = f"{weight:,} bytes of HTML {over}" + (f"; the largest blocks: {costs}" if costs else "")
    yield Fault(told, mail.where, "error" if weight > CLIPPED else "warn")


RULES = (size,)
