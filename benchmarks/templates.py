"""Files of the real project, cut where names, numbers, days and words of it stand."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from communique.namespaces import shrink

Value = NamedNode | Literal
_TOKEN = re.compile(
    r'"(?P<text>(?:[^"\\]|\\.)*)"(?P<kind>@[\w-]+|\^\^[\w:]+)?'
    r"|<(?P<iri>[^>]*)>"
    r"|(?<![\w:-])(?P<prefix>a1|actor|channel|passage|place|post|span):(?P<local>[\w-]*)"
    r"|(?<= )(?P<number>[0-9]+)(?= [;,])"
)
_KEPT = {"dcterms:date", "dcterms:identifier"}
"""Days of curation, and names of passages: they say nothing of the article."""
_SILENCE = "cmqv:not-reported"
_SENTENCES = {"rdfs:comment", "skos:scopeNote"}


class Graph:
    """A file of Turtle by prefixed names."""

    def __init__(self, text: str) -> None:
        """Read a file."""
        self._said = defaultdict[str, dict[str, list[Value]]](dict)
        for quad in parse(text.encode(), format=RdfFormat.TURTLE):
            if isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode | Literal):
                said = self._said[shrink(quad.subject.value)]
                said.setdefault(shrink(quad.predicate.value), []).append(quad.object)

    @property
    def subjects(self) -> list[str]:
        """What something is said of, in alphabetical order."""
        return sorted(self._said)

    def names(self, subject: str, predicate: str) -> list[str]:
        """List the things that a predicate gives, in alphabetical order."""
        found = self._said.get(subject, {}).get(predicate, [])
        return sorted(shrink(each.value) for each in found if isinstance(each, NamedNode))

    def numbers(self, subject: str, *predicates: str) -> list[int]:
        """List the numbers that some predicates give."""
        said = self._said.get(subject, {})
        return [int(each.value) for predicate in predicates for each in said.get(predicate, ())]

    def text(self, subject: str, predicate: str) -> str:
        """Return the one literal that a predicate gives, as it is written."""
        (found,) = self._said[subject][predicate]
        return found.value

    def is_told(self, subject: str, predicate: str) -> bool:
        """Tell whether something has a value of a predicate."""
        return predicate in self._said.get(subject, {})

    def kind(self, subject: str) -> str:
        """Return the name of a thing's class."""
        return next(iter(self.names(subject, "rdf:type")), "").partition(":")[2]

    def links(self) -> Iterator[tuple[str, str]]:
        """Yield each thing with each that is named of it."""
        for subject, said in self._said.items():
            for values in said.values():
                yield from ((subject, shrink(v.value)) for v in values if isinstance(v, NamedNode))

    def passages(self) -> list[list[int]]:
        """List the passages in the order of the text: the edges of each and of its spans."""
        edges = defaultdict[str, set[int]](set)
        for subject in self.subjects:
            if self.kind(subject) in {"Passage", "Span"}:
                (home,) = self.names(subject, "cmq:within") or [subject]
                edges[home].update(self.numbers(subject, "oa:start", "oa:end"))
        return sorted(sorted(found) for found in edges.values())


