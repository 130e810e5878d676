"""What follows from the ontology: who speaks for whom, and what is said inside what.

The rules are those of OWL 2 RL that the ontology uses. A test compares their result with the
full OWL 2 RL closure, so a construct that needs another rule fails there.
"""

from collections.abc import Iterator

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from communique.dataset import Term, graph_iri, select, union
from communique.namespaces import PREFIXES

INFERRED = graph_iri("inferred")
_TYPE = NamedNode(PREFIXES["rdf"] + "type")

_RULES = (
    "{ ?x a ?d } WHERE { ?x a ?c . ?c rdfs:subClassOf ?d . FILTER isIRI(?d) }",
    "{ ?x ?q ?y } WHERE { ?p rdfs:subPropertyOf ?q . ?x ?p ?y . FILTER isIRI(?q) }",
    "{ ?x a ?c } WHERE { ?p rdfs:domain ?c . ?x ?p ?y . FILTER isIRI(?c) }",
    "{ ?y a ?c } WHERE { ?p rdfs:range ?c . ?x ?p ?y . FILTER(isIRI(?c) && isIRI(?y)) }",
    "{ ?y ?p ?x } WHERE { ?p a owl:SymmetricProperty . ?x ?p ?y }",
    "{ ?x ?p ?z } WHERE { ?p a owl:TransitiveProperty . ?x ?p ?y . ?y ?p ?z }",
)
_CHAINS = """
SELECT ?property ?list WHERE { ?property owl:propertyChainAxiom ?list . FILTER isIRI(?property) }
"""
_LISTS = "SELECT ?node ?first ?rest WHERE { ?node rdf:first ?first ; rdf:rest ?rest }"


def add_inferred(store: Store) -> None:
    """Add to graph:inferred what the other graphs entail and do not say."""
    store.extend(inferred(store))


def inferred(store: Store) -> list[Quad]:
    """Return the entailed statements in our own words, as quads of graph:inferred."""
    known = union(store)
    closed = _closure(known)
    return [
        Quad(q.subject, q.predicate, q.object, INFERRED)
        for q in closed.quads_for_pattern(None, None, None)
        if _kept(q) and Quad(q.subject, q.predicate, q.object) not in known
    ]


def _closure(known: Store) -> Store:
    work = Store()
    work.extend(known.quads_for_pattern(None, None, None, DefaultGraph()))
    rules = [f"INSERT {rule}" for rule in (*_RULES, *_chain_rules(work))]
    size = -1
    while size != len(work):
        size = len(work)
        for rule in rules:
            work.update(rule, prefixes=PREFIXES)
    return work


def _chain_rules(work: Store) -> Iterator[str]:
    for row in select(work, _CHAINS):
        links = "/".join(str(link) for link in _members(work, row["list"]))
        yield f"{{ ?x {row['property']} ?y }} WHERE {{ ?x {links} ?y }}"


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
