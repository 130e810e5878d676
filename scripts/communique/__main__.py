"""Lets `python -m communique` do what the `communique` command does."""

from communique.cli import main

if __name__ == "__main__":
    main()
