"""Tables as CSV and TSV, with nothing in them that a spreadsheet computes."""

import csv
import io
import re

from communique.formats import Table

_FORMULA = re.compile("[=+@\t\r\n-]")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def as_csv(table: Table, *, delimiter: str = ",") -> str:
    """Write a table as CSV with a line feed at each line's end."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerows([table.columns, *table.rows])
    return out.getvalue()


def guarded(table: Table) -> Table:
    """Put an apostrophe before what a spreadsheet would take for a formula."""
    return Table(table.columns, tuple(tuple(map(_guarded, row)) for row in table.rows))


def _guarded(cell: str) -> str:
    computed = _FORMULA.match(cell) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if computed else cell