@dataclass(frozen=True)
class Template:
    """A file that is cut: by turns what stays, and the key of what is filled in."""

    parts: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """What is filled in: a kind, a space, and what is so in the real file."""
        return self.parts[1::2]

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the file with a value for each key."""
        parts = list(self.parts)
        parts[1::2] = [values[key] for key in self.keys]
        return "".join(parts)


def template(text: str, graph: Graph, *, mark: str = "") -> Template:
    """Cut a file that is in canonical form.

    `graph` is the article that tells who says what; `mark` goes before the numbers of texts, to
    tell those of several templates apart.

    The keys: `own s001` a thing of the article, `base` its namespace, `role actor:x` of the
    registry, `place 0-62` a passage or span, `offset 62`, `canonicalLength 0-62`, `sha256 0-62`,
    `canonicalSha256 0-62`, `recordSha256 passage:ba01b1d8-0-62`, `quote 0-62`,
    `day "2025-03-18"^^xsd:date`, `duration P30D`, `figure 175`, `same <iri>`,
    `code cmq:ISO3166Alpha2 0`; and of texts, each with its number, language and length in words,
    `said 7 @en 5 s001`, `label actor:x`, `other actor:x 1`, `phrase 7 @en 5`,
    `phrase 7 @en 5 a1:v001` for a label, `unreported 7 @en 5` for that of a finding of silence,
    `account @en a1:x` for that of an account, `sentence 7 @en 5`, `sign a1:x` and
    `signed 7 @en 5 a1:x` for its label.
    """
    cut = _Cut(graph, mark)
    parts = [""]
    subject = predicate = ""
    for line in text.splitlines(keepends=True):
        begin = line.split(maxsplit=1)[0] if line.strip() else ""
        if not line.startswith(" "):
            subject = begin
        elif not line.startswith("        "):
            predicate = begin
        at = 0
        for token in _TOKEN.finditer(line):
            if key := cut.key(token, subject, predicate):
                parts[-1] += line[at : token.start()]
                parts += [key, ""]
                at = token.end()
        parts[-1] += line[at:]
    return Template(tuple(parts))


class _Cut:
    """Names what is filled in, token by token."""

    def __init__(self, graph: Graph, mark: str) -> None:
        self._graph = graph
        self._mark = mark
        self._texts = 0
        self._codes = defaultdict[str, int](int)
        self._others = defaultdict[str, int](int)

    def key(self, token: re.Match[str], subject: str, predicate: str) -> str:
        """Return the key of a token, or nothing if it stays."""
        if token["prefix"]:
            return _of_name(token["prefix"], token["local"])
        if token["iri"] is not None:
            same = predicate == "schema:sameAs" and not token["iri"].endswith("/id/a1/")
            return f"same {token[0]}" if same else "base" * token["iri"].endswith("/id/a1/")
        place = subject.partition("-")[2]
        if token["number"]:
            return _of_number(token["number"], place, predicate)
        return self._of_text(token, subject, predicate)

    def _of_text(self, token: re.Match[str], subject: str, predicate: str) -> str:
        kind, text, place = token["kind"] or "", token["text"], subject.partition("-")[2]
        if kind == "^^xsd:hexBinary" or predicate == "cmq:quote":
            name = predicate.partition(":")[2]
            return f"{name} {subject if name == 'recordSha256' else place}"
        if predicate in _KEPT:
            return ""
        if kind.startswith("^^xsd:") and re.match(r"[0-9]{4}", text):
            return f"day {token[0]}"
        if predicate == "cmq:duration" and re.fullmatch(r"P[0-9]+D", text):
            return f"duration {text}"
        if kind.startswith("^^cmq:"):
            self._codes[kind] += 1
            return f"code {kind[2:]} {self._codes[kind] - 1}"
        return "" if kind.startswith("^^") else self._of_words(text, kind, subject, predicate)

    def _of_words(self, text: str, language: str, subject: str, predicate: str) -> str:
        if not subject.startswith(("a1:", "curated:")):
            if predicate == "rdfs:label":
                return f"label {subject}"
            if predicate == "skos:altLabel":
                self._others[subject] += 1
                return f"other {subject} {self._others[subject]}"
        self._texts += 1
        if not language:
            return f"sign {subject}"
        rest = f"{self._mark}{self._texts} {language} {len(text.split())}"
        if predicate == "rdfs:label":
            return self._of_label(rest, subject)
        return f"{'sentence' if predicate in _SENTENCES else 'phrase'} {rest}"

    def _of_label(self, rest: str, subject: str) -> str:
        kind = self._graph.kind(subject)
        if kind == "Account":
            return f"account {rest.split()[1]} {subject}"
        if _SILENCE in self._graph.names(subject, "cmq:kind"):
            return f"unreported {rest}"
        if self._graph.is_told(subject, "skos:notation"):
            return f"signed {rest} {subject}"
        return f"{'said' if kind == 'Statement' else 'phrase'} {rest} {subject}"


def _of_name(prefix: str, local: str) -> str:
    if prefix == "a1":
        return f"own {local}"
    if not local:
        return ""
    if prefix in {"passage", "span"}:
        return f"place {prefix}:{local.partition('-')[2]}"
    return f"role {prefix}:{local}"


def _of_number(number: str, place: str, predicate: str) -> str:
    if predicate in {"oa:start", "oa:end", "cmq:codePoints"}:
        return f"offset {number}"
    if predicate == "cmq:canonicalLength":
        return f"canonicalLength {place}"
    return f"figure {number}" if predicate == "cmq:value" else ""


def groups(roles: Iterable[str], links: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Return the number of the group that each role is in: those that are linked are in one."""
    group = {role: role for role in roles}
    for one, other in links:
        if one in group and other in group:
            old, new = group[one], group[other]
            group = {role: new if found == old else found for role, found in group.items()}
    numbers = {found: number for number, found in enumerate(sorted(set(group.values())))}
    return {role: numbers[found] for role, found in group.items()}
