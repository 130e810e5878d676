"""Where the project's own folders are: in the installed package, else in the checkout."""

import re
from pathlib import Path

FOLDERS = ("ontology", "data", "shapes", "queries")
"""What a project is made of."""
TESTED = (*FOLDERS, "tests")
"""The same, with its tests: where files are kept that a command may name or write."""


def root() -> Path:
    """Return the folder that holds ontology, data, shapes and queries."""
    packaged = Path(__file__).parent
    return packaged if (packaged / "ontology").is_dir() else packaged.parents[1]


def project() -> Path:
    """Return the project in the current folder, or else the one that is installed."""
    here = Path.cwd()
    return here if all((here / name).is_dir() for name in FOLDERS) else root()


def answers(root: Path) -> Path:
    """Return the folder of the stored answers of a project."""
    return root / "tests" / "answers"


def version() -> str:
    """Return the one version of vocabulary, data and tool: what the ontology says it is."""
    text = (root() / "ontology" / "communique.ttl").read_text(encoding="utf-8")
    found = re.search(r'owl:versionInfo "([^"]+)"', text)
    return found[1] if found else "unknown"
