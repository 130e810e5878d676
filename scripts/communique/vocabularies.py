"""Which names exist: the terms of reused vocabularies and of a project's own, and their prefixes.

`vocabularies.json` lists the terms of every vocabulary in the table of prefixes. Lists that may
lack some are named in it as incomplete: what is not on such a list is a warning only.
"""

import difflib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode, Quad, Triple

from communique import namespaces, resources
from communique.dataset import graph_iri, read, turtle_files
from communique.faults import PARTS, Fault, Node, fault
from communique.findings import Rule
from communique.namespaces import BASE, PREFIXES, namespace, shrink

OURS = (PREFIXES["cmq"], PREFIXES["cmqv"])
_THINGS = (f"{BASE}id/", f"{BASE}graph/", f"{BASE}shape/")
_OF_HOST = 3
"""How many slashes are in the address of a host."""

MOST_SUGGESTIONS = 200
"""For more unknown names than that the closest known one is not looked for: it takes too long."""

split = namespaces.split

_TYPE = NamedNode(PREFIXES["rdf"] + "type")
_URI = PREFIXES["vann"] + "preferredNamespaceUri"
_PREFIX = PREFIXES["vann"] + "preferredNamespacePrefix"
_SH_PREFIX, _SH_NAMESPACE = PREFIXES["sh"] + "prefix", PREFIXES["sh"] + "namespace"
VERSIONS = frozenset(
    PREFIXES["owl"] + name
    for name in ("backwardCompatibleWith", "incompatibleWith", "priorVersion", "versionIRI")
)
_DECLARING = frozenset(
    PREFIXES[prefix] + name
    for prefix, names in {
        "owl": "AnnotationProperty Class DatatypeProperty ObjectProperty",
        "rdf": "Property",
        "rdfs": "Class Datatype",
        "skos": "Concept ConceptScheme",
    }.items()
    for name in names.split()
)
_NO_CASE = frozenset({"mod", "rdf", "xsd"})
"""Vocabularies in which a capital does not tell a class from a property."""
_MEMBER = re.compile(r"_[1-9][0-9]*")

_DECLARED = Rule("unknown-term", "A term is declared by the ontology.")
_EXISTS = Rule("unknown-reused-term", "A term of a reused vocabulary exists in it.")
_KIND = Rule("term-kind", "A predicate is a property, and a type is a class.")
_LISTED = Rule("unlisted-vocabulary", "A property or class is of a vocabulary that is known here.")
_ONE_TABLE = Rule("prefix-otherwise", "A prefix stands for the namespace of the table.")
_KNOWN = Rule("prefix-unknown", "A prefix is in the table, or declared by the project.")
_ONCE = Rule("prefix-twice", "A prefix is declared once.")
_USED = Rule("prefix-unused", "A prefix that is declared is used.")


class Vocabulary(NamedTuple):
    """The prefixes and terms that a project may use, and where its own things live."""

    prefixes: Mapping[str, str]
    """The installed table, with what the project declares itself."""
    declared: Mapping[str, frozenset[str]]
    """By namespace, the terms that ontologies declare, as IRIs."""
    bases: tuple[str, ...]
    """The roots of the project's own IRIs: above its namespaces of terms."""

    def namespaces(self, prefix: str) -> tuple[str, ...]:
        """Return the namespaces that a prefix may stand for; those of articles go by rule."""
        if prefix in self.prefixes:
            return (self.prefixes[prefix],)
        installed = namespace(prefix)
        if not installed:
            return ()
        return tuple(installed.replace(BASE, base, 1) for base in self.bases)

    def expand(self, prefixed: str) -> str | None:
        """Return the IRI of a prefixed name, or None if its prefix is not known."""
        prefix, colon, local = prefixed.partition(":")
        found = self.namespaces(prefix) if colon else ()
        return found[0] + local if found else None

    def shrink(self, iri: str) -> str:
        """Return the prefixed name of an IRI, or the IRI in angle brackets."""
        space, local = split(iri)
        own = (p for p, s in self.prefixes.items() if s == space and PREFIXES.get(p) != s)
        prefix = next(own, "")
        return f"{prefix}:{local}" if prefix and re.fullmatch(r"[\w-]+", local) else shrink(iri)

    def owns(self, iri: str) -> bool:
        """Tell whether an IRI is of a thing of the project, and not of a term or of a graph.

        On a host of its own a project's things are below `/id/`.
        """
        if split(iri)[0] in self.declared:
            return False
        for base in self.bases:
            shared = base.count("/") == _OF_HOST
            if iri.startswith(f"{base}id/" if shared else base):
                return not iri.startswith(f"{base}graph/")
        return False

    def known(self, iri: str) -> Collection[str] | None:
        """Return the terms of an IRI's namespace as IRIs, or None if any name may be in it."""
        space, _ = split(iri)
        return self.declared.get(space) or _reused(space)

    def exists(self, iri: str) -> bool:
        """Tell whether a term exists, as far as its namespace has a list of its terms."""
        space, local = split(iri)
        known = self.known(iri)
        member = space == PREFIXES["rdf"] and bool(_MEMBER.fullmatch(local))
        return known is None or not local or iri in known or member


