"""The thing that a person means: by an IRI, a prefixed name, an id, or what it is called."""

import difflib
import re
from collections.abc import Iterable

from pyoxigraph import NamedNode, Store

from communique.dataset import select
from communique.errors import CommuniqueError
from communique.labels import visible
from communique.namespaces import BASE, expand, shrink

_CALLED = """
SELECT DISTINCT ?thing ?name ?rank ?aside WHERE {
  { ?thing rdfs:label|skos:prefLabel ?name . BIND(0 AS ?rank) }
  UNION { ?thing skos:altLabel ?name . BIND(1 AS ?rank) }
  FILTER isIRI(?thing)
  BIND(IF(EXISTS { ?thing a cmq:Finding }, 4, 0) AS ?aside)
}
"""
_DESCRIBED = "SELECT DISTINCT ?thing WHERE { ?thing ?p ?o . FILTER isIRI(?thing) }"
_THING = f"{BASE}id/"


def find(store: Store, given: str) -> NamedNode:
    """Return the one thing that is meant; several or none are an error with the closest names.

    A thing goes before a term of the same name, what it is called first before its other names.
    """
    known = {row["thing"].value for row in select(store, _DESCRIBED)}
    bare = given.strip().removeprefix("<").removesuffix(">")
    iri = bare if bare.startswith(("http:", "https:")) else expand(bare)
    if iri in known:
        return NamedNode(iri)
    called = _called(store)
    meant = _best(called.get(bare.casefold(), [])) or _local(bare, known)
    if len(meant) == 1:
        return NamedNode(meant[0])
    name = visible(given[:100]) or "no name"
    if meant:
        raise CommuniqueError(
            f"{name}: several things are called so. Give one of {', '.join(map(shrink, meant))}"
        )
    near = _near(bare, called, known)
    hint = f"Did you mean {' or '.join(near)}?" if near else "Give an id or a label"
    raise CommuniqueError(f"{name}: no such thing. {hint}")


Named = dict[str, list[tuple[int, str, str]]]
"""By a name in lower case: how good a name it is, what it names, and the name as it is."""


def _called(store: Store) -> Named:
    found: Named = {}
    for row in select(store, _CALLED):
        iri, name = row["thing"].value, row["name"].value
        rank = int(row["rank"].value) + int(row["aside"].value)
        rank += 0 if iri.startswith(_THING) else 2
        found.setdefault(name.casefold(), []).append((rank, iri, name))
    return found


def _best(found: Iterable[tuple[int, str, str]]) -> list[str]:
    ranked = sorted(found)
    return sorted({iri for rank, iri, _ in ranked if rank == ranked[0][0]})


def _local(name: str, known: set[str]) -> list[str]:
    """Return the things of this local name, such as u009."""
    plain = re.fullmatch(r"[\w-]+", name)
    return sorted(i for i in known if plain and i.startswith(_THING) and i.endswith(f"/{name}"))


def _near(name: str, called: Named, known: set[str]) -> list[str]:
    """Return up to three names that are like this one, or hold it as a word."""
    if not name:
        return []
    if ":" in name:
        return difflib.get_close_matches(name, sorted(map(shrink, known)), n=3)
    word = re.compile(rf"\b{re.escape(name.casefold())}\b")
    holding = [
        (min(found)[0], len(each), each) for each, found in called.items() if word.search(each)
    ]
    near = difflib.get_close_matches(name.casefold(), sorted(called), n=3, cutoff=0.75)
    chosen = dict.fromkeys([*near, *(each for *_, each in sorted(holding))])
    return [f"{best[2]} ({shrink(best[1])})" for best in (min(called[each]) for each in chosen)][:3]
