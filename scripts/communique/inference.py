"""What follows from the ontology: who speaks for whom, and what is said inside what.

The rules are those of OWL 2 RL that the ontology uses. A test compares their result with the
full OWL 2 RL closure, so a construct that needs another rule fails there.

What the ontology says becomes one query for each thing that it says: all things of this class are
of that one, too. A query finds what is new, in memory or on disk, and is asked again only when what
it starts from has grown. What nothing in our own words can come of is not derived, nor what no
one asks for.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store

from communique.dataset import Term, graph_iri, queried, rows_of
from communique.namespaces import PREFIXES

INFERRED = graph_iri("inferred")
STEPS = NamedNode("urn:communique:steps")
"""The graph of what follows and is only a step to something else, while that is worked out."""
_OWL, _RDF, _RDFS = PREFIXES["owl"], PREFIXES["rdf"], PREFIXES["rdfs"]
_TYPE = f"{_RDF}type"
_PREFIXES = {name: PREFIXES[name] for name in ("owl", "rdf", "rdfs")}
_AT_ONCE = 50_000
"""Statements that are added in memory; more are written to files first."""

_CHAINS = """
SELECT DISTINCT ?property ?list ?node ?first ?rest WHERE {
  ?property owl:propertyChainAxiom ?list . FILTER isIRI(?property)
  ?list rdf:rest* ?node . ?node rdf:first ?first ; rdf:rest ?rest .
}
"""
_SCHEMA = frozenset(
    [
        *(_RDFS + name for name in ("domain", "range", "subClassOf", "subPropertyOf")),
        *(_RDF + name for name in ("first", "rest")),
        *(_OWL + name for name in ("SymmetricProperty", "TransitiveProperty")),
        f"{_OWL}propertyChainAxiom",
    ]
)
"""The words of which the rules themselves are made."""


class _Rule(NamedTuple):
    """One thing that the ontology says, as a query: what it derives, and from what."""

    head: tuple[str, str, str]
    """Subject, predicate and object: variables or terms."""
    body: str
    premises: frozenset[str]
    """The properties, and the classes of things, that it starts from."""

    @property
    def derives(self) -> str:
        """The class of things, or else the property."""
        _, predicate, object_ = self.head
        return (object_ if predicate == "a" else predicate).strip("<>")

    def query(self) -> str:
        """Return what asks for what it derives and is not known."""
        subject, predicate, object_ = self.head
        variables = " ".join(term for term in (subject, object_) if term.startswith("?"))
        known = f"{subject} {predicate} {object_}"
        return f"SELECT {variables} WHERE {{ {self.body} FILTER NOT EXISTS {{ {known} }} }}"


def add_inferred(store: Store) -> None:
    """Add to graph:inferred what the other graphs entail and do not say."""
    store.extend(inferred(store))


def inferred(store: Store) -> list[Quad]:
    """Return the entailed statements in our own words, as quads of graph:inferred."""
    seen = Store()
    for graph in queried(store):
        quads = store.quads_for_pattern(None, None, None, graph)
        seen.extend(Quad(q.subject, q.predicate, q.object) for q in quads)
    entail(seen)
    return list(seen.quads_for_pattern(None, None, None, INFERRED))


def entail(seen: Store, *, graphs: bool = True, words: frozenset[str] | None = None) -> None:
    """Add what follows to what questions see, the default graph; with `graphs`, by name, too.

    With `words`, no more than what says something in these properties and classes.
    """
    due = rules = _needed(_rules(seen), words)
    while due:
        grown = {rule.derives for rule in due if _apply(rule, seen, graphs=graphs)}
        known = set(rules)
        rules = _needed(_rules(seen), words) if _touches(_SCHEMA, grown) else rules
        due = [rule for rule in rules if rule not in known or _touches(rule.premises, grown)]
    seen.remove_graph(STEPS)


def compositions(seen: Store) -> Iterator[tuple[frozenset[str], ...]]:
    """Yield from which statements in a row another follows: by each link, the predicates of it."""
    above = defaultdict[str, set[str]](set)
    for lower, higher in _properties(seen, f"{_RDFS}subPropertyOf"):
        above[lower.value].add(higher.value)
    transitive = _properties(seen, _TYPE, f"{_OWL}TransitiveProperty")
    chains = [*((each, each) for each, _ in transitive), *(links for _, links in _chains(seen))]
    for links in chains:
        yield tuple(_of(link.value, above) for link in links)


def _of(predicate: str, above: Mapping[str, set[str]]) -> frozenset[str]:
    """Return a predicate and all those of which it follows."""
    found, size = {predicate}, 0
    while size != len(found):
        size = len(found)
        found |= {lower for lower, higher in above.items() if higher & found}
    return frozenset(found)


def _touches(premises: frozenset[str], grown: set[str]) -> bool:
    """Tell whether there is more of what a rule starts from; any class may be meant by `a`."""
    return bool(premises & grown) or bool(grown and _TYPE in premises | grown)


def _apply(rule: _Rule, seen: Store, *, graphs: bool) -> bool:
    """Add what a rule derives; tell whether there was anything."""
    new = _derived(rule, seen, graphs=graphs)
    some = False
    while first := list(islice(new, _AT_ONCE)):
        some = True
        if len(first) < _AT_ONCE:
            seen.extend(first)
        else:
            seen.bulk_extend(first)
    return some


def _derived(rule: _Rule, seen: Store, *, graphs: bool) -> Iterator[Quad]:
    """Yield what is new by a rule: where questions see it, or else among the steps."""
    predicate = NamedNode(_TYPE if rule.head[1] == "a" else rule.head[1].strip("<>"))
    for row in _ask(seen, rule.query()):
        subject, object_ = (
            row[term[1:]] if term.startswith("?") else NamedNode(term.strip("<>"))
            for term in (rule.head[0], rule.head[2])
        )
        if isinstance(subject, Literal):
            continue
        if not _is_kept(subject, predicate, object_):
            yield Quad(subject, predicate, object_, STEPS)
            continue
        yield Quad(subject, predicate, object_)
        if graphs:
            yield Quad(subject, predicate, object_, INFERRED)


def _is_kept(subject: Term, predicate: NamedNode, object_: Term) -> bool:
    """Tell whether a statement is in our own words and says something."""
    word = object_ if predicate.value == _TYPE else predicate
    ours = isinstance(word, NamedNode) and word.value.startswith(PREFIXES["cmq"])
    return ours and isinstance(subject, NamedNode) and subject != object_


def _rules(seen: Store) -> Iterator[_Rule]:
    """Yield a rule for each thing that the ontology says."""
    for lower, higher in _said(seen, f"{_RDFS}subClassOf"):
        yield _above(lower, higher)
    for lower, higher in _properties(seen, f"{_RDFS}subPropertyOf"):
        yield _rule(("?x", str(higher), "?y"), f"?x {lower} ?y", lower)
    for each, class_ in _properties(seen, f"{_RDFS}domain"):
        yield _rule(("?x", "a", str(class_)), f"?x {each} ?y", each)
    for each, class_ in _properties(seen, f"{_RDFS}range"):
        yield _rule(("?y", "a", str(class_)), f"?x {each} ?y . FILTER isIRI(?y)", each)
    for each, _ in _properties(seen, _TYPE, f"{_OWL}SymmetricProperty"):
        yield _rule(("?y", str(each), "?x"), f"?x {each} ?y", each)
    for each, _ in _properties(seen, _TYPE, f"{_OWL}TransitiveProperty"):
        yield _rule(("?x", str(each), "?z"), f"?x {each} ?y . ?y {each} ?z", each)
    for property_, links in _chains(seen):
        path = "/".join(map(str, links))
        yield _rule(("?x", str(property_), "?y"), f"?x {path} ?y", *links)


def _rule(head: tuple[str, str, str], body: str, *premises: Term) -> _Rule:
    return _Rule(head, body, frozenset(term.value for term in premises))


def _above(lower: Term, higher: Term) -> _Rule:
    """Return the rule that what is of one class is of another; a class may have no name."""
    head = ("?x", "a", str(higher))
    if not isinstance(lower, BlankNode):
        return _rule(head, f"?x a {lower}", lower)
    body = f"?x a ?lower . ?lower rdfs:subClassOf {higher} . FILTER isBlank(?lower)"
    return _rule(head, body, NamedNode(_TYPE), NamedNode(f"{_RDFS}subClassOf"))


def _chains(seen: Store) -> Iterator[tuple[Term, list[Term]]]:
    """Yield the properties that are chains of others, each with its links."""
    cells = defaultdict[tuple[Term, Term], dict[Term, tuple[Term, Term]]](dict)
    for row in _ask(seen, _CHAINS):
        cells[row["property"], row["list"]][row["node"]] = row["first"], row["rest"]
    for (property_, head), rest in cells.items():
        links, node = list[Term](), head
        while node in rest:
            first, node = rest.pop(node)
            links.append(first)
        if all(isinstance(link, NamedNode) for link in links):
            yield property_, links


def _needed(rules: Iterable[_Rule], words: frozenset[str] | None) -> list[_Rule]:
    """Leave out the rules of which nothing in our own words can come, or in some of them."""
    left, needed = list(rules), list[_Rule]()
    derived = {rule.derives for rule in left if rule.derives.startswith(PREFIXES["cmq"])}
    wanted = _SCHEMA | (derived if words is None else derived & words)
    while found := [rule for rule in left if _is_wanted(rule, wanted)]:
        needed += found
        left = [rule for rule in left if not _is_wanted(rule, wanted)]
        wanted = wanted.union(*(rule.premises for rule in found))
    return needed


def _is_wanted(rule: _Rule, wanted: frozenset[str]) -> bool:
    is_of_class = rule.head[1] == "a" and _TYPE in wanted
    return rule.derives == _TYPE or is_of_class or rule.derives in wanted


def _properties(
    seen: Store, word: str, kind: str | None = None
) -> Iterator[tuple[NamedNode, NamedNode]]:
    """Yield what a word says of properties, both with a name; with a kind, those of that kind."""
    for subject, object_ in _said(seen, word, NamedNode(kind) if kind else None):
        if isinstance(subject, NamedNode):
            yield subject, object_


def _said(
    seen: Store, word: str, kind: NamedNode | None = None
) -> Iterator[tuple[NamedNode | BlankNode, NamedNode]]:
    """Yield what a word says of anything, if that has a name, each once."""
    found = dict[tuple[NamedNode | BlankNode, NamedNode], None]()
    for graph in _graphs(seen):
        for quad in seen.quads_for_pattern(None, NamedNode(word), kind, graph):
            subject, object_ = quad.subject, quad.object
            if isinstance(subject, NamedNode | BlankNode) and isinstance(object_, NamedNode):
                found[subject, object_] = None
    yield from found


def _ask(seen: Store, sparql: str) -> Iterator[dict[str, Term]]:
    """Yield the rows of a query over what is known, and over the steps."""
    return rows_of(seen.query(sparql, prefixes=_PREFIXES, default_graph=[*_graphs(seen)]))


def _graphs(seen: Store) -> Iterator[NamedNode | DefaultGraph]:
    """Yield the graphs of what is known, and of the steps if there are any."""
    yield DefaultGraph()
    if seen.contains_named_graph(STEPS):
        yield STEPS
