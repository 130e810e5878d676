"""The one way that Turtle is written here, so that a diff shows meaning only."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
)

from communique.dataset import Term
from communique.errors import CommuniqueError
from communique.namespaces import PREFIXES, namespace, prefixes_for, shrink

_RDF, _XSD = PREFIXES["rdf"], PREFIXES["xsd"]
_FIRST_CLASSES = (
    "owl:Ontology",
    "owl:Class",
    "owl:ObjectProperty",
    "owl:DatatypeProperty",
    "owl:AnnotationProperty",
    "sh:NodeShape",
)
_FIRST_PREDICATES = (
    "rdf:type",
    "rdfs:label",
    "skos:prefLabel",
    "skos:definition",
    "rdfs:subClassOf",
    "rdfs:subPropertyOf",
    "rdfs:domain",
    "rdfs:range",
)
_BARE = {
    f"{_XSD}integer": re.compile(r"[+-]?[0-9]+"),
    f"{_XSD}decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    f"{_XSD}boolean": re.compile(r"true|false"),
}
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\b": "\\b", "\r": "\\r", "\f": "\\f", '"': '\\"'}
_WIDTH = 100
_INDENT = "    "

Subject = NamedNode | BlankNode
_NIL = NamedNode(f"{_RDF}nil")


def format_file(path: Path) -> tuple[str, str]:
    """Return a file's text as it is, and as it should be."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise CommuniqueError(f"{path}: not UTF-8. Save it as UTF-8") from error
    except OSError as error:
        raise CommuniqueError(f"{path}: {error.strerror}. Check the path") from error
    fresh = formatted(text, where=str(path))
    articles = sorted(set(re.findall(r"^PREFIX (a[0-9]+):", fresh, flags=re.MULTILINE)))
    if path.parent.name == "articles" and len(articles) > 1:
        names = ": and ".join(articles)
        raise CommuniqueError(f"{path}: uses {names}:. Name things of one article only in its file")
    return text, fresh


def project_files(root: Path) -> list[Path]:
    """List the Turtle files that are kept in canonical form."""
    folders = ("ontology", "data", "shapes", "tests")
    return sorted(path for name in folders for path in (root / name).rglob("*.ttl"))


def chosen(root: Path, paths: Iterable[Path]) -> list[Path]:
    """List the Turtle files among these paths and below them; without paths, the project's."""
    found = [
        file
        for path in paths
        for file in (sorted(path.rglob("*.ttl")) if path.is_dir() else [path])
    ]
    found = found or project_files(root)
    if not found:
        raise CommuniqueError(f"{root}: no .ttl file in it. Give a project's folder")
    return found


def rewrite(paths: Iterable[Path], *, check: bool) -> list[Path]:
    """Format files in place, or with `check` only look; return those that differ."""
    texts = {path: format_file(path) for path in paths}
    changed = [path for path, (before, after) in texts.items() if before != after]
    for path in changed if not check else ():
        path.write_text(texts[path][1], encoding="utf-8", newline="\n")
    return changed


def formatted(text: str, *, where: str = "input") -> str:
    """Return canonical Turtle with the same meaning as this Turtle."""
    quads = _parsed(text, where=where)
    fresh = _Writer(quads, where=where).document()
    if _canonical(quads) != _canonical(_parsed(fresh, where=where)):
        raise AssertionError(f"{where}: the formatted text would mean something else")
    return fresh


def _parsed(text: str, *, where: str) -> list[Quad]:
    parser = parse(text, format=RdfFormat.TURTLE)
    try:
        quads = list(parser)
    except SyntaxError as error:
        place, what = f"{where}:{error.lineno}:{error.offset}", str(error.msg).rstrip(".")
        raise CommuniqueError(f"{place}: not Turtle: {what}. Mend the file") from error
    for prefix, iri in sorted(parser.prefixes.items()):
        _check_prefix(prefix, iri, where=where)
    return quads


def _check_prefix(prefix: str, iri: str, *, where: str) -> None:
    expected = namespace(prefix)
    if expected is None:
        known = next((name for name, space in PREFIXES.items() if space == iri), None)
        hint = f"Write {known}:" if known else "Add it to namespaces.py"
        raise CommuniqueError(f"{where}: prefix {prefix}: is not in the project's table. {hint}")
    if expected != iri:
        raise CommuniqueError(f"{where}: prefix {prefix}: is <{iri}>. Make it <{expected}>")


def _canonical(quads: Iterable[Quad]) -> set[str]:
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


