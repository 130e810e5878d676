"""Apache Spark: where it runs, and the articles as rows of it.

Spark is imported where a job begins, and nowhere before.
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from communique import intake, resources
from communique.errors import CommuniqueError
from communique.landing import passed_over, qualified
from communique.watched import SECONDS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

GROUP = 200
"""Articles in a partition, at most."""
_BATCH = 32
"""Articles that are handed to Python at once."""
_ROOM = 4 * 2**20
"""What Spark counts for opening a file, so that the number of files is what fills a partition."""
_LOCAL = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
"""Nobody else has to reach a driver whose workers are threads of its own."""
_RAISED = re.compile(r"(?!pyspark\.|py4j\.|org\.apache\.)[\w.]*(?:Error|Exception): ")
"""What Python ends a traceback with; what Spark makes of it names only Spark."""
_FOLDER = "data/articles/"
"""Where an article is in a project, wherever it is read from."""


@dataclass(frozen=True)
class Job:
    """Where a job runs, and on what."""

    articles: str
    """The address of a folder with files of articles, or of Parquet with `path` and `content`."""
    out: str
    shards: bool = False
    """Whether the articles are Parquet."""
    master: str | None = None
    settings: tuple[tuple[str, str], ...] = ()
    group: int = GROUP
    seconds: float = SECONDS


@contextmanager
def session(job: Job) -> "Iterator[SparkSession]":
    """Start Spark, or join the one that `spark-submit` has started, and stop it in the end."""
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        message = "spark: needs pyspark, pandas and pyarrow. pip install 'communique[spark]'"
        raise CommuniqueError(message) from error
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("communique")
    for name, value in _settings(job).items():
        builder = builder.config(name, value)
    try:
        spark = builder.getOrCreate()
    except (Py4JError, PySparkException, RuntimeError, OSError) as error:
        raise CommuniqueError(f"spark: does not start: {_cause(error)}. See --master") from error
    try:
        spark.sparkContext.setLogLevel("ERROR")
        yield spark
    except (Py4JError, PySparkException) as error:
        raise CommuniqueError(f"spark: the job failed: {_cause(error)}. Mend that") from error
    finally:
        spark.stop()


def _settings(job: Job) -> dict[str, str]:
    """Return what Spark is told, the last word being the caller's."""
    master = job.master or ("" if "PYSPARK_GATEWAY_PORT" in os.environ else "local[*]")
    return {
        **({"spark.master": master} if master else {}),
        **(_LOCAL if master.startswith("local") else {}),
        "spark.log.level": "ERROR",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(_BATCH),
        "spark.sql.files.maxPartitionBytes": str(job.group * _ROOM),
        "spark.sql.files.openCostInBytes": str(_ROOM),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": str(sys.stderr.isatty()).lower(),
        **dict(job.settings),
    }


def _cause(error: Exception) -> str:
    """Return the line that says why a job failed, of all that Java and Python say then."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if _RAISED.match(line)]
    return (told or lines or [type(error).__name__])[0].rstrip(".")


def articles_of(spark: "SparkSession", job: Job, only: Sequence[str] = ()) -> "DataFrame":
    """Return the articles as rows of `path` and `content`, which is null if it is too large.

    With `only` no others are opened than these, by their paths in a project.
    """
    from pyspark.sql import functions

    top = qualified(spark, job.articles)
    small = functions.col("length") <= intake.LARGEST_FILE
    nothing = functions.lit(None).cast("binary")
    if job.shards:
        frame = spark.read.parquet(job.articles)
        missing = {"path", "content"} - set(frame.columns)
        if missing:
            raise CommuniqueError(f"{job.articles}: no column {min(missing)}. Add it")
        content = functions.col("content").cast("binary")
        kept = functions.when(functions.length(content) <= intake.LARGEST_FILE, content)
        chosen = frame.where(frame.path.isin([*only])) if only else frame
        return chosen.select("path", kept.alias("content"))
    hidden = passed_over(spark, job.articles)
    if hidden:
        raise CommuniqueError(f"{hidden[0]}: Spark passes over names with _. Rename it")
    places = [_literally(f"{top}/{name.removeprefix(_FOLDER)}") for name in only]
    reader = spark.read.format("binaryFile").option("recursiveFileLookup", "true")
    found = reader.load(places or job.articles)
    path = functions.substring("path", len(top) + 2, 2**31 - 1)
    name = functions.concat(functions.lit(_FOLDER), path).alias("path")
    large = found.where(~small).select(name, nothing.alias("content"))
    return found.where(small).select(name, "content").unionAll(large)


def _literally(path: str) -> str:
    """Return an address in which no sign stands for others."""
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", path)


def check_version(version: str) -> None:
    """Refuse to work with another version than the one that sent the work."""
    here = resources.version()
    if here != version:
        raise RuntimeError(f"a worker has communique {here}, and the driver {version}")
