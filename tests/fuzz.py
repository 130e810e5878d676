"""Spoil files of the repository at random and read them: nothing but a finding may come of it.

    python tests/fuzz.py        for FUZZ_SECONDS (60), from FUZZ_SEED (the time)

A child reads; where it dies, hangs or fails, the file that it read is kept in tests/hostile/found/,
to be mended and added to the corpus. The exit code is 1 if there is one.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyoxigraph import RdfFormat

ROOT = Path(__file__).parents[1]
FOUND = ROOT / "tests" / "hostile" / "found"
_MEMORY = 2**30
_SECONDS = 10
_BATCH = 200
_PIECES = (
    *(b"<", b">", b"<<", b"<<(", b")>>", b"{", b"}", b"{|", b"[", b"]", b"(", b")", b'"', b"'"),
    *(b'"""', b"'''", b"#", b"\\", b"\\u", b"\\u0000", b"\\uD800", b"\\U0010FFFF", b".", b";"),
    *(b",", b"@", b"^^", b"a", b"_:", b":", b"=>", b"~", b"\r", b"\n", b"\r\n", b"\t", b"\0"),
    *(b"\xef\xbb\xbf", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\xf0\x9f\x98\x80"),
    *(
        b"PREFIX ",
        b"@prefix ",
        b"BASE ",
        b'VERSION "1.2"',
        b"@en--ltr",
        b"GRAPH ",
        b"true",
        b"1e999999999",
        b"-0.",
        b"sh:select ",
    ),
    *(b"SERVICE ", b"SELECT ", b"UNION ", b"#+ ", b"&a", b"*a"),
)


def corpus() -> list[Path]:
    """List what is spoilt: the project's own files, the fixtures, and the hostile files."""
    folders = ("ontology", "data", "shapes", "queries", "tests/shapes", "tests/project")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.*")]
    shared = ROOT.parent / "shared" / "w3c"
    paths += [*(ROOT / "tests" / "hostile" / "files").iterdir(), *shared.rglob("*.ttl")]
    return sorted(path for path in paths if path.is_file() and path.stat().st_size < 2**16)


def spoilt(data: bytes, chance: random.Random) -> bytes:
    """Return a file with a few bytes flipped, pieces put in, and stretches lost or repeated."""
    text = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.randint(1, 40))
        kind = chance.randrange(6)
        if kind == 0 and at < len(text):
            text[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            text[at:at] = chance.choice(_PIECES) * chance.choice((1, 1, 2, 70, 3000))
        elif kind == 2:
            del text[at:end]
        elif kind == 3:
            text[at:at] = text[at:end] * chance.choice((1, 2, 100))
        elif kind == 4:
            text[at:end] = chance.choice(_PIECES)
        else:
            del text[at:]
    return bytes(text)


def read(path: Path) -> None:
    """Read one file as the tool reads it: through the gate, then where each triple stands."""
    from pyoxigraph import RdfFormat

    from communique import headers
    from communique.errors import CommuniqueError
    from communique.intake import documents

    formats = {
        ".ttl": RdfFormat.TURTLE,
        ".trig": RdfFormat.TRIG,
        ".nt": RdfFormat.N_TRIPLES,
        ".nq": RdfFormat.N_QUADS,
    }
    root = path.parents[1]
    passed, findings = documents(root, (path.parent.name,))
    for finding in findings:
        str(finding).encode()
    for document in passed:
        with suppress(CommuniqueError):
            if path.suffix == ".rq":
                headers.read(document.path, document.text)
            else:
                _compare(document.text, formats[path.suffix])


def _compare(text: str, syntax: "RdfFormat") -> None:
    """Read Turtle twice: as triples, and where each triple stands."""
    from pyoxigraph import parse

    from communique import positions

    try:
        triples: object = len(list(parse(text.encode(), format=syntax)))
    except SyntaxError:
        triples = "no Turtle"
    try:
        places: object = len(positions.read(text, syntax=syntax).triples)
    except positions.NotTurtle:
        places = "no Turtle"
    if triples != places:
        message = f"read as {triples}, placed as {places}"
        raise AssertionError(message)


def serve() -> None:
    """Read the files whose paths come in, one a line, and say of each what came of it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (2 * _MEMORY, 2 * _MEMORY))
    for line in sys.stdin:
        resource.setrlimit(
            resource.RLIMIT_CPU, (int(time.process_time()) + _SECONDS, resource.RLIM_INFINITY)
        )
        try:
            read(Path(line.rstrip("\n")))
            said = ""
        except Exception:  # noqa: BLE001  whatever comes is what is looked for
            said = traceback.format_exc()
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


def tried(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the files that were not read as they should, and what came of them."""
    while paths:
        lines = "".join(f"{path}\n" for path in paths)
        done = subprocess.run(
            [sys.executable, __file__, "serve"],
            input=lines,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        said = [json.loads(line) for line in done.stdout.splitlines()]
        yield from ((path, what) for path, what in zip(paths, said, strict=False) if what)
        if len(said) < len(paths):
            yield (
                paths[len(said)],
                f"the process ended with {done.returncode}\n{done.stderr[-500:]}",
            )
        paths = paths[len(said) + 1 :]


def keep(path: Path, what: str) -> Path:
    """Keep a file that did harm, named by its digest, with what came of it."""
    data = path.read_bytes()
    FOUND.mkdir(exist_ok=True)
    kept = FOUND / f"{sha256(data).hexdigest()[:12]}{path.suffix}.sample"
    kept.write_bytes(data)
    kept.with_suffix(".txt").write_text(what, "utf-8")
    return kept


def main() -> int:
    """Spoil and read until the time is over."""
    seconds = float(os.environ.get("FUZZ_SECONDS", "60"))
    seed = int(os.environ.get("FUZZ_SEED", str(int(time.time()))))
    chance, files = random.Random(seed), corpus()
    end, count, kept = time.monotonic() + seconds, 0, dict[str, Path]()
    while time.monotonic() < end:
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for number in range(_BATCH):
                source = chance.choice(files)
                suffix = Path(source.name.removesuffix(".sample")).suffix
                suffix = suffix if suffix in {".ttl", ".trig", ".nt", ".nq", ".rq"} else ".ttl"
                kind = "queries" if suffix == ".rq" else "data"
                path = Path(folder) / str(number) / kind / f"x{suffix}"
                path.parent.mkdir(parents=True)
                path.write_bytes(spoilt(source.read_bytes(), chance))
                paths.append(path)
            for path, what in tried(paths):
                kept.setdefault(what.strip().splitlines()[-1], keep(path, what))
        count += _BATCH
    told = [f"{where.relative_to(ROOT)}: {what}" for what, where in kept.items()]
    total = f"{count:,} files read with seed {seed}; {len(kept)} kinds of harm"
    sys.stdout.write("\n".join([*told, total, ""]))
    return int(bool(kept))


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        sys.exit(main())
