"""What is read of Turtle before any engine reads it: its marks, its strings and its IRIs.

Everything is read once, from the first character to the last. What stands between the marks
(names, words, spaces) is looked at only where it is odd.
"""

import re
import sys
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from typing import ClassVar

from communique.findings import Finding
from communique.namespaces import PREFIXES
from communique.refusals import Text

DEEPEST = 64
LARGEST_LITERAL = 2**20
LARGEST_IRI = 2048
LONGEST_NUMBER = 100
SCHEMES = frozenset({"http", "https", "mailto", "tel", "urn"})
MOST_MARKS = 1_500_000
_MOST = 100
_MEASURED_PART = 100_000

_SURROGATES = range(0xD800, 0xE000)
_XSD = PREFIXES["xsd"]
_UNMEASURED = frozenset(
    _XSD + name
    for name in ("anyURI", "base64Binary", "hexBinary", "normalizedString", "string", "token")
)
_FLOATING = frozenset({_XSD + "double", _XSD + "float"})

_MARK = re.compile(r"[\"'<#\[\](){}=~\\]")
_STRING = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+"""'
    r"|'''(?:[^'\\]++|\\.|'(?!''))*+'''"
    r'|(?!""")"(?:[^"\\\r\n]++|\\[^\r\n])*+"'
    r"|(?!''')'(?:[^'\\\r\n]++|\\[^\r\n])*+'",
    re.DOTALL,
)
_STRETCH = re.compile(rf"{_STRING.pattern}|<[^>\r\n]*>|#[^\r\n]*|\\.", re.DOTALL)
_COMMENTS = re.compile(r"(?:#[^\r\n]*\s*)++")
_IRI = re.compile(r"<[^>\r\n]*>")
_PLAIN_IRI = re.compile(r"<https?://[!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~-]{1,2000}>")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)")
_IN_NO_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')
_PREFIX = re.compile(r"(?:^|.*[^\w:%\\-])@?prefix", re.IGNORECASE | re.DOTALL)
_VERSION = re.compile(r"(?:|.*[^\w:%\\-])@?version", re.IGNORECASE | re.DOTALL)
_DIRECTION = re.compile(r"@[A-Za-z]+(?:-[A-Za-z0-9]+)*--[A-Za-z]*")
_BASE = re.compile(r"(?:^|.*[^\w:%\\-])@?base", re.IGNORECASE | re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([^uU]))", re.DOTALL)
_SHORT_ESCAPES = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_PATTERN = re.compile(r"pattern>?\s*$")
_AROUND = re.compile(r"(?:\s+|#[^\r\n]*)*")
_DATATYPE = re.compile(r"\^\^(?:\s+|#[^\r\n]*)*(<[^>\r\n]*>|[^\s<>\"'(){}\[\];,#]*)")
_MEASURED = re.compile(r"[-+\d.,:TZPYMDHWSeEINFa\s]+")
_EXPONENT = re.compile(r"\s*[-+]?[\d.]+[eE][-+]?\d+\s*")
_WORD = re.compile(r"[^\s;,]{101,}")
_NUMBER = re.compile(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?")

CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_STRANGE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile(
    "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028\u2029\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000e0000-\U000e0fff]"
)
_MERGE = re.compile(r"(?<![^\r\n])(?:<{7}|>{7}|\|{7})(?: [^\r\n]*)?(?![^\r\n])")
_MERGING = ("<<<<<<<", ">>>>>>>", "|||||||")
_PARTS = re.compile(r"[^/#?:.@&=]+")
_TOGETHER = frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})


def unescaped(text: str) -> str:
    """Return what a string or an IRI stands for; an escape of no character stays as it is."""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    if escape[3]:
        return _SHORT_ESCAPES.get(escape[3], escape[3])
    code = int(escape[1] or escape[2], 16)
    return chr(code) if code <= sys.maxunicode and code not in _SURROGATES else escape[0]


def strange(text: Text) -> Iterator[Finding]:
    """Yield the control characters of any text, and those that turn its order."""
    if text.text.isascii() and text.text.isprintable():
        return
    merge = any(sign in text.text for sign in _MERGING) and _MERGE.search(text.text)
    if merge:
        message = "This file holds an unfinished merge."
        yield text.refuse("merge-marker", *merge.span(), message, "choose one of the two sides")
    for count, found in enumerate(_STRANGE.finditer(text.text)):
        if count == _MOST:
            return
        name = f"U+{ord(found[0]):04X}"
        if TURNING.match(found[0]):
            message = f"The character {name} turns the order in which the text is shown."
            yield text.refuse("bidi", *found.span(), message, "remove it")
        else:
            message = f"The control character {name} stands in the text."
            yield text.refuse("control-character", *found.span(), message, "remove it")


