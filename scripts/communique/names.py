"""Names of ours that nothing describes: a slip of a letter is what empties most answers."""

import difflib
import re

from pyoxigraph import DefaultGraph, NamedNode, Store

from communique.errors import CommuniqueError
from communique.namespaces import BASE, PREFIXES, expand, shrink

TERMS = (PREFIXES["cmq"], PREFIXES["cmqv"])
_OURS = (f"{BASE}id/", *TERMS)


def described(union: Store) -> set[str]:
    """Return the IRIs of the things and terms of ours that some file describes."""
    quads = union.quads_for_pattern(None, None, None, DefaultGraph())
    subjects = {q.subject.value for q in quads if isinstance(q.subject, NamedNode)}
    return {iri for iri in subjects if iri.startswith(_OURS)}


def closest(iri: str, known: set[str]) -> str:
    """Return the closest name in the same namespace that something describes, or nothing."""
    space = _space(iri)
    locals_ = [each.removeprefix(space) for each in known if _space(each) == space]
    near = difflib.get_close_matches(iri.removeprefix(space), sorted(locals_), n=1)
    return shrink(space + near[0]) if near else ""


def refuse_unknown(union: Store, words: str, *, where: str) -> None:
    """Refuse a query that names a thing or a term of ours that nothing describes."""
    known = described(union)
    names = re.findall(r"(?<![\w?$@:-])([A-Za-z][\w-]*:[\w-]+)", words)
    for iri in sorted({found for name in names if (found := expand(name))}):
        if iri.startswith(_OURS) and iri not in known:
            near = closest(iri, known)
            help_ = f"Did you mean {near}?" if near else "Check its spelling"
            raise CommuniqueError(f"{where}: nothing describes {shrink(iri)}. {help_}")


def _space(iri: str) -> str:
    return iri[: max(iri.rfind("/"), iri.rfind("#")) + 1]
