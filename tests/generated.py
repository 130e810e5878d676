"""Small random graphs, and shapes from a grammar of the core of SHACL, written as Turtle."""

import random

PREFIXES = """\
PREFIX : <https://example.org/>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
_NODES = [f":n{number}" for number in range(5)]
_CLASSES = [":A", ":B", ":C"]
_LINKS = [":p", ":q", ":r"]
_VALUES = [":m", ":n"]
_MIXED = [
    "1",
    "2",
    "01",
    "1.0",
    "2.5",
    "1e0",
    '"1"',
    '""',
    '"a"',
    '"b"',
    '"ab"',
    '"A\\u0020B"',
    '"\\u00e9"',
    '"a"@en',
    '"b"@en-GB',
    '"a"@fr',
    "true",
    "false",
    '"2025-03-18"^^xsd:date',
    '"2025-03-18T10:00:00Z"^^xsd:dateTime',
    '"x"^^:own',
    '"1"^^xsd:int',
    '"P1D"^^xsd:dayTimeDuration',
    '"2025"^^xsd:gYear',
]
_COMPARABLE = [
    ["1", "2", "01", "1.0", "2.5", "1e0", "-3", "100", "2.50", '"7"^^xsd:byte'],
    ['"2025-03-18"^^xsd:date', '"2025-03-19"^^xsd:date', '"2024-02-29"^^xsd:date'],
    [
        '"2025-03-18T10:00:00Z"^^xsd:dateTime',
        '"2025-03-18T12:00:00+03:00"^^xsd:dateTime',
        '"2025-03-18T10:00:00.5Z"^^xsd:dateTime',
    ],
    ['"a"', '"b"', '"ab"', '"B"', '""'],
]
_DATATYPES = [
    "xsd:integer",
    "xsd:string",
    "xsd:decimal",
    "xsd:double",
    "rdf:langString",
    "xsd:date",
    "xsd:dateTime",
    "xsd:boolean",
    ":own",
    "xsd:int",
    "xsd:dayTimeDuration",
]
_KINDS = ["IRI", "Literal", "BlankNode", "BlankNodeOrIRI", "IRIOrLiteral", "BlankNodeOrLiteral"]
_PATTERNS = ['"a"', '"^[a-z]+$"', '"n[0-3]"', '"^A" ; sh:flags "i"', '"^.$"']


class Grammar:
    """Draws a graph and shapes; the values of `:m` and `:n` are comparable with one another."""

    def __init__(self, chance: random.Random) -> None:
        """Take the source of chance."""
        self._chance = chance
        self._comparable = chance.choice(_COMPARABLE)

    def data(self) -> str:
        """Write a graph."""
        draw = self._chance
        lines = [f"{node} a {draw.choice(_CLASSES)} ." for node in _NODES if draw.random() < 0.8]
        lines += [":A rdfs:subClassOf :B ."] if draw.random() < 0.7 else []
        lines += [":B rdfs:subClassOf :C . :C rdfs:subClassOf :B ."] if draw.random() < 0.3 else []
        for _ in range(draw.randint(0, 12)):
            values = _NODES if draw.random() < 0.5 else _MIXED
            lines.append(f"{draw.choice(_NODES)} {draw.choice(_LINKS)} {draw.choice(values)} .")
        for _ in range(draw.randint(0, 6)):
            value = draw.choice(self._comparable)
            lines.append(f"{draw.choice(_NODES)} {draw.choice(_VALUES)} {value} .")
        return PREFIXES + "\n".join(lines) + "\n"

    def shapes(self) -> str:
        """Write one to three shapes with targets."""
        return PREFIXES + "\n".join(self._shape(n) for n in range(self._chance.randint(1, 3)))

    def _shape(self, number: int) -> str:
        draw = self._chance
        target = draw.choice(
            [
                f"sh:targetClass {draw.choice(_CLASSES)}",
                f"sh:targetNode {draw.choice(_NODES)} , {draw.choice(_MIXED)}",
                f"sh:targetSubjectsOf {draw.choice(_LINKS)}",
                f"sh:targetObjectsOf {draw.choice(_LINKS)}",
            ]
        )
        said = draw.choice(["", "sh:severity sh:Warning ; ", 'sh:message "Why."@en ; '])
        if draw.random() < 0.7:
            return f":S{number} a sh:NodeShape ; {target} ; {said}{self._node(0)} ."
        return f":S{number} a sh:PropertyShape ; {target} ; {said}{self._property(0)} ."

    def _node(self, depth: int) -> str:
        ignored = " ".join(self._chance.sample(_LINKS, self._chance.randint(0, 2)))
        closed = f"sh:closed true ; sh:ignoredProperties ( rdf:type {ignored} )"
        return self._some([closed, *self._either(depth)], depth)

    def _property(self, depth: int) -> str:
        draw = self._chance
        if draw.random() < 0.2:
            low, high = draw.sample(_VALUES, 2)
            kind = draw.choice(["lessThan", "lessThanOrEquals", "equals", "disjoint"])
            return f"sh:path {low} ; sh:{kind} {high}"
        if draw.random() < 0.2:
            bound = draw.choice(["minInclusive", "minExclusive", "maxInclusive", "maxExclusive"])
            return f"sh:path {draw.choice(_VALUES)} ; sh:{bound} {draw.choice(self._comparable)}"
        counted = [
            f"sh:minCount {draw.randint(0, 2)}",
            f"sh:maxCount {draw.randint(0, 2)}",
            "sh:uniqueLang true",
        ]
        if depth < 2:
            counts = draw.choice(["Min", "Max"])
            apart = draw.choice(["", " ; sh:qualifiedValueShapesDisjoint true"])
            held = self._held(depth + 1)
            counted.append(f"sh:qualifiedValueShape {held}{apart} ; sh:qualified{counts}Count 1")
        return f"sh:path {self._path(0)} ; {self._some(counted + self._either(depth), depth)}"

    def _either(self, depth: int) -> list[str]:
        draw = self._chance
        members = " ".join(draw.sample(_NODES + _MIXED, draw.randint(1, 6)))
        languages = draw.choice(['"en"', '"en-GB"', '"fr" "en"'])
        found = [
            f"sh:class {draw.choice(_CLASSES)}",
            f"sh:datatype {draw.choice(_DATATYPES)}",
            f"sh:nodeKind sh:{draw.choice(_KINDS)}",
            f"sh:minLength {draw.randint(0, 3)}",
            f"sh:maxLength {draw.randint(0, 22)}",
            f"sh:pattern {draw.choice(_PATTERNS)}",
            f"sh:languageIn ( {languages} )",
            f"sh:equals {draw.choice(_LINKS)}",
            f"sh:disjoint {draw.choice(_LINKS)}",
            f"sh:hasValue {draw.choice(_NODES + _MIXED)}",
            f"sh:in ( {members} )",
        ]
        if depth < 2:
            kind = draw.choice(["and", "or", "xone"])
            found += [
                f"sh:node [ {self._node(depth + 1)} ]",
                f"sh:not {self._held(depth + 1)}",
                f"sh:{kind} ( {self._held(depth + 1)} {self._held(depth + 1)} )",
                f"sh:property [ {self._property(depth + 1)} ]",
            ]
        return found

    def _held(self, depth: int) -> str:
        node = self._chance.random() < 0.6
        return f"[ {self._node(depth) if node else self._property(depth)} ]"

    def _some(self, constraints: list[str], depth: int) -> str:
        number = self._chance.randint(1, 2 if depth else 3)
        return " ; ".join(self._chance.sample(constraints, number))

    def _path(self, depth: int) -> str:
        draw = self._chance
        chosen = draw.random()
        if depth > 1 or chosen < 0.5:
            return draw.choice(_LINKS)
        if chosen < 0.6:
            return f"[ sh:inversePath {draw.choice(_LINKS)} ]"
        if chosen < 0.72:
            return f"( {self._path(depth + 1)} {self._path(depth + 1)} )"
        if chosen < 0.82:
            return f"[ sh:alternativePath ( {self._path(depth + 1)} {self._path(depth + 1)} ) ]"
        times = draw.choice(["zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath"])
        return f"[ sh:{times} {self._path(depth + 1)} ]"