class _Writer:
    """Writes one graph. Blank nodes are written where they are used."""

    def __init__(self, quads: list[Quad], *, where: str) -> None:
        self._where = where
        self._used: set[str] = set()
        self._about: dict[Subject, dict[NamedNode, list[Term]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self._uses: Counter[BlankNode] = Counter()
        self._user: dict[BlankNode, Subject] = {}
        for quad in dict.fromkeys(quads):
            self._take(quad)

    def _take(self, quad: Quad) -> None:
        subject, term = quad.subject, quad.object
        if isinstance(subject, Triple) or isinstance(term, Triple):
            raise CommuniqueError(f"{self._where}: holds a triple term. Give the statement an IRI")
        self._about[subject][quad.predicate].append(term)
        if isinstance(term, BlankNode):
            self._uses[term] += 1
            self._user[term] = subject

    def document(self) -> str:
        """Return the whole text."""
        self._refuse_shared_blank_nodes()
        tops = [s for s in self._about if isinstance(s, NamedNode) or not self._uses[s]]
        blocks = [self._block(subject) for subject in sorted(tops, key=self._subject_key)]
        prefixes = prefixes_for(self._used)
        head = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in prefixes.items())
        return "\n".join(part for part in (head, *blocks) if part)

    def _refuse_shared_blank_nodes(self) -> None:
        reached = {node for node in self._about if self._reaches_top(node)}
        shared = any(uses > 1 for uses in self._uses.values())
        if shared or reached != set(self._about):
            raise CommuniqueError(f"{self._where}: a blank node is used twice. Give it an IRI")

    def _reaches_top(self, node: Subject) -> bool:
        seen = set()
        while isinstance(node, BlankNode) and self._uses[node] and node not in seen:
            seen.add(node)
            node = self._user[node]
        return node not in seen

    def _subject_key(self, subject: Subject) -> tuple[object, ...]:
        said = self._about[subject].get(_TYPE, [])
        types = {shrink(t.value) for t in said if isinstance(t, NamedNode)}
        ranks = [rank for rank, name in enumerate(_FIRST_CLASSES) if name in types]
        named = isinstance(subject, NamedNode)
        text = self._name(subject) if isinstance(subject, NamedNode) else self._inside(subject, "")
        return (min(ranks, default=len(_FIRST_CLASSES)), not named, _natural(text))

    def _block(self, subject: Subject) -> str:
        head = self._name(subject) if isinstance(subject, NamedNode) else "[]"
        return f"{head}\n{self._lines(subject, _INDENT)}.\n"

    def _lines(self, subject: Subject, indent: str) -> str:
        said = self._about[subject]
        written = []
        for predicate in sorted(said, key=self._predicate_key):
            verb = "a" if predicate == _TYPE else self._name(predicate)
            written.append(f"{indent}{verb}{self._objects(said[predicate], indent)} ;\n")
        return "".join(written)

    def _predicate_key(self, predicate: NamedNode) -> tuple[int, str]:
        name = shrink(predicate.value)
        first = _FIRST_PREDICATES.index(name) if name in _FIRST_PREDICATES else None
        return (len(_FIRST_PREDICATES) if first is None else first, name)

    def _objects(self, objects: list[Term], indent: str) -> str:
        deeper = indent + _INDENT
        if len(objects) == 1:
            return f" {self._term(objects[0], indent)}"
        texts = sorted((self._term(term, deeper) for term in objects), key=_natural)
        return "".join(f"\n{deeper}{text} ," for text in texts).removesuffix(" ,")

    def _term(self, term: Term, indent: str) -> str:
        if isinstance(term, NamedNode):
            return "()" if term == _NIL else self._name(term)
        return self._literal(term) if isinstance(term, Literal) else self._inside(term, indent)

    def _name(self, node: NamedNode) -> str:
        name = shrink(node.value)
        if not name.startswith("<"):
            self._used.add(name.partition(":")[0])
        return name

    def _inside(self, node: BlankNode, indent: str) -> str:
        members = self._list(node)
        deeper = indent + _INDENT
        if members is None:
            lines = self._lines(node, deeper)
            only = lines.strip(" ;\n")
            return f"[\n{lines}{indent}]" if "\n" in only else f"[ {only} ]"
        texts = [self._term(member, deeper) for member in members]
        short = f"( {' '.join(texts)} )"
        if len(indent + short) <= _WIDTH - 20 and "\n" not in short:
            return short
        return "(\n" + "".join(f"{deeper}{text}\n" for text in texts) + f"{indent})"

    def _list(self, node: Term) -> list[Term] | None:
        """Return the members of a well-formed list, or None."""
        members: list[Term] = []
        while node != _NIL:
            said = self._about.get(node, {}) if isinstance(node, BlankNode) else {}
            if {p: len(objects) for p, objects in said.items()} != {_HEAD: 1, _REST: 1}:
                return None
            members.append(said[_HEAD][0])
            node = said[_REST][0]
        return members

    def _literal(self, literal: Literal) -> str:
        value, datatype = literal.value, literal.datatype.value
        bare = _BARE.get(datatype)
        if bare and bare.fullmatch(value):
            return value
        text = _quoted(value)
        if literal.language:
            return f"{text}@{literal.language}"
        return text if datatype == f"{_XSD}string" else f"{text}^^{self._name(literal.datatype)}"


_TYPE, _HEAD, _REST = (NamedNode(_RDF + name) for name in ("type", "first", "rest"))


def _quoted(value: str) -> str:
    escaped = "".join(_ESCAPES.get(c, c) for c in value)
    shown = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", lambda m: f"\\u{ord(m[0]):04X}", escaped)
    if "\n" not in shown:
        return f'"{shown}"'
    plain = '""' not in value and not value.endswith('"')
    long = shown.replace('\\"', '"') if plain else shown
    return f'"""{long}"""'


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Sort s2 before s10."""
    parts = re.split(r"([0-9]+)", text)
    return [(1, int(p), p) if p.isascii() and p.isdigit() else (0, 0, p) for p in parts]
