"""The hashes of many addresses -> one value, cut up by the database itself.

A statement with thousands of values takes longer to make than to answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import LargeBinary, bindparam, func, literal_column, select

from pipeline.audience.suppression import HASH_BYTES

_places = select(literal_column("0").label("at")).cte("places", recursive=True)
_places = _places.union_all(select(_places.c.at + 1).where(_places.c.at + 1 < bindparam("count")))
_cut = func.substr(bindparam("hashes", type_=LargeBinary), _places.c.at * HASH_BYTES + 1, HASH_BYTES, type_=LargeBinary)
# A table of one column, ``hash``, for statements that are executed with the values ``of`` hashes.
asked = select(_cut.label("hash")).cte("asked")


def of(hashes: Sequence[bytes]) -> dict[str, Any]:
    return {"hashes": b"".join(hashes), "count": len(hashes)}