def vocabulary(ontology: Iterable[Quad], shapes: Iterable[Quad] = ()) -> Vocabulary:
    """Learn the terms and prefixes of a project from its ontology, and prefixes from its shapes.

    Terms in our own namespaces are those of the installed ontology unless the project's ontology
    declares such terms itself.
    """
    quads = list(ontology)
    terms = declared_terms(quads)
    for space in OURS:
        if space not in terms:
            terms |= {space: installed_terms()[space]}
    stated = [*_preferred(quads), *_declarations([*quads, *shapes])]
    prefixes = PREFIXES | {prefix: space for prefix, space in stated if _is_free(prefix)}
    own = {space for _, space in _preferred(quads)} | set(terms) - set(OURS)
    bases = dict.fromkeys([*sorted(_base(space) for space in own), BASE])
    return Vocabulary(prefixes, terms, tuple(bases))


@cache
def installed_ontology() -> tuple[Quad, ...]:
    """Return what the ontology that is installed with this tool says."""
    root, graph = resources.root(), graph_iri("ontology")
    paths = turtle_files(root / "ontology")
    return tuple(quad for path in paths for quad in read(path, root=root, graph=graph))


@cache
def installed_terms() -> dict[str, frozenset[str]]:
    """Return the terms of the installed ontology by their namespace, as IRIs."""
    return declared_terms(installed_ontology())


def declared_terms(ontology: Iterable[Quad]) -> dict[str, frozenset[str]]:
    """Return what an ontology declares, by namespace; terms of reused vocabularies are not its."""
    found: dict[str, set[str]] = {}
    for quad in ontology:
        declares = quad.predicate == _TYPE and getattr(quad.object, "value", "") in _DECLARING
        if declares and isinstance(quad.subject, NamedNode):
            found.setdefault(split(quad.subject.value)[0], set()).add(quad.subject.value)
    return {space: frozenset(terms) for space, terms in found.items() if not _reused(space)}


def unknown_terms(
    quads: Iterable[Quad], vocabulary: Vocabulary
) -> Iterator[tuple[Quad, str, str, str]]:
    """Yield each term that does not exist: its quad, the part, the IRI, the closest that does.

    The closest is a prefixed name, or empty. A datatype is found in the object, and a subject
    once in each graph.
    """
    closest = Closest(vocabulary)
    exists = cache(vocabulary.exists)
    subjects = set[tuple[object, str]]()
    for quad in quads:
        version = quad.predicate.value in VERSIONS
        for part, iri in _names(quad):
            if exists(iri) or (version and part == "object"):
                continue
            if part == "subject":
                if (quad.graph_name, iri) in subjects:
                    continue
                subjects.add((quad.graph_name, iri))
            yield quad, part, iri, closest(iri, vocabulary.known(iri) or ())


def faults(quads: Iterable[Quad], vocabulary: Vocabulary) -> Iterator[Fault]:
    """Yield the terms that do not exist, and those of vocabularies that nothing here lists."""
    quads = list(quads)
    if not all(map(vocabulary.exists, _all_names(quads))):
        yield from _of_unknown(quads, vocabulary)
    predicates = {quad.predicate.value for quad in quads}
    types = {iri for quad in quads if quad.predicate == _TYPE for iri in _named(quad.object)}
    if "class" in map(_kind, predicates) or "property" in map(_kind, types):
        yield from _of_other_kinds(quads, vocabulary)
    if any(vocabulary.known(iri) is None for iri in predicates | types):
        yield from _unlisted(quads, vocabulary)


