"""Diplomatic communications as linked data, and the tools that keep them valid."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

    from communique.api import Dataset

__all__ = ["load"]


def load(root: str | PathLike[str] | None = None) -> Dataset:
    """Return the dataset of a project, or the one that is installed, ready to be asked.

    >>> import communique
    >>> communique.load().query("demands", side="Kremlin").to_dicts()  # doctest: +SKIP
    """
    from pathlib import Path

    from communique import resources
    from communique.api import Dataset

    return Dataset(Path(root) if root else resources.root())
