"""Writes pipeline/clients/caniemail.json and the licence notices beside it from npm's package ``caniemail``.

Run it when there is a new one:

    npm pack caniemail && tar xf caniemail-*.tgz && python tests/clients/renew.py package

Only what the pipeline reads is kept: of each feature its names and notes, and of each client the newest version's
support, in the order of ``clients``. The package has the versions from the oldest to the newest.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[2] / "pipeline" / "clients"

# The package has the data without the notice of the project that it is from.
DATA_NOTICE = """\
caniemail.json is made from the data of Can I email, https://www.caniemail.com, as it is published in the npm package
`caniemail`. Here are the licences of the data and of the package.

The data (https://github.com/hteumeuleu/caniemail):

MIT License

Copyright (c) 2019 HTeuMeuLeu

{terms}

The package (https://github.com/shellscape/caniemail):

{package}"""


def newest(feature: dict[str, Any]) -> dict[str, str]:
    """Each client with its newest version's support, such as ``a #1 #2``."""
    return {
        f"{family}.{platform}": list(versions.values())[-1]
        for family, platforms in feature["stats"].items()
        for platform, versions in platforms.items()
        if versions
    }


def reduced(feature: dict[str, Any], clients: list[str]) -> dict[str, Any]:
    support = newest(feature)
    return {
        "title": feature["title"].strip(),
        "category": feature["category"],
        "tested": feature["last_test_date"],
        "support": ",".join(support.get(client, "u") for client in clients),
        "notes": feature["notes_by_num"] or {},
    }


def main(package: Path) -> None:
    facts = json.loads((package / "package.json").read_text("utf-8"))
    source = json.loads((package / "data" / "caniemail.json").read_text("utf-8"))
    clients = sorted({client for feature in source["data"] for client in newest(feature)})
    names = source["nicenames"]["family"] | source["nicenames"]["platform"]
    data = {
        "package": facts["name"],
        "version": facts["version"],
        "date": source["last_update_date"][:10],
        "license": f"{facts['license']}, see caniemail.LICENSE.txt",
        "made_by": "tests/clients/renew.py",
        "clients": clients,
        "names": {part: names[part] for part in sorted({part for client in clients for part in client.split(".")})},
        "features": {feature["slug"]: reduced(feature, clients) for feature in source["data"]},
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace('},"', '},\n"')
    (TARGET / "caniemail.json").write_text(f"{text}\n", "utf-8")
    license = (package / "LICENSE").read_text("utf-8")
    terms = license[license.index("Permission is hereby") :].strip()
    (TARGET / "caniemail.LICENSE.txt").write_text(DATA_NOTICE.format(terms=terms, package=license), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
