"""The one table of prefixes, the two ways through it, and where an IRI is cut for it."""

import re

BASE = "https://w3id.org/communique/"

PREFIXES: dict[str, str] = {
    "actor": f"{BASE}id/actor/",
    "channel": f"{BASE}id/channel/",
    "cmq": f"{BASE}ns#",
    "cmqv": f"{BASE}vocab/",
    "curated": f"{BASE}id/curated/",
    "curator": f"{BASE}id/curator/",
    "dataset": f"{BASE}id/dataset/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "graph": f"{BASE}graph/",
    "mod": "https://w3id.org/mod#",
    "oa": "http://www.w3.org/ns/oa#",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "passage": f"{BASE}id/passage/",
    "place": f"{BASE}id/place/",
    "post": f"{BASE}id/post/",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "sh": "http://www.w3.org/ns/shacl#",
    "shape": f"{BASE}shape/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "span": f"{BASE}id/span/",
    "spdx": "http://spdx.org/rdf/terms#",
    "vann": "http://purl.org/vocab/vann/",
    "void": "http://rdfs.org/ns/void#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_ARTICLE = re.compile(r"a[1-9][0-9]*")


def namespace(prefix: str) -> str | None:
    """Return the namespace of a prefix: of the table, or by rule for `a1`, `a2`, ..."""
    if _ARTICLE.fullmatch(prefix):
        return f"{BASE}id/{prefix}/"
    return PREFIXES.get(prefix)


def expand(curie: str) -> str | None:
    """Return the IRI that a prefixed name stands for, or None if it is not one."""
    prefix, colon, local = curie.partition(":")
    found = namespace(prefix) if colon else None
    return found + local if found else None


def shrink(iri: str) -> str:
    """Return the prefixed name of an IRI, or the IRI in angle brackets."""
    space, local = split(iri)
    prefix = _SHORT.get(space) or _article_prefix(space)
    return f"{prefix}:{local}" if prefix and _LOCAL.fullmatch(local) else f"<{iri}>"


def split(iri: str) -> tuple[str, str]:
    """Cut an IRI after its first # or else its last /: into its namespace and its local name."""
    hash_ = iri.find("#")
    cut = (hash_ if hash_ >= 0 else iri.rfind("/")) + 1
    return iri[:cut], iri[cut:]


def prefixes_for(names: set[str]) -> dict[str, str]:
    """Return the part of the table that these prefixes need, in alphabetical order."""
    return {name: found for name in sorted(names) if (found := namespace(name))}


def _article_prefix(space: str) -> str | None:
    name = space.removeprefix(f"{BASE}id/").removesuffix("/")
    return name if _ARTICLE.fullmatch(name) else None


_SHORT = {space: prefix for prefix, space in PREFIXES.items()}
