"""The thing that a person means: by an IRI, a prefixed name, an id, or what it is called."""

import re
from collections.abc import Iterable, Iterator, Sequence

from pyoxigraph import NamedNode, Store

from communique.dataset import select
from communique.errors import CommuniqueError
from communique.lines import visible
from communique.names import is_described
from communique.namespaces import BASE, PREFIXES, expand, shrink
from communique.naming import Names, Thing, meant, names_in

_DESCRIBED = "SELECT DISTINCT ?thing WHERE { ?thing ?p ?o . FILTER isIRI(?thing) }"
_PASSAGES = "SELECT DISTINCT * WHERE { ?thing a cmq:Passage ; dcterms:identifier ?identifier }"
_SPANS = """
SELECT DISTINCT ?thing ?identifier ?start ?end WHERE {
  ?thing cmq:within/dcterms:identifier ?identifier ; oa:start ?start ; oa:end ?end .
}
"""
_THING = f"{BASE}id/"
_FINDING = PREFIXES["cmq"] + "Finding"


def find(store: Store, given: str) -> NamedNode:
    """Return the one thing that is meant; several or none are an error with the closest names.

    A thing goes before a term of the same name, and either before a finding.
    """
    bare = given.strip().removeprefix("<").removesuffix(">")
    iri = bare if bare.startswith(("http:", "https:")) else expand(bare)
    if iri and is_described(store, iri):
        return NamedNode(iri)
    known = {row["thing"].value for row in select(store, _DESCRIBED)}
    ranks = list(_ranks(names_in(store), known))
    called = next(filter(None, (meant(bare, rank) for rank in ranks)), [])
    found = sorted(each.iri for each in called) or _identified(store, bare)
    if len(found) == 1:
        return NamedNode(found[0])
    name = visible(given[:100]) or "no name"
    if found:
        which = ", ".join(map(shrink, found))
        raise CommuniqueError(f"{name}: several things are called so. Give one of {which}")
    near = _near(bare, _called(ranks), known)
    hint = f"Did you mean {' or '.join(near)}?" if near else "Give an id or a label"
    raise CommuniqueError(f"{name}: no such thing. {hint}")


Named = dict[str, list[tuple[int, str, str]]]
"""By a name in lower case: how good a name it is, what it names, and the name as it is."""


def _identified(store: Store, name: str) -> list[str]:
    """Return passages by their numbers, such as S4, and spans by their places: S4 463-531."""
    identifier, *place = re.split(r"[\s-]+", name, maxsplit=2)
    if len(place) not in {0, 2} or not all(each.isdecimal() for each in place):
        return []
    sought = _SPANS if place else _PASSAGES
    return sorted(
        row["thing"].value
        for row in select(store, sought)
        if row["identifier"].value.casefold() == identifier.casefold()
        and [row[each].value for each in ("start", "end")[: len(place)]] == place
    )


def _ranks(names: Names, known: set[str]) -> Iterator[list[Thing]]:
    """Yield things, then terms, then findings."""
    findings = names.of_class(_FINDING) & known
    things = {iri for iri in known if iri.startswith(_THING)} - findings
    for iris in (things, known - things - findings, findings):
        yield names.things(iris)


def _called(ranks: Sequence[Iterable[Thing]]) -> Named:
    found: Named = {}
    for rank, things in enumerate(ranks):
        for thing in things:
            for less, names in enumerate((thing.labels, thing.others)):
                for name in names:
                    named = (2 * rank + less, thing.iri, name)
                    found.setdefault(name.casefold(), []).append(named)
    return found


def _near(name: str, called: Named, known: set[str]) -> list[str]:
    """Return up to three names that are like this one, or hold it as a word."""
    import difflib

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
