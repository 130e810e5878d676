"""JSON-LD that a person can read: short keys, plain values, one context."""

import json
from collections import defaultdict
from collections.abc import Iterable

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from communique.namespaces import PREFIXES, prefixes_for, shrink

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]
_Term = NamedNode | BlankNode | Literal

_XSD = PREFIXES["xsd"]
_TYPE = PREFIXES["rdf"] + "type"
_ALIASES = {"id": "@id", "type": "@type"}
_PREFERRED = ("cmq", "rdfs", "skos", "dcterms", "oa", "prov", "org")
_LONGEST_NUMBER = 15


class Context:
    """What the keys of a document stand for, and how their values are written."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        """Choose short keys for these quads, and the one form that all values of a key share."""
        objects: dict[str, list[_Term]] = defaultdict(list)
        iris: set[str] = set()
        for quad in quads:
            objects[quad.predicate.value].append(_plain(quad.object))
            iris |= {term.value for term in quad if isinstance(term, NamedNode)}
            if isinstance(quad.object, Literal):
                iris.add(quad.object.datatype.value)
        classes = {o.value for o in objects.pop(_TYPE, []) if isinstance(o, NamedNode)}
        names = {shrink(iri).partition(":")[0] for iri in iris if shrink(iri)[0] != "<"}
        self._prefixes = prefixes_for(names)
        self._keys = _short_keys(set(objects) | classes, taken={*self._prefixes, *_ALIASES})
        self._classes = classes
        self._forms = {predicate: _form(found) for predicate, found in objects.items()}

    def key(self, iri: str) -> str:
        """Return the key of a predicate, or the name of a class."""
        return self._keys.get(iri) or name(iri)

    def value(self, predicate: str, term: _Term) -> Json:
        """Return an object of a predicate in the form that the context declares."""
        form = self._forms[predicate]
        if not isinstance(term, Literal):
            return name(term) if form == {"@type": "@id"} else {"id": name(term)}
        native = _native(term)
        if native is not None:
            return native
        if term.language:
            same = form == {"@language": term.language}
            return term.value if same else {"@value": term.value, "@language": term.language}
        if form == {"@type": name(term.datatype)} or (
            term.datatype.value == _XSD + "string" and not form
        ):
            return term.value
        return {"@value": term.value, "@type": name(term.datatype)}

    def json(self) -> dict[str, Json]:
        """Return the context itself."""
        terms: dict[str, Json] = {}
        for iri, key in sorted(self._keys.items(), key=lambda item: item[1]):
            form = self._forms.get(iri, {})
            known = iri in self._classes and iri not in self._forms
            terms[key] = name(iri) if known or not form else {"@id": name(iri), **form}
        for predicate, form in sorted(self._forms.items()):
            if predicate not in self._keys and form:
                terms[name(predicate)] = {"@id": name(predicate), **form}
        return {"@version": 1.1, **_ALIASES, **self._prefixes, **terms}  # type: ignore[dict-item]


def documents(quads: Iterable[Quad]) -> tuple[bytes, bytes]:
    """Return these quads as a JSON-LD document, and the context that it contains by itself."""
    quads = list(quads)
    context = Context(quads)
    graphs: dict[str, dict[str, list[Quad]]] = defaultdict(lambda: defaultdict(list))
    for quad in quads:
        graphs[name(quad.graph_name)][name(quad.subject)].append(quad)
    document: Json = {
        "@context": context.json(),
        "@graph": [
            {"id": graph, "@graph": [_node(context, subject, about) for subject, about in nodes]}
            for graph, nodes in sorted(
                (name, sorted(found.items())) for name, found in graphs.items()
            )
        ],
    }
    return _dump(document), _dump({"@context": context.json()})


def _dump(document: Json) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _node(context: Context, subject: str, about: list[Quad]) -> Json:
    node: dict[str, Json] = {"id": subject}
    types = sorted(
        context.key(quad.object.value)
        for quad in about
        if quad.predicate.value == _TYPE and isinstance(quad.object, NamedNode)
    )
    if types:
        node["type"] = _one_or_all(list(types))
    values: dict[str, list[Json]] = defaultdict(list)
    for quad in sorted(about, key=str):
        if quad.predicate.value != _TYPE:
            predicate = quad.predicate.value
            values[context.key(predicate)].append(context.value(predicate, _plain(quad.object)))
    return node | {key: _one_or_all(found) for key, found in sorted(values.items())}


def _one_or_all(values: list[Json]) -> Json:
    return values[0] if len(values) == 1 else values


def _plain(term: object) -> _Term:
    if not isinstance(term, NamedNode | BlankNode | Literal):
        raise TypeError(f"RDF 1.1 has no such object: {term}")
    return term


def name(term: object) -> str:
    """Return a node, or an IRI, as JSON-LD writes it."""
    if isinstance(term, BlankNode):
        return f"_:{term.value}"
    iri = term.value if isinstance(term, NamedNode) else str(term)
    return shrink(iri).removeprefix("<").removesuffix(">")


def _short_keys(iris: set[str], *, taken: set[str]) -> dict[str, str]:
    """Give a local name to one IRI only: ours first, then those of well-known vocabularies."""
    keys: dict[str, str] = {}
    for iri in sorted(iris, key=_rank):
        prefix, colon, local = shrink(iri).partition(":")
        if colon and not prefix.startswith("<") and local.isalnum() and local not in taken:
            taken.add(local)
            keys[iri] = local
    return keys


def _rank(iri: str) -> tuple[int, str]:
    prefix = shrink(iri).partition(":")[0]
    return (_PREFERRED.index(prefix) if prefix in _PREFERRED else len(_PREFERRED), iri)


def _form(objects: list[_Term]) -> dict[str, str]:
    """Return what all objects of a predicate share: being nodes, a language, a datatype."""
    literals = [term for term in objects if isinstance(term, Literal)]
    if not literals:
        return {"@type": "@id"}
    if len(literals) < len(objects):
        return {}
    languages = {term.language for term in literals}
    datatypes = {term.datatype.value for term in literals}
    language = literals[0].language
    if language and languages == {language}:
        return {"@language": language}
    if languages == {None} and len(datatypes) == 1 and not any(map(_is_native, literals)):
        only = datatypes.pop()
        return {} if only == _XSD + "string" else {"@type": name(only)}
    return {}


def _is_native(term: Literal) -> bool:
    return _native(term) is not None


def _native(term: Literal) -> int | bool | None:
    """Return a number or a truth value if JSON writes it just as the literal does."""
    value, datatype = term.value, term.datatype.value
    if datatype == _XSD + "boolean" and value in {"true", "false"}:
        return value == "true"
    digits = value.removeprefix("-")
    if datatype != _XSD + "integer" or not (digits.isascii() and digits.isdigit()):
        return None
    return int(value) if len(digits) <= _LONGEST_NUMBER and str(int(value)) == value else None
