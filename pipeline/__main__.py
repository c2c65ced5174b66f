"""``python -m pipeline``, and the command ``pipeline``."""

from __future__ import annotations

import gc

from pipeline import cli


def main() -> None:
    """Run the command line in a process of its own.

    The engines' imports make tens of thousands of objects that stay to the end. Looking for garbage among them takes
    a fifth of a cold build, half of it when the process ends.
    """
    gc.set_threshold(5_000, 10, 10)
    try:
        cli.main()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
