"""Runs the command: as `communique`, and as `python -m communique`."""

import atexit
import gc
import sys

_MANY = 50_000
"""More objects than a question leaves behind; Python looks for garbage at every 700."""


def keep_all() -> None:
    """Do not look for garbage: what a process loads is needed till its end, and goes with it."""
    gc.set_threshold(_MANY)
    atexit.register(gc.freeze)


def main() -> None:
    """Run the command."""
    keep_all()
    words = sys.argv[1:]
    if words[:1] == ["validate"] and not {"-h", "--help"}.intersection(words):
        from communique import confined

        confined.start_ahead("communique.scope")  # it loads while this process does
    from communique.cli import main as command

    command()


if __name__ == "__main__":
    main()
