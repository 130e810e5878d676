"""Invented names, words, texts and codes: nothing of them is in the real articles."""

import hashlib
from itertools import count, pairwise
from pathlib import Path
from random import Random

from communique.passages import SHORTEST_DIGESTED

_SYLLABLES = [first + vowel for first in "bdfgklmnprstvz" for vowel in "aeiou"]
_NAMES = len(_SYLLABLES) ** 3
_STRIDE = 104_729
"""Has no factor in common with the number of names: another number has another name."""
_GIVEN = ("Alvo", "Brisa", "Corin", "Delma", "Edvin", "Farah", "Gesa", "Hanno", "Ilka", "Joram")
_BESIDE = {
    "Collective": ("Circle", "Crew"),
    "Organ": ("Bureau", "Directorate"),
    "Place": ("Valley", "Shore"),
    "Platform": ("Board", "Wire"),
    "Post": ("Steward", "Registrar"),
    "State": ("Republic", "Realm"),
}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LARGEST_CODE = len(_LETTERS) ** 2
"""How many states can have a code of two letters."""

WORDS = tuple((Path(__file__).parent / "words.txt").read_text(encoding="utf-8").split())


def name(number: int) -> str:
    """Return a name of three syllables; another number has another name."""
    left, parts = number * _STRIDE % _NAMES, []
    for _ in range(3):
        left, at = divmod(left, len(_SYLLABLES))
        parts.append(_SYLLABLES[at])
    return "".join(parts).capitalize()


def labels(kind: str, number: int) -> tuple[str, ...]:
    """Return the label, and other labels, of an actor, place, post or platform of a class."""
    own = name(number)
    if kind == "Individual":
        given = _GIVEN[number % len(_GIVEN)]
        return f"{given} {own}", own, f"{given[0]} {own}"
    first, second = _BESIDE[kind]
    return f"{own} {first}", own, f"{own} {second}"


def phrase(random: Random, words: int, longest: int) -> str:
    """Return some words, as many as the length allows, but one at least."""
    text = " ".join(random.choices(WORDS, k=words))
    return text if len(text) <= longest else text[: longest + 1].rpartition(" ")[0] or WORDS[0]


def code(datatype: str, number: int) -> str:
    """Return a code of ISO 3166 for a state or a place, beginning with those for private use."""
    high, low = divmod((number + 23 * len(_LETTERS)) % LARGEST_CODE, len(_LETTERS))
    pair = _LETTERS[high] + _LETTERS[low]
    return {
        "cmq:ISO3166Alpha2": pair,
        "cmq:ISO3166Alpha3": f"{pair}X",
        "cmq:ISO3166Numeric": f"{(900 + number) % 1000:03}",
        "cmq:ISO3166Subdivision": f"XA-{number:03}",
    }[datatype]


def stretched(passages: list[list[int]], length: int, random: Random) -> dict[int, int]:
    """Return where every edge of a text comes to stand when its passages grow and shrink.

    `passages` are the edges in each passage, the first its start and the last its end, in code
    points; order is kept, and so is whether a passage is long enough to bear a digest.
    """
    moved, before, at = {}, 0, 0
    for edges in passages:
        at += edges[0] - before
        moved[edges[0]] = at
        gaps = [other - one for one, other in pairwise(edges)]
        fresh = [max(1, round(gap * random.uniform(0.8, 1.3))) for gap in gaps]
        if sum(gaps) >= SHORTEST_DIGESTED:
            fresh[-1] += max(0, SHORTEST_DIGESTED - sum(fresh))
        elif sum(fresh) >= SHORTEST_DIGESTED:
            fresh = gaps
        for edge, gap in zip(edges[1:], fresh, strict=True):
            at += gap
            moved[edge] = at
        before = edges[-1]
    moved[length] = at + length - before
    return moved


def text(passages: list[tuple[int, int]], length: int, number: int, random: Random) -> str:
    """Return a text of so many code points, with line ends where no passage is.

    Its digest begins with the last byte of the number, so that texts whose numbers are near do
    not share the beginning of their digests, by which places are named.
    """
    written = " ".join(random.choices(WORDS, k=length // 3))
    parts, at = [], 0
    for start, end in [*passages, (length, length)]:
        parts += ["\n" * (start - at), written[start:end]]
        at = end
    whole = "".join(parts)
    begun = hashlib.sha256(whole[:-6].encode())
    for nonce in count():
        digest = begun.copy()
        digest.update(f"{nonce:06}".encode())
        if digest.digest()[0] == number % 256:
            return f"{whole[:-6]}{nonce:06}"
    raise AssertionError(number)