def _of_unknown(quads: Iterable[Quad], vocabulary: Vocabulary) -> Iterator[Fault]:
    for quad, part, iri, near in unknown_terms(quads, vocabulary):
        space, local = split(iri)
        reused = _reused(space) is not None
        name = vocabulary.shrink(iri)
        what = f"Its vocabulary has no {name}." if reused else f"The ontology declares no {name}."
        yield fault(
            quad,
            part,
            _EXISTS if reused else _DECLARED,
            what,
            layer="terms",
            severity="warning" if _BY_NAMESPACE.get(space) in _incomplete() else "error",
            hint=f"Did you mean {near}?" if near else f"Check how {local} is spelt",
            value=name,
        )


def _of_other_kinds(quads: Iterable[Quad], vocabulary: Vocabulary) -> Iterator[Fault]:
    """Find classes as predicates and properties as types."""
    kind_of = cache(_kind)
    for quad in quads:
        type_ = quad.object if quad.predicate == _TYPE else None
        for part, term, wrong in (
            ("predicate", quad.predicate, "class"),
            ("object", type_, "property"),
        ):
            if isinstance(term, NamedNode) and kind_of(term.value) == wrong:
                space, local = split(term.value)
                turned = space + local[0].swapcase() + local[1:]
                near = vocabulary.shrink(turned) if vocabulary.exists(turned) else ""
                name = vocabulary.shrink(term.value)
                yield fault(
                    quad,
                    part,
                    _KIND,
                    f"{name} is a {wrong}.",
                    layer="terms",
                    hint=f"Did you mean {near}?" if near else "Use another term",
                    value=name,
                )


def _kind(iri: str) -> str:
    """Tell a class from a property by its first letter, where its vocabulary lets one."""
    space, local = split(iri)
    if iri not in (_reused(space) or ()) or _BY_NAMESPACE[space] in _NO_CASE:
        return ""
    return "class" if local[0].isupper() else "property"


def _unlisted(quads: Iterable[Quad], vocabulary: Vocabulary) -> Iterator[Fault]:
    for quad in quads:
        kind = quad.object if quad.predicate == _TYPE else None
        for part, term in (("predicate", quad.predicate), ("object", kind)):
            if isinstance(term, NamedNode) and vocabulary.known(term.value) is None:
                name = vocabulary.shrink(term.value)
                what = f"No vocabulary that is known here has {name}."
                hint = "Declare it in the ontology, or use a term of a known vocabulary"
                yield fault(
                    quad,
                    part,
                    _LISTED,
                    what,
                    layer="terms",
                    severity="warning",
                    hint=hint,
                    value=name,
                )


@dataclass(frozen=True)
class PrefixFault:
    """A declaration of a prefix that is not as it should be."""

    index: int
    """Which of the declarations it is, from 0."""
    prefix: str
    iri: str
    expected: str
    """The namespace or the prefix that the table has instead, or nothing."""
    rule: Rule
    message: str
    severity: str
    hint: str


def prefix_faults(
    declarations: Iterable[tuple[str, str]], used: Collection[str], vocabulary: Vocabulary
) -> Iterator[PrefixFault]:
    """Check the prefixes of a file or query, each with its IRI, against the one table.

    `used` are the prefixes that occur in names.
    """
    seen = set[str]()
    for index, (prefix, iri) in enumerate(declarations):
        found = (index, prefix, iri)
        allowed = vocabulary.namespaces(prefix)
        if prefix in seen:
            hint = f"Declare {prefix}: once"
            yield PrefixFault(*found, "", _ONCE, f"{prefix}: is declared twice.", "error", hint)
        elif not allowed:
            yield _unknown_prefix(index, prefix, iri, vocabulary)
        elif iri not in allowed:
            what = f"{prefix}: stands for <{allowed[0]}> elsewhere."
            hint = f"Write PREFIX {prefix}: <{allowed[0]}>"
            yield PrefixFault(*found, allowed[0], _ONE_TABLE, what, "error", hint)
        if prefix not in used and prefix not in seen:
            what = f"Nothing uses the prefix {prefix}:."
            yield PrefixFault(*found, "", _USED, what, "warning", "Leave it out")
        seen.add(prefix)


def _unknown_prefix(index: int, prefix: str, iri: str, vocabulary: Vocabulary) -> PrefixFault:
    same = next((name for name, space in vocabulary.prefixes.items() if space == iri), "")
    near = difflib.get_close_matches(prefix, vocabulary.prefixes, n=1)
    hint = f"Write {same}:, as everywhere" if same else "Declare it in the ontology by sh:declare"
    if near and not same:
        hint = f"Did you mean {near[0]}:?"
    expected = same or (near[0] if near else "")
    what = f"No table has the prefix {prefix}:."
    return PrefixFault(index, prefix, iri, expected, _KNOWN, what, "error", hint)


