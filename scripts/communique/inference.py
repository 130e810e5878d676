"""What follows from the ontology: who speaks for whom, and what is said inside what.

The rules are those of OWL 2 RL that the ontology uses. A test compares their result with the
full OWL 2 RL closure, so a construct that needs another rule fails there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyoxigraph import NamedNode, Quad, QueryTriples, Store

from communique.dataset import Term, graph_iri, queried, select
from communique.namespaces import PREFIXES

INFERRED = graph_iri("inferred")
_TYPE = NamedNode(PREFIXES["rdf"] + "type")

_RULES = (
    ("?from rdfs:subClassOf ?to", "?x a {from}", "?x a {to}"),
    ("?from rdfs:subPropertyOf ?to", "?x {from} ?y", "?x {to} ?y"),
    ("?from rdfs:domain ?to", "?x {from} ?any", "?x a {to}"),
    ("?from rdfs:range ?to", "?any {from} ?x FILTER isIRI(?x)", "?x a {to}"),
    ("?from a owl:SymmetricProperty", "?x {from} ?y", "?y {from} ?x"),
    ("?from a owl:TransitiveProperty", "?x {from} ?any . ?any {from} ?y", "?x {from} ?y"),
)
"""What the ontology says, what then is looked for, and what follows from it."""
_CHAINS = """
SELECT ?property ?list WHERE { ?property owl:propertyChainAxiom ?list . FILTER isIRI(?property) }
"""
_LISTS = "SELECT ?node ?first ?rest WHERE { ?node rdf:first ?first ; rdf:rest ?rest }"


@dataclass(frozen=True)
class _Rule:
    """A rule for some terms of the ontology: from what it infers, to what, and how."""

    sources: frozenset[str]
    target: str
    sparql: str


def add_inferred(store: Store) -> None:
    """Add to graph:inferred what the other graphs entail and do not say."""
    store.extend(inferred(store))


def inferred(store: Store) -> list[Quad]:
    """Return the entailed statements in our own words, as quads of graph:inferred."""
    work = Store()
    for graph in queried(store):
        quads = store.quads_for_pattern(None, None, None, graph)
        work.extend(Quad(q.subject, q.predicate, q.object) for q in quads)
    return [Quad(q.subject, q.predicate, q.object, INFERRED) for q in _closing(work) if _kept(q)]


def _closing(work: Store) -> Iterator[Quad]:
    """Add what follows, and yield it; a rule is asked again only when there is more to it."""
    asked = set[_Rule]()
    while fresh := [rule for rule in _rules(work) if rule not in asked]:
        asked.update(fresh)
        waiting = dict.fromkeys(fresh)
        while waiting:
            rule = next(iter(waiting))
            del waiting[rule]
            found = _following(work, rule)
            if found:
                work.extend(found)
                yield from found
                waiting |= dict.fromkeys(each for each in asked if rule.target in each.sources)


def _following(work: Store, rule: _Rule) -> list[Quad]:
    answer = work.query(rule.sparql, prefixes=PREFIXES)
    if not isinstance(answer, QueryTriples):
        raise TypeError(rule.sparql)
    return [Quad(each.subject, each.predicate, each.object) for each in set(answer)]


def _rules(work: Store) -> Iterator[_Rule]:
    """Apply the rules to what the ontology says."""
    for said, given, entailed in _RULES:
        for row in select(work, f"SELECT * {{ {said} }}"):
            if not all(isinstance(term, NamedNode) for term in row.values()):
                continue
            terms = {name: str(term) for name, term in row.items()}
            yield _rule([terms["from"]], given.format(**terms), entailed.format(**terms))
    for row in select(work, _CHAINS):
        links = [str(link) for link in _members(work, row["list"])]
        yield _rule(links, f"?x {'/'.join(links)} ?y", f"?x {row['property']} ?y")


def _rule(sources: Iterable[str], given: str, entailed: str) -> _Rule:
    _, predicate, value = entailed.split(" ")
    target = value if predicate == "a" else predicate
    construct = f"CONSTRUCT {{ {entailed} }} WHERE {{ {given} "
    return _Rule(frozenset(sources), target, f"{construct} FILTER NOT EXISTS {{ {entailed} }} }}")


def _members(work: Store, head: Term) -> Iterator[Term]:
    said = {row["node"]: row for row in select(work, _LISTS)}
    while head in said:
        yield said[head]["first"]
        head = said[head]["rest"]


def _kept(quad: Quad) -> bool:
    """Tell whether a statement is in our own words and says something."""
    word = quad.object if quad.predicate == _TYPE else quad.predicate
    ours = isinstance(word, NamedNode) and word.value.startswith(PREFIXES["cmq"])
    return ours and isinstance(quad.subject, NamedNode) and quad.subject != quad.object
