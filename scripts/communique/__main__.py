"""Runs the command: as `communique`, and as `python -m communique`."""

import atexit
import gc

MANY = 50_000
"""More objects than a question leaves behind; Python looks for garbage at every 700."""


def main() -> None:
    """Run the command, and do not look for garbage where there is none.

    What a command loads is needed till its end, and then goes with the process.
    """
    gc.set_threshold(MANY)
    atexit.register(gc.freeze)
    from communique.cli import main as command

    command()


if __name__ == "__main__":
    main()
