"""How often a reader would like a digest -> which editions are made for that reader. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, get_args

Rhythm = Literal["each", "weekly", "monthly"]
RHYTHMS: tuple[Rhythm, ...] = get_args(Rhythm)
# Somewhat less than a week and a month: editions come at their hour, a message is made when somebody makes it.
SHORTEST: Mapping[Rhythm, timedelta] = {"weekly": timedelta(days=6.5), "monthly": timedelta(days=27)}


def latest(edition_date: datetime) -> dict[Rhythm, datetime]:
    """By rhythm, when the last edition made for a reader has to have been, at the latest, for this one to fit."""
    return {rhythm: edition_date - shortest for rhythm, shortest in SHORTEST.items()}


def fits(
    rhythm: Rhythm, last_edition: str, last_edition_date: datetime | None, edition: str, edition_date: datetime
) -> bool:
    """Whether the edition is for a reader of this rhythm, given the newest one that was made for that reader.

    What was made once may be made again, so that a run that is taken up again makes the same.
    """
    if rhythm not in SHORTEST or last_edition_date is None or last_edition == edition:
        return True
    return last_edition_date <= edition_date - SHORTEST[rhythm]
