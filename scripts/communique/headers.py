"""What a question's `#+` lines say: YAML, and most often of a form that needs no parser.

Lines of the simple form mean to YAML what they mean here, and YAML reads all others. To load its
parser takes longer than to list all questions.
"""

from communique.errors import CommuniqueError

Header = dict[str, object]

_LONGEST = 1_000
_ASCII = frozenset(map(chr, range(128)))
_LETTERS = frozenset(filter(str.isalpha, _ASCII))
_NAME = frozenset(filter(str.isalnum, _ASCII)) | {"_"}
_WORDS = _NAME | frozenset(" '().;/-:")
_SENTENCE = _WORDS | frozenset(',?"')
_NO_TEXTS = frozenset({"true", "false", "yes", "no", "on", "off", "null"})
_TRUTHS = {"true": True, "false": False}


LONGEST = 8_192
"""Characters of a header at most."""
MOST_VALUES = 500
"""Keys and values in a header at most, each counted wherever it is repeated."""


class NotSimpleError(Exception):
    """A line is for YAML to read."""


def read(where: str, text: str) -> Header:
    """Read the header of a query."""
    lines = lines_of(text)
    try:
        return simple(lines)
    except NotSimpleError:
        return by_yaml(where, lines)


def lines_of(text: str) -> list[str]:
    """Return the lines of a header without their marks."""
    return [line[2:].removeprefix(" ") for line in text.splitlines() if line.startswith("#+")]


def simple(lines: list[str]) -> Header:
    """Read lines of `key: sentence`, `key: [word, word]`, `key:`, and `  name: {key: word}`."""
    header: Header = {}
    inner: Header | None = None
    for line in lines:
        key, _, said = line.partition(": ")
        if len(line) > _LONGEST:
            raise NotSimpleError
        if line.endswith(":"):
            inner = header[_text(line[:-1], _NAME)] = {}
        elif inner is not None and line.startswith("  "):
            inner[_text(key[2:], _NAME)] = _pairs(said)
        else:
            inner, header[_text(key, _NAME)] = None, _sentence_or_list(said)
    if not all(header.values()):
        raise NotSimpleError
    return header


def by_yaml(where: str, lines: list[str]) -> Header:
    """Read any header."""
    import yaml

    if sum(map(len, lines)) > LONGEST:
        raise CommuniqueError(
            f"{where}: header has more than {LONGEST:,} characters. Say less in it"
        )
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        header = yaml.load("\n".join(lines), Loader=loader) or {}  # noqa: S506  it is a safe one
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise CommuniqueError(f"{where}: header is not YAML. Mend its #+ lines") from error
    if not isinstance(header, dict):
        raise CommuniqueError(f"{where}: header has no keys. Write `#+ summary: ...`")
    if not _is_small(header):
        what = f"header holds more than {MOST_VALUES} values, one within another or not"
        raise CommuniqueError(f"{where}: {what}. Say less in it, and without & and *")
    return header


def _is_small(header: Header) -> bool:
    waiting: list[object] = [header]
    for _ in range(MOST_VALUES):
        if not waiting:
            return True
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list | tuple | set):
            waiting += each
    return False


def _sentence_or_list(said: str) -> str | list[str]:
    if _within(said, "[]"):
        return [_text(part, _WORDS) for part in said[1:-1].split(", ")]
    return _text(said, _SENTENCE)


def _pairs(said: str) -> Header:
    if not _within(said, "{}"):
        raise NotSimpleError
    pairs = (part.partition(": ") for part in said[1:-1].split(", "))
    return {_text(key, _NAME): _word(value) for key, _, value in pairs}


def _word(text: str) -> str | bool:
    return _TRUTHS[text] if text in _TRUTHS else _text(text, _WORDS)


def _text(text: str, signs: frozenset[str]) -> str:
    """Return what is a text to YAML as it is: no number, no truth, nothing in it that ends it."""
    alone = ": " not in text and not text.endswith((" ", ":"))
    if text[:1] in _LETTERS and signs.issuperset(text) and alone and text.lower() not in _NO_TEXTS:
        return text
    raise NotSimpleError


def _within(text: str, brackets: str) -> bool:
    return text[:1] + text[-1:] == brackets
