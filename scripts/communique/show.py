"""Everything about one thing, with who says so and where."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import cast

from pyoxigraph import DefaultGraph, NamedNode, Store

from communique.attribution import Attributions, Route
from communique.dataset import Term, seen, select
from communique.labels import Labels
from communique.namespaces import PREFIXES, shrink
from communique.sheets import Row, Section, Sheet, Value, render
from communique.things import find

TOLD = ("force", "placed as", "footing", "path", "position", "statement")

_KINDS = """
SELECT DISTINCT ?kind WHERE {
  ?thing a ?kind .
  FILTER NOT EXISTS { ?thing a ?other . ?other rdfs:subClassOf+ ?kind . FILTER(?other != ?kind) }
}
"""
_OWN = """
SELECT DISTINCT ?property ?value WHERE {
  GRAPH ?graph { ?thing ?property ?value }
  FILTER(?graph != graph:inferred && !isBlank(?value))
  FILTER(?property NOT IN (rdf:type, rdfs:label, skos:prefLabel, rdfs:isDefinedBy))
}
"""
_ACTUALITY = NamedNode(PREFIXES["cmq"] + "actuality")
_FOOTING = NamedNode(PREFIXES["cmq"] + "attribution")
_SAYING = """
SELECT DISTINCT ?act ?force ?saying WHERE {
  ?act ROLE ?thing ; cmq:force ?force ; cmq:content|cmq:relays ?saying .
}
"""
_CONVEYED = "SELECT DISTINCT ?act ?force WHERE { ?act cmq:content ?thing ; cmq:force ?force }"
_SAID_OF = """
SELECT DISTINCT ?matter ?role ?act ?force WHERE {
  VALUES ?role { ROLES }
  GRAPH ?graph { ?matter ?role ?thing }
  FILTER(?graph != graph:inferred)
  ?act cmq:content ?matter ; cmq:force ?force .
}
"""
_POSTS = """
SELECT DISTINCT ?membership ?post ?at WHERE {
  ?membership org:member ?thing ; cmq:post ?post .
  OPTIONAL { ?post org:postIn|org:reportsTo ?at }
}
"""
_WORDS = """
SELECT DISTINCT ?words ?sentence ?start ?end WHERE {
  ?span cmq:wordsOf ?thing ; cmq:quote ?words ; oa:start ?start ; oa:end ?end .
  ?span cmq:within/dcterms:identifier ?sentence .
} ORDER BY ?start
"""
_LINKS = """
SELECT DISTINCT ?other ?role ?act WHERE {
  GRAPH ?graph { ?other ?role ?thing }
  FILTER(?graph != graph:inferred && isIRI(?other))
  FILTER NOT EXISTS { ?other a cmq:Finding }
  OPTIONAL { ?act cmq:content ?other }
}
"""
_MENTIONS = """
SELECT ?how (COUNT(DISTINCT ?span) AS ?times) WHERE {
  ?span cmq:denotes ?thing ; cmq:designation ?how .
} GROUP BY ?how
"""
_FINDINGS = """
SELECT DISTINCT ?finding ?kind ?certainty ?reason ?by ?day WHERE {
  ?finding cmq:about|cmq:comparedWith ?thing ; cmq:kind ?kind .
  OPTIONAL { ?finding cmq:certainty ?certainty }
  OPTIONAL { ?finding rdfs:comment ?reason }
  OPTIONAL { ?finding prov:wasAttributedTo ?by }
  OPTIONAL { ?finding dcterms:date ?day }
}
"""
_ROLES = ("cmq:about", "cmq:agent", "cmq:beneficiary", "cmq:participant")
_TOLD_ELSEWHERE = {
    "cmq:addressee",
    "cmq:channel",
    "cmq:content",
    "cmq:denotes",
    "cmq:obligor",
    "cmq:voice",
    "cmq:wordsOf",
    "org:member",
    "prov:wasAttributedTo",
    "rdf:type",
    "rdfs:isDefinedBy",
    "skos:topConceptOf",
}
_PLAIN = {
    "rdfs:comment": "reason",
    "schema:sameAs": "same as",
    "skos:altLabel": "also called",
    "skos:notation": "code",
    "skos:scopeNote": "note",
}
_UNSAID = "Nobody says this outright. It stands inside what refers to it."
_TOLD_NOT_SO = (
    "The dataset asserts none of this. The voices above tell it, each with its force: an order, "
    "a demand or a proposal does not say that the thing is done."
)
_NOT_BOUND = (
    "What would bind it are undertakings that name it as the one who would have to act. Read the "
    "force: what is proposed, demanded or refused binds nobody, and what others agree on does not "
    "show that it consents."
)


def show(
    root: Path,
    name: str,
    *,
    form: str,
    on_disk: Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> str:
    """Tell everything about the thing of this id or label (see `dataset.seen`)."""
    with seen(root, on_disk, tell, graphs=True) as store:
        return render(about(store, find(store, name)), Labels(store), form=form)


def about(store: Store, thing: NamedNode) -> Sheet:
    """Gather what is told of a thing: what it is itself, who tells of it, and what is judged."""
    return _Gathering(store, thing).sheet()


class _Gathering:
    """What the sheet of one thing is made of."""

    def __init__(self, store: Store, thing: NamedNode) -> None:
        self._store = store
        self._thing = thing
        self._labels = Labels(store)
        self._attributions = Attributions(store)
        types = self._ask("SELECT DISTINCT ?kind WHERE { ?thing a ?kind }")
        self._types = {shrink(row["kind"].value) for row in types}

    def sheet(self) -> Sheet:
        """Put the sections together that have rows."""
        matter = self._is("cmq:Matter")
        told = {
            "Who says so": (TOLD, self._conveyed()),
            "As it is told" if matter else "Properties": (("property", "value"), self._own()),
            "Through whom": (("path", "position"), self._ways()),
            "Words quoted": (("words", "position"), self._words()),
            "Posts": (("post", "at", "path", "position"), self._posts()),
            "What it says": (("saying", *TOLD), self._saying("cmq:voice")),
            "What is said to it": (("saying", *TOLD), self._saying("cmq:addressee")),
            "What is said of it": (("matter", "as", *TOLD), self._said_of()),
            "What would bind it": (("matter", *TOLD), self._binding()),
            "What is told through it": (("saying", *TOLD), self._saying("cmq:channel")),
            "What refers to it": (("thing", "as", "path", "position"), self._links()),
            "Mentions": (("as", "times"), self._mentions()),
            "Findings about it": (
                ("finding", "kind", "certainty", "reason", "by", "day"),
                self._findings(),
            ),
        }
        whole = [Section(title, columns, tuple(rows)) for title, (columns, rows) in told.items()]
        sections = tuple(section for section in whole if section.rows)
        return Sheet(self._thing, self._kind(), sections, tuple(self._notes(sections)))

    def _notes(self, sections: Iterable[Section]) -> Iterator[str]:
        titles = {section.title for section in sections}
        if self._is("cmq:Matter"):
            yield _TOLD_NOT_SO if "Who says so" in titles else _UNSAID
        if "What would bind it" in titles:
            yield _NOT_BOUND

    def _is(self, kind: str) -> bool:
        return kind in self._types

    def _kind(self) -> str:
        kinds = self._ask(_KINDS)
        return " and ".join(sorted(self._role(row["kind"]) for row in kinds)) or "thing"

    def _own(self) -> Iterator[Row]:
        rows = [(self._role(row["property"]), row["value"]) for row in self._ask(_OWN)]
        return iter(sorted(rows, key=lambda row: (row[0], self._labels.text(row[1]))))

    def _ways(self) -> Iterator[Row]:
        for route in self._attributions.routes(self._thing.value):
            yield route.words, str(route.position)

    def _words(self) -> Iterator[Row]:
        for row in self._ask(_WORDS):
            place = f"{row['sentence'].value} {row['start'].value}-{row['end'].value}"
            yield f"“{row['words'].value}”", place

    def _conveyed(self) -> Iterator[Row]:
        return self._told([((), row) for row in self._ask(_CONVEYED)])

    def _posts(self) -> Iterator[Row]:
        for row in self._ask(_POSTS):
            for route in self._attributions.routes(row["membership"].value):
                yield row["post"], row.get("at"), route.words, str(route.position)

    def _saying(self, role: str) -> Iterator[Row]:
        found = self._ask(_SAYING.replace("ROLE", role))
        return self._told([((row["saying"],), row) for row in found])

    def _said_of(self) -> Iterator[Row]:
        if not self._is("cmq:Actor"):
            return iter(())
        found = self._ask(_SAID_OF.replace("ROLES", " ".join(_ROLES)))
        return self._told([((row["matter"], self._role(row["role"])), row) for row in found])

    def _binding(self) -> Iterator[Row]:
        found = self._ask(_SAID_OF.replace("ROLES", "cmq:obligor"))
        return self._told([((row["matter"],), row) for row in found])

    def _links(self) -> Iterator[Row]:
        """Yield what refers to the thing, with the ways to those who say so."""
        told: dict[tuple[Term, str], set[Route]] = {}
        for row in self._ask(_LINKS):
            role = shrink(row["role"].value)
            if role in _TOLD_ELSEWHERE or (role in _ROLES and self._is("cmq:Actor")):
                continue
            said = row["act"] if "act" in row else row["other"]
            ways = told.setdefault((row["other"], self._role(row["role"])), set())
            ways.update(self._attributions.routes(said.value))
        for (other, role), ways in sorted(told.items(), key=lambda pair: self._order(*pair)):
            if not ways:
                yield other, role, None, None
            for route in sorted(ways, key=lambda route: route.position):
                yield other, role, route.words, str(route.position)

    def _order(self, key: tuple[Term, str], ways: set[Route]) -> tuple[object, ...]:
        first = min((route.position for route in ways), default=None)
        return first is None, first, key[1], self._labels.text(key[0])

    def _mentions(self) -> Iterator[Row]:
        rows = [(self._labels.text(row["how"]), row["times"].value) for row in self._ask(_MENTIONS)]
        return iter(sorted(rows))

    def _findings(self) -> Iterator[Row]:
        columns = ("finding", "kind", "certainty", "reason", "by", "day")
        rows = sorted(self._ask(_FINDINGS), key=lambda row: row["finding"].value)
        return (tuple(row.get(column) for column in columns) for row in rows)

    def _told(self, found: Iterable[tuple[tuple[Value, ...], dict[str, Term]]]) -> Iterator[Row]:
        """Yield a row for each way to each act, in the order of the text."""
        ways = [
            (route, first, row["force"])
            for first, row in found
            for route in self._attributions.routes(row["act"].value)
        ]
        for route, first, force in sorted(ways, key=self._place):
            footing = self._value(route.statements[0], _FOOTING)
            yield (
                *first,
                force,
                self._placing(route),
                footing,
                route.words,
                str(route.position),
                shrink(route.statements[0]),
            )

    def _place(self, way: tuple[Route, tuple[Value, ...], Term]) -> tuple[object, ...]:
        route, first, _ = way
        names = [value if isinstance(value, str) else self._labels.text(value) for value in first]
        return route.position, route.statements, names

    def _placing(self, route: Route) -> str:
        """Say how the act, or what it is about, is placed: an order given is not a deed done."""
        inner = self._labels.text(self._value(route.statements[-1], _ACTUALITY))
        if len(route.statements) == 1:
            return inner
        outer = self._labels.text(self._value(route.statements[0], _ACTUALITY))
        return f"the act: {outer}" + (f"; the matter: {inner}" if inner else "")

    def _value(self, said: str, predicate: NamedNode) -> Term | None:
        found = self._store.quads_for_pattern(NamedNode(said), predicate, None, DefaultGraph())
        return min((cast("Term", quad.object) for quad in found), key=str, default=None)

    def _role(self, role: Term) -> str:
        """Name a property or a class; one of another vocabulary in plain words."""
        name = _PLAIN.get(shrink(role.value), self._labels.text(role))
        if ":" not in name:
            return name
        return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.partition(":")[2]).lower()

    def _ask(self, sparql: str) -> list[dict[str, Term]]:
        """Ask about the thing: it is what ?thing stands for."""
        given = sparql.replace("WHERE {", f"WHERE {{ VALUES ?thing {{ {self._thing} }}", 1)
        return select(self._store, given)
