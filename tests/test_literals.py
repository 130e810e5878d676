"""The forms of the datatypes of XML Schema 1.1, part 2."""

import pytest
from pyoxigraph import Literal, NamedNode, Quad

from communique.literals import malformed
from communique.namespaces import PREFIXES

_GOOD = {
    "boolean": "true false 0 1",
    "byte": "127 -128 +5",
    "date": "2025-03-18 2024-02-29 2025-03-18Z -0044-03-15 12025-01-01+14:00",
    "dateTime": "2025-03-18T10:00:00 2024-02-29T23:59:59.5Z 2025-01-01T24:00:00",
    "dateTimeStamp": "2025-03-18T10:00:00Z 2025-03-18T10:00:00-05:00",
    "dayTimeDuration": "P30D PT2H -P5DT1.5S",
    "decimal": "1 -1.5 .5 2.",
    "double": "1 1e5 -.5E-3 INF -INF NaN",
    "duration": "P1Y2M3DT4H PT1S -P1M",
    "gDay": "---31",
    "gMonth": "--03",
    "gMonthDay": "--03-18",
    "gYear": "2025 -0044 2025Z",
    "gYearMonth": "2025-03",
    "hexBinary": "00ff FF",
    "integer": "175 -1 +0",
    "language": "en zh-Hant",
    "negativeInteger": "-1",
    "nonNegativeInteger": "0 -0 5",
    "nonPositiveInteger": "0 -5",
    "positiveInteger": "1",
    "time": "10:00:00 23:59:59.999Z",
    "unsignedByte": "0 255",
    "yearMonthDuration": "P1Y -P2M",
}
_BAD = {
    "boolean": "yes TRUE",
    "byte": "128 1.0",
    "date": "2025-13-18 2023-02-29 2025-3-18 18.03.2025 2025-03-00",
    "dateTime": "2025-03-18 2025-02-30T10:00:00 2025-03-18T25:00:00 2025-03-18T10:00",
    "dateTimeStamp": "2025-03-18T10:00:00",
    "dayTimeDuration": "30D P PT P1Y",
    "decimal": "1e5 . INF",
    "double": "inf 1e",
    "duration": "P PT P1S",
    "gDay": "--31 ---32",
    "gMonth": "--13",
    "gMonthDay": "--00-18",
    "gYear": "25",
    "gYearMonth": "2025-3 2025-13",
    "hexBinary": "f xyz",
    "integer": "abc 1.0 \u0661",
    "language": "e_n",
    "negativeInteger": "0",
    "nonNegativeInteger": "-1",
    "nonPositiveInteger": "1",
    "positiveInteger": "0",
    "time": "10:00 25:00:00",
    "unsignedByte": "256 -1",
    "yearMonthDuration": "P1D",
}


def _pairs(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(kind, text) for kind, texts in table.items() for text in texts.split()]


def _is_malformed(kind: str, text: str) -> bool:
    literal = Literal(text, datatype=NamedNode(PREFIXES["xsd"] + kind))
    return bool(list(malformed([Quad(NamedNode("urn:s"), NamedNode("urn:p"), literal)])))


@pytest.mark.parametrize(("kind", "text"), _pairs(_GOOD))
def test_a_value_of_a_datatype_has_its_form(kind: str, text: str) -> None:
    assert not _is_malformed(kind, text)


@pytest.mark.parametrize(
    ("kind", "text"), [*_pairs(_BAD), *((kind, "") for kind in sorted(_BAD.keys() - {"hexBinary"}))]
)
def test_what_is_no_value_of_a_datatype_does_not(kind: str, text: str) -> None:
    assert _is_malformed(kind, text)