class Closest:
    """Finds the closest known name; after too many unknown ones it finds nothing more."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Write names with the prefixes of this vocabulary."""
        self._vocabulary = vocabulary
        self._found: dict[str, str] = {}

    def __call__(self, iri: str, known: Iterable[str]) -> str:
        """Return the closest of the known IRIs of the same namespace as a prefixed name."""
        if iri not in self._found and len(self._found) < MOST_SUGGESTIONS:
            self._found[iri] = self._look(iri, known)
        return self._found.get(iri, "")

    def _look(self, iri: str, known: Iterable[str]) -> str:
        space, local = split(iri)
        locals_ = sorted(each.removeprefix(space) for each in known if each.startswith(space))
        by_folded = {each.casefold(): each for each in reversed(locals_)}
        near = difflib.get_close_matches(local, locals_, n=1) or [
            by_folded[folded]
            for folded in difflib.get_close_matches(local.casefold(), by_folded, n=1)
        ]
        return self._vocabulary.shrink(space + near[0]) if near and len(local) <= _LONGEST else ""


_LONGEST = 100
"""Characters of a local name at most that is compared with others."""


def _all_names(quads: Iterable[Quad]) -> set[str]:
    """Return all IRIs of some quads, each once, but for versions, which need not exist."""
    terms = set[Node]()
    for quad in quads:
        terms |= {quad.subject, quad.predicate}
        if quad.predicate.value not in VERSIONS:
            terms.add(quad.object)
    return {iri for term in terms for iri in _named(term)}


def _names(quad: Quad) -> Iterator[tuple[str, str]]:
    for part in PARTS:
        for iri in _named(getattr(quad, part)):
            yield part, iri


def _named(term: Node) -> Iterator[str]:
    if isinstance(term, NamedNode):
        yield term.value
    elif isinstance(term, Literal):
        yield term.datatype.value
    elif isinstance(term, Triple):
        for part in PARTS:
            yield from _named(getattr(term, part))


def _preferred(quads: Iterable[Quad]) -> list[tuple[str, str]]:
    return list(_pairs(quads, _PREFIX, _URI))


def _declarations(quads: Iterable[Quad]) -> list[tuple[str, str]]:
    return list(_pairs(quads, _SH_PREFIX, _SH_NAMESPACE))


def _pairs(quads: Iterable[Quad], prefix: str, uri: str) -> Iterator[tuple[str, str]]:
    """Yield the prefix and the namespace that one subject states; the prefix may be empty."""
    found: dict[str, dict[str, str]] = {}
    for quad in quads:
        key = quad.predicate.value
        if key in (prefix, uri) and not isinstance(quad.object, Triple):
            found.setdefault(str(quad.subject), {})[key] = quad.object.value
    for pair in found.values():
        if uri in pair:
            yield pair.get(prefix, ""), pair[uri]


def _is_free(prefix: str) -> bool:
    """Tell whether a project may choose what a prefix stands for."""
    return bool(prefix) and PREFIXES.get(prefix, _THINGS[0]).startswith(_THINGS)


def _base(space: str) -> str:
    """Return the root of a project's IRIs: one step above its namespace of terms."""
    parent = space.rstrip("/#").rpartition("/")[0] + "/"
    return parent if parent.count("/") >= _OF_HOST else space


_BY_NAMESPACE = {space: prefix for prefix, space in PREFIXES.items()}


@cache
def reused_terms(prefix: str) -> frozenset[str] | None:
    """Return the terms of a reused vocabulary as IRIs, or None if the list has no such one."""
    names = _lists()["terms"].get(prefix)
    return None if names is None else frozenset(PREFIXES[prefix] + name for name in names)


def _reused(space: str) -> frozenset[str] | None:
    return reused_terms(_BY_NAMESPACE.get(space, ""))


def _incomplete() -> Collection[str]:
    return list(_lists()["incomplete"])


@cache
def _lists() -> dict[str, dict[str, list[str]]]:
    path = Path(__file__).with_name("vocabularies.json")
    found: dict[str, dict[str, list[str]]] = json.loads(path.read_text(encoding="utf-8"))
    return found
