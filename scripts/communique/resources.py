"""Where the project's own folders are: in the installed package, else in the checkout."""

from pathlib import Path


def root() -> Path:
    """Return the folder that holds ontology, data, shapes and queries."""
    packaged = Path(__file__).parent
    return packaged if (packaged / "ontology").is_dir() else packaged.parents[1]