def hidden_in(name: str) -> bool:
    """Tell whether a name holds a character that cannot be seen, or that turns its order."""
    return any(odd.search(name) for odd in (_STRANGE, _INVISIBLE)) or not name.isprintable()


class Scan:
    """Reads one file of Turtle, TriG, N-Triples or N-Quads."""

    def __init__(self, text: Text, suffix: str, watched: Collection[str] = ()) -> None:
        """Take the text, how the name of its file ends, and IRIs to look out for."""
        self._text = text
        self._written = text.text
        self._graphs = suffix == ".trig"
        self._depth = 0
        self._too_deep = False
        self._end = 0
        self._words: list[str] = []
        self._findings: list[Finding] = []
        self._watched = watched
        self.prefixes: dict[str, str] = {}
        self.seen: set[str] = set()
        """Which of the watched IRIs stand in the file."""

    def findings(self) -> list[Finding]:
        """Read it; after a hundred findings the rest is not read."""
        self._findings.extend(strange(self._text))
        if any(finding.rule.id == "merge-marker" for finding in self._findings):
            return self._findings
        at, length, mark, left = 0, len(self._written), _MARK.search, MOST_MARKS
        while len(self._findings) < _MOST and not self._too_deep:
            left -= 1
            if not left:
                return [*self._findings, self._crowded(at)]
            found = mark(self._written, at)
            start = found.start() if found else length
            if start - at:
                self._between(at, start)
            if not found:
                break
            at = self._READ[found[0]](self, start)
        return self._findings

    def _refuse(self, rule: str, start: int, end: int, message: str, hint: str) -> None:
        self._findings.append(self._text.refuse(rule, start, end, message, hint))

    def _crowded(self, at: int) -> Finding:
        message = f"A file has {MOST_MARKS:,} brackets, strings, IRIs and comments at most."
        return self._text.refuse("file-size", at, at + 1, message, "divide the file")

    def _string(self, start: int) -> int:
        found = _STRING.match(self._written, start)
        if not found:
            return self._unclosed(start, "string", self._written[start] * 2)
        end = found.end()
        if self._words and _VERSION.fullmatch(self._words[-1]):
            message = "A version other than RDF 1.1 is announced, which is not read here."
            self._refuse("rdf-1.1", start, end, message, "remove the line")
        self._words = []
        raw = inside(found[0])
        if not raw:
            return end
        if len(raw) > LONGEST_NUMBER or "\\" in raw:
            self._literal(start, end, raw)
        if raw[0] in "+-0123456789.P \t\n\r\\":
            self._measure(start, end, unescaped(raw[:_MEASURED_PART]))
        return end

    def _unclosed(self, start: int, what: str, more: str) -> int:
        end = start + 1
        while self._written.startswith(more, end) and end < start + 3:
            end = start + 3
        self._refuse("unclosed", start, end, f"The {what} that begins here has no end.", "close it")
        self._too_deep = True
        return len(self._written)

    def _literal(self, start: int, end: int, raw: str) -> None:
        """Look at a literal that is long or has escapes."""
        if len(raw) > LARGEST_LITERAL // 4:
            size = len(raw.encode())
            if size > LARGEST_LITERAL:
                message = f"A literal has {size:,} bytes."
                self._refuse("literal-size", start, end, message, "keep long texts out of the data")
        if "\\u" in raw or "\\U" in raw:
            self._escapes(start, end)

    def _escapes(self, start: int, end: int) -> None:
        excused = _PATTERN.search(self._written[max(0, start - LONGEST_NUMBER) : start])
        for found in _ESCAPE.finditer(self._written, start, end):
            if found[3]:
                continue
            code = int(found[1] or found[2], 16)
            if code > sys.maxunicode or code in _SURROGATES:
                message = f"The escape {found[0]} names no character."
                self._refuse("escape", *found.span(), message, "write the character itself")
            elif TURNING.match(chr(code)):
                message = f"The escape {found[0]} turns the order in which the text is shown."
                self._refuse("bidi", *found.span(), message, "remove it")
            elif CONTROLS.match(chr(code)) and (code == 0 or not excused):
                message = f"The escape {found[0]} names a control character."
                self._refuse("control-character", *found.span(), message, "remove it")
            if len(self._findings) >= _MOST:
                return

    def _measure(self, start: int, end: int, value: str) -> None:
        """Look at a literal that may be a number, a date or a duration."""
        long = len(value) > LONGEST_NUMBER and _MEASURED.fullmatch(value)
        high = not long and _EXPONENT.fullmatch(value)
        if not long and not high:
            return
        after = _AROUND.match(self._written, end)
        typed = _DATATYPE.match(self._written, after.end() if after else end)
        if not typed:
            return
        kind = self._resolved(typed[1])
        if long and kind not in _UNMEASURED:
            message = f"A value of {end - start:,} characters stands where a number or a date does."
            self._refuse("number-size", start, typed.end(), message, "write it shorter")
        elif high and kind not in _FLOATING | _UNMEASURED:
            message = "This number has an exponent, and its datatype has none."
            self._refuse("number-exponent", start, typed.end(), message, "write the number out")

    def _resolved(self, name: str) -> str:
        """Return the IRI of a name as written, or the name itself if its prefix is unknown."""
        if name.startswith("<"):
            return unescaped(name[1:-1])
        prefix, colon, local = name.rstrip(".").partition(":")
        space = self.prefixes.get(prefix)
        return space + local if space is not None and colon else name

    def _iri(self, start: int) -> int:
        if self._written.startswith("<<", start):
            return self._triple_term(start, start + 2)
        found = _IRI.match(self._written, start)
        if not found:
            return self._unclosed(start, "IRI", "\0")
        end, words = found.end(), self._words
        self._words = []
        iri = found[0][1:-1]
        if not _PLAIN_IRI.fullmatch(found[0]):
            iri = unescaped(iri)
            problem = None if _STRANGE.search(found[0]) else _iri_problem(iri, found[0])
            if words and _BASE.fullmatch(words[-1]):
                problem = ("base", "A base makes other IRIs of those written.", "write them out")
            if problem:
                self._refuse(problem[0], start, end, *problem[1:])
        elif words and _BASE.fullmatch(words[-1]):
            message = "A base makes other IRIs of those written."
            self._refuse("base", start, end, message, "write the IRIs out")
        if iri in self._watched:
            self.seen.add(iri)
        if words[1:] and words[1].endswith(":") and _PREFIX.fullmatch(words[0]):
            self._declare(words[1][:-1], iri, start, end)
        return end

    def _declare(self, prefix: str, iri: str, start: int, end: int) -> None:
        known = self.prefixes.setdefault(prefix, iri)
        if known != iri:
            message = f"The prefix {prefix}: already stands for <{known}> in this file."
            self._refuse("prefix-redefined", start, end, message, "declare another prefix")

    def _comment(self, start: int) -> int:
        found = _COMMENTS.match(self._written, start)
        return found.end() if found else start + 1

    def _open(self, start: int) -> int:
        self._words = []
        self._depth += 1
        if self._depth > DEEPEST and not self._too_deep:
            self._too_deep = True
            message = f"Brackets nest deeper than {DEEPEST} here."
            self._refuse("nesting", start, start + 1, message, "nest less, or name the parts")
        return start + 1

    def _close(self, start: int) -> int:
        self._words = []
        self._depth = max(0, self._depth - 1)
        return start + 1

    def _brace(self, start: int) -> int:
        if self._written.startswith("{|", start):
            return self._triple_term(start, start + 2)
        if not self._graphs:
            return self._formula(start)
        return self._open(start)

    def _formula(self, start: int) -> int:
        sign = "=>" if self._written.startswith("=>", start) else self._written[start]
        message = f"The sign {sign} belongs to formulas and rules (N3), which are not read."
        self._refuse("n3", start, start + len(sign), message, "write plain triples")
        self._too_deep = True
        return start + len(sign)

    def _triple_term(self, start: int, end: int) -> int:
        message = "Something is said of a triple (RDF 1.2), which is not read here."
        self._refuse("triple-term", start, end, message, "give the statement an IRI")
        self._too_deep = True
        return end

    def _reifier(self, start: int) -> int:
        return self._triple_term(start, start + 1)

    def _escaped(self, start: int) -> int:
        return start + 2

    def _between(self, start: int, end: int) -> None:
        """Look at the names and words between two marks."""
        text = self._written[start:end]
        if text.isspace():
            return
        words = text.split()
        self._words = [*self._words, *words[-2:]][-2:]
        turned = text.startswith("@") and _DIRECTION.match(text)
        if turned:
            message = "A language has a direction (RDF 1.2), which is not read here."
            self._refuse("rdf-1.1", start, start + turned.end(), message, "leave out --")
        if end - start > LONGEST_NUMBER and max(map(len, words), default=0) > LONGEST_NUMBER:
            self._long_words(text, start)
        if not text.isascii():
            self._odd_words(text, start)

    def _long_words(self, text: str, start: int) -> None:
        for found in _WORD.finditer(text):
            first, last = start + found.start(), start + found.end()
            if _NUMBER.fullmatch(found[0]):
                message = f"A number has {len(found[0]):,} characters."
                self._refuse("number-size", first, last, message, "write it shorter")
            elif len(found[0]) > LARGEST_IRI:
                message = f"A name has {len(found[0]):,} characters."
                self._refuse("iri-size", first, last, message, "shorten it")

    def _odd_words(self, text: str, start: int) -> None:
        for found in re.finditer(r"[^\s;,]+", text):
            word = found[0]
            if word.isascii() or TURNING.search(word):
                continue
            problem = _look(word)
            if problem:
                self._refuse(problem[0], start + found.start(), start + found.end(), *problem[1:])

    _READ: ClassVar[Mapping[str, Callable[["Scan", int], int]]] = {
        '"': _string,
        "'": _string,
        "<": _iri,
        "#": _comment,
        "[": _open,
        "(": _open,
        "]": _close,
        ")": _close,
        "{": _brace,
        "}": _close,
        "=": _formula,
        "~": _reifier,
        "\\": _escaped,
    }


