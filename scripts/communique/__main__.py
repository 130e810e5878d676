"""Runs the command: as `communique`, and as `python -m communique`."""

import gc

_MANY = 50_000
"""More objects than a question leaves behind; Python looks for garbage at every 700."""


def main() -> None:
    """Run the command. What it loads is no garbage, so that to look for some would cost in vain."""
    gc.set_threshold(_MANY)
    from communique.cli import main as command

    command()


if __name__ == "__main__":
    main()
