"""``python -m pipeline``, and the command ``pipeline``."""

from __future__ import annotations

import gc
import os

from pipeline import cli


def main() -> None:
    """Run the command line in a process of its own.

    The engines' imports make tens of thousands of objects that stay to the end. Looking for garbage among them takes
    a fifth of a cold build, half of it when the process ends.
    """
    _open_closed_streams()
    gc.set_threshold(5_000, 10, 10)
    try:
        cli.main()
    finally:
        gc.freeze()


def _open_closed_streams() -> None:
    """Where cron has closed a standard stream, the next file that is opened would get its number, and its writes."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


if __name__ == "__main__":
    main()
