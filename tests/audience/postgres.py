"""A PostgreSQL server of the tests' own: Debian's programs, a new cluster, nobody listening but on a socket."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# What may be lost in a power cut, a test may lose.
FAST = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200")


def programs() -> Path | None:
    """The folder with the newest PostgreSQL's programs."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not found and (path := shutil.which("initdb")):
        found = [Path(path).parent]
    return max(found, key=lambda path: path.as_posix(), default=None)


def _user() -> str | None:
    """Whom the server runs as: it refuses to be root's."""
    if os.getuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def running(folder: Path, settings: Sequence[str] = FAST) -> Iterator[str]:
    """The URL of its database postgres, as long as the block lasts. Its log is in the folder."""
    found, user = programs(), _user()
    assert found
    # A socket's path has to be short, and other users have to get there.
    home = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        if user:
            shutil.chown(home, user)
        data, options = home / "data", {"user": user, "group": pwd.getpwnam(user).pw_gid} if user else {}
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(home)}
        making = [found / "initdb", "--no-sync", "--auth=trust", "--username=test", "--encoding=UTF8", "-D", data]
        subprocess.run(making, check=True, cwd=home, env=environment, stdout=subprocess.DEVNULL, **options)
        serving = [found / "postgres", "-D", data, "-k", home, "-c", "listen_addresses=", *settings]
        with (folder / "postgres.log").open("wb") as log:
            server = subprocess.Popen(serving, cwd=home, env=environment, stdout=log, stderr=log, **options)
            try:
                _wait(found, home, server)
                yield f"postgresql://test@/postgres?host={home}"
            finally:
                server.send_signal(signal.SIGINT)  # without waiting for whoever is still connected
                server.wait(30)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _wait(found: Path, home: Path, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, "PostgreSQL has ended"
        asking = [found / "pg_isready", "-q", "-h", home, "-U", "test", "-d", "postgres"]
        if subprocess.run(asking, cwd=home).returncode == 0:
            return
        time.sleep(0.1)
    raise AssertionError("PostgreSQL doesn't answer")
