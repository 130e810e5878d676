"""Faults of known kinds, each of which breaks one rule in one place."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """A fault, planted where a pattern finds its thing in the Turtle of the real article."""

    kind: str
    rule: str
    """The shape that it breaks, and no other."""
    pattern: str
    """Matches the place, with the local name of the thing as the group `thing`."""
    instead: str

    def planted(self, turtle: str) -> tuple[str, str]:
        """Return an article with this fault, and the local name of the thing that has it."""
        found = re.search(self.pattern, turtle, flags=re.MULTILINE)
        if found is None:
            raise SystemExit(f"planted.py: no place for '{self.kind}'. Mend its pattern")
        spoilt = found.expand(self.instead)
        return f"{turtle[: found.start()]}{spoilt}{turtle[found.end() :]}", found["thing"]


def _after(letter: str, last: str) -> str:
    """Match a thing from its name to the beginning of a line, which is the group `before`."""
    return rf"^(?P<before>a1:(?P<thing>{letter}[0-9]\w*)\n(?:    .*\n)*?    {last})"


FAULTS = (
    Fault(
        "an event without a label",
        "shape:Thing-label",
        _after("v", "a .*\n") + r"    rdfs:label .*\n",
        r"\g<before>",
    ),
    Fault(
        "a statement with two forces",
        "shape:Statement-force",
        _after("s", "cmq:force") + " cmqv:assert ;\n",
        r"\g<before>\n        cmqv:announce ,\n        cmqv:assert ;\n",
    ),
    Fault(
        "another voice than the label says",
        "shape:Statement-label-voice",
        r"^(?P<before>a1:(?P<thing>s[0-9]+a)\n    a .*\n    rdfs:label .*\n    cmq:content .*\n"
        r"    cmq:force cmqv:object ;\n    cmq:voice) actor:(?!players)[\w-]+",
        r"\g<before> actor:players",
    ),
    Fault(
        "a membership without attribution",
        "shape:Membership-attribution",
        _after("r", "a .*\n") + "    cmq:attribution .*\n",
        r"\g<before>",
    ),
    Fault(
        "a finding without comment",
        "shape:Finding-comment",
        r"^(?P<before>a1:(?P<thing>f[0-9]+)\n(?:    .*\n)*?)    rdfs:comment .*\n",
        r"\g<before>",
    ),
    Fault(
        "a quantity of an unknown basis",
        "shape:Quantity-basis",
        _after("q", "cmq:basis") + r" cmqv:\S+",
        r"\g<before> cmqv:assert",
    ),
    Fault(
        "an assessment with a figure",
        "shape:Situation",
        _after("x", "a cmq:Assessment ;\n"),
        r"\g<before>    cmq:value 3 ;\n",
    ),
    Fault(
        "a day that is reckoned wrongly",
        "shape:TimeReference-resolvesTo-reckoned",
        _after("t", "cmq:offset") + ' "P1D"',
        r'\g<before> "P2D"',
    ),
)
"""They belong to one layer, the constraints, and so leave one another to be found."""
