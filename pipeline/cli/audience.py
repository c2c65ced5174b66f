"""What the commands share that are about people: the store of the newsletter in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.audience.store import Store


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """The readers of the newsletter in this folder. Raises where there is none, or its database can't be used."""
    from pipeline import mime
    from pipeline.audience.store import open_store
    from pipeline.audience.tokens import Signer
    from pipeline.content import read_library
    from pipeline.settings import read_settings

    newsletter = read_library(folder).newsletter
    settings = read_settings(os.environ, folder)
    signer = Signer(settings.secrets, mime.list_id(newsletter))
    with open_store(settings.database_url, settings.secrets, lambda number: signer.sign("reader", number)) as store:
        yield store