def stretches(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the strings, the IRIs and the comments of a scanned text begin and end."""
    return (found.span() for found in _STRETCH.finditer(text) if found[0][0] != "\\")


def inside(string: str) -> str:
    """Return a string without its quotation marks."""
    marks = 3 if string.startswith(('"""', "'''")) else 1
    return string[marks:-marks]


def _iri_problem(iri: str, raw: str) -> tuple[str, str, str] | None:
    """Say against which rule an IRI is, with a message and a hint."""
    odd = _odd_character(iri, raw)
    if odd:
        return odd
    scheme = _SCHEME.match(iri)
    if not scheme:
        message = f"The IRI <{iri}> depends on where its file lies."
        return "relative-iri", message, "write it in full, with its scheme"
    if scheme[0].casefold() not in SCHEMES:
        message = f"The IRI <{iri}> has the scheme {scheme[0]}."
        return "iri-scheme", message, f"use {', '.join(sorted(SCHEMES))}"
    size = len(iri.encode())
    if size > LARGEST_IRI:
        return "iri-size", f"An IRI has {size:,} bytes.", "shorten it"
    return _look(iri)


def _odd_character(iri: str, raw: str) -> tuple[str, str, str] | None:
    """Say which character no IRI has, or turns what stands there."""
    escape = _ESCAPE.search(iri)
    if escape and not escape[3]:
        message = f"The escape {escape[0]} names no character."
        return "escape", message, "write the character itself"
    found = _IN_NO_IRI.search(iri)
    if found:
        how = "escapes" if "\\" in raw else "holds"
        message = f"An IRI {how} the character {found[0]!r}, which no IRI has."
        return "iri-character", message, f"write %{ord(found[0]):02X}"
    if TURNING.search(iri):
        return "bidi", "A character of this IRI turns the order in which it is shown.", "remove it"
    return None


@lru_cache(1024)
def _look(name: str) -> tuple[str, str, str] | None:
    """Say what of a name does not look as it is."""
    if name.isascii():
        return None
    found = _INVISIBLE.search(name)
    if found:
        code = f"U+{ord(found[0]):04X}"
        return "invisible", f"A name holds {code}, which cannot be seen.", "remove it"
    for part in _PARTS.findall(name):
        scripts = {_script(letter) for letter in part if letter.isalpha()}
        if len(scripts) > 1 and not scripts <= _TOGETHER:
            mixed = " and ".join(sorted(script.capitalize() for script in scripts))
            return "mixed-script", f"The name {part} mixes the scripts {mixed}.", "use one script"
    return None


@lru_cache(1024)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").partition(" ")[0]
