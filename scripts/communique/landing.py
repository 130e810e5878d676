"""Where a job of Spark writes: beside its goal first, and at its goal when all of it is there.

It works on whatever Spark can reach. A rename is one step on a disk and on HDFS, and many on an
object store; so a result counts when it holds the file `_COMMITTED`, which is written last.
"""

import json
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from communique.errors import CommuniqueError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

COMMITTED = "_COMMITTED"
_WRITTEN = "_SUCCESS"
_AND_ALL_BELOW = True


class Landing:
    """A folder that a job fills, on whatever file system its address names."""

    def __init__(self, spark: "SparkSession", out: str) -> None:
        """Refuse a place that holds something."""
        self._context: Any = spark.sparkContext
        self._out = out.rstrip("/")
        self._stage = f"{self._out}.staging-{secrets.token_hex(8)}"
        refuse_taken(spark, self._out)

    def path(self, name: str) -> str:
        """Return the address of a part, until it is at its goal."""
        return f"{self._stage}/{name}"

    def check(self, name: str) -> None:
        """Refuse a part that Spark did not write to its end."""
        if not exists(self._context, self.path(f"{name}/{_WRITTEN}")):
            raise CommuniqueError(f"{self.path(name)}: not written to its end. Run it again")

    def remove(self, name: str = "") -> None:
        """Remove a part, or all that is not at its goal."""
        path = self.path(name) if name else self._stage
        _system(self._context, path).delete(_path(self._context, path), _AND_ALL_BELOW)

    def commit(self, told: Mapping[str, object]) -> None:
        """Put everything at its goal, and say there that it counts, and what it holds."""
        system, goal = _system(self._context, self._out), _path(self._context, self._out)
        if exists(self._context, self._out) or not system.rename(
            _path(self._context, self._stage), goal
        ):
            raise CommuniqueError(f"{self._out}: somebody has written there. Choose another folder")
        mark = system.create(_path(self._context, f"{self._out}/{COMMITTED}"))
        try:
            mark.write(bytearray(json.dumps(told, sort_keys=True).encode() + b"\n"))
            mark.hsync()
        finally:
            mark.close()


def refuse_taken(spark: "SparkSession", out: str) -> None:
    """Refuse a place that holds a result, or something else."""
    context: Any = spark.sparkContext
    if exists(context, f"{out}/{COMMITTED}"):
        raise CommuniqueError(f"{out}: holds a result. Choose another folder")
    if exists(context, out):
        raise CommuniqueError(f"{out}: is there, and holds no whole result. Remove it")


def qualified(spark: "SparkSession", path: str) -> str:
    """Return an address in full, as Spark tells it of what it reads."""
    context: Any = spark.sparkContext
    if not exists(context, path):
        raise CommuniqueError(f"{path}: no such folder. Check the path")
    return str(_system(context, path).makeQualified(_path(context, path)).toString())


def passed_over(spark: "SparkSession", folder: str) -> list[str]:
    """List what Spark would pass over without a word: in its eyes `_` begins a hidden name."""
    context: Any = spark.sparkContext
    system = _system(context, folder)
    globs = (_path(context, f"{folder}/{above}_*") for above in ("", "*/", "*/*/"))
    return sorted(
        str(each.getPath().toString()) for glob in globs for each in system.globStatus(glob) or ()
    )


def exists(context: Any, path: str) -> bool:  # noqa: ANN401  a SparkContext, with what it hides
    """Tell whether something is there."""
    return bool(_system(context, path).exists(_path(context, path)))


def _path(context: Any, path: str) -> Any:  # noqa: ANN401  of Java
    return context._jvm.org.apache.hadoop.fs.Path(path)  # noqa: SLF001  there is no other way


def _system(context: Any, path: str) -> Any:  # noqa: ANN401  of Java
    return _path(context, path).getFileSystem(context._jsc.hadoopConfiguration())  # noqa: SLF001
