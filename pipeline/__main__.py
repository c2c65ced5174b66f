"""``python -m pipeline``, and the command ``pipeline``."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # signal itself takes milliseconds, and Ctrl-C would show a traceback
import gc
import os


def main() -> None:
    """Run the command line in a process of its own.

    The engines' imports make tens of thousands of objects that stay to the end. Looking for garbage among them takes
    a fifth of a cold build, half of it when the process ends.
    """
    # Before there is a command and after it, Ctrl-C just ends the process: there is nothing to tell, nor to tidy up.
    interrupt = _on_interrupt(_signal.SIG_DFL)
    _open_closed_streams()
    gc.set_threshold(5_000, 10, 10)
    from pipeline import cli

    try:
        _on_interrupt(interrupt)
        cli.main()
    finally:
        _on_interrupt(_signal.SIG_DFL)
        gc.freeze()


def _on_interrupt(handler: object) -> object:
    """Set what Ctrl-C does, and give what it did; but who is started to ignore it, as by ``nohup``, ignores it."""
    before = _signal.getsignal(_signal.SIGINT)
    if before != _signal.SIG_IGN:
        _signal.signal(_signal.SIGINT, handler)
    return before


def _open_closed_streams() -> None:
    """Where cron has closed a standard stream, the next file that is opened would get its number, and its writes."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


if __name__ == "__main__":
    main()
