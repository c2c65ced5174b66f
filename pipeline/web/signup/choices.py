"""What readers can choose from, kept as articles and tracks come and go while the service runs."""

from __future__ import annotations

import logging
from dataclasses import replace

from pipeline.content import Library, reread_library, stamps
from pipeline.errors import PipelineError
from pipeline.web.signup.service import Offer, Service, offer_of

_log = logging.getLogger(__name__)


class Choices:
    """Made before its service, so that no change in between goes unnoticed."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._seen = stamps(library.folder)

    def look(self, service: Service) -> None:
        """Once a file has changed, the service offers what the files say now. Where they can't be read, it offers what
        it did: nobody knows which of that is gone."""
        seen = stamps(self._library.folder)
        changed = {path for path in seen.keys() | self._seen.keys() if seen.get(path) != self._seen.get(path)}
        if not changed:
            return
        try:
            self._library = reread_library(self._library, changed)
            service.offer = _offer(self._library, service.offer)
        except PipelineError as error:
            _log.warning("readers can choose from the same as before: %s", error)
        self._seen = seen


def _offer(library: Library, before: Offer) -> Offer:
    found = offer_of(library)
    for error in library.article_errors:
        _log.warning("readers can choose from the same topics as before, and new ones: %s", error)
    if not library.article_errors:
        return found
    there = {topic for topic, _ in found.topics}
    return replace(found, topics=(*found.topics, *(one for one in before.topics if one[0] not in there)))
