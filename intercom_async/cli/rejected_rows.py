"""File of rejected rows, which never takes the place of rows that are nowhere else."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec

from intercom_async.errors import ConfigError
from .os_errors import naming
from .row_files import ERROR, Row, csv_layout, is_text, read_lines, read_rows


def refused_path(path: Path) -> Path:
    """Return the default path for the rejected rows of a file."""
    return path.with_name(f"{path.stem}.rejected{'.csv' if is_text(path) else '.jsonl'}")


def check_rejected(path: Path, source: Path, *, goes_on: bool) -> int:
    """Check that rejected rows can be written without losing what is at their path.

    Args:
        path: Path for the rejected rows.
        source: File that is imported.
        goes_on: Whether they are appended to the rows of an earlier run.

    Returns:
        The number of rows to which others are appended.

    Raises:
        ConfigError: It is the imported file, was not written by an import, or would lose rows.
    """
    if is_text(path) and not is_text(source):
        raise ConfigError(f"--rejected: name a .jsonl file; CSV cannot hold the rows of {source}")
    if not path.exists():
        return 0
    if path.samefile(source):
        raise ConfigError(f"--rejected: {path} is the file to import; name another file")
    if not path.is_file():
        raise ConfigError(f"--rejected: {path} is not a regular file; name another file")
    if not path.stat().st_size:
        return 0
    rows = _rejected(path)
    if goes_on:
        _check_columns(path, source)
    elif _has_others(rows, source):
        raise ConfigError(
            f"{path} has rows that {source.name} does not have: import it if you corrected it, "
            "then move or delete it, or name another file with --rejected"
        )
    return len(rows) if goes_on else 0


def _rejected(path: Path) -> list[Row]:
    """Return the rows of a file of rejected rows, without the reasons.

    Raises:
        ConfigError: It is none.
    """
    try:
        has_reasons = not is_text(path) or ERROR in csv_layout(path)[0]
        rows = list(read_lines(path))
    except ConfigError:
        has_reasons, rows = False, []
    if not has_reasons or any(row.pop(ERROR, None) is None for row in rows):
        raise ConfigError(
            f"{path} exists and is not a file of rejected rows, which have {ERROR}: "
            "move it, or name another file with --rejected"
        )
    return rows


def _check_columns(path: Path, source: Path) -> None:
    if not is_text(path):
        return
    names, expected = {*csv_layout(path)[0]}, {*csv_layout(source)[0], ERROR}
    if names != expected:
        raise ConfigError(
            f"{path} has other columns than {source.name}, so no rows can be added to it: "
            "move it, or name another file with --rejected"
        )


def _has_others(rows: list[Row], source: Path) -> bool:
    """Return whether one of the rows is not in the file that is imported."""
    missing = {_encoded(row) for row in rows}
    for row in read_rows(source):
        if not missing:
            break
        missing.discard(_encoded(row))
    return bool(missing)


def _encoded(row: Row) -> bytes:
    return msgspec.json.encode(row, order="deterministic")


class RefusedRows:
    """File of rejected rows with the reasons, in the format of the file that was read.

    Args:
        path: Created with the first row. For Parquet it has JSON lines.
        before: Rows of an earlier run of the same import, as `check_rejected` returns them.
        goes_on: Whether to append to them; else the file is removed, after `check_rejected`.
    """

    def __init__(self, path: Path, *, before: int, goes_on: bool) -> None:
        self.path = path
        self.before: int = before
        self.count: int = 0
        """Rows of this run."""
        self._file: IO[str] | None = None
        self._writer: csv.DictWriter[str] | None = None
        self._goes_on = goes_on and path.exists() and path.stat().st_size > 0
        if not self._goes_on:
            path.unlink(missing_ok=True)

    @property
    def total(self) -> int:
        """Rows in the file."""
        return self.before + self.count

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def put(self, row: Mapping[str, Any], reason: str) -> None:
        """Write one row."""
        self.count += 1
        with naming(self.path):
            file = self._file or self._opened(row)
            if self._writer is not None:
                self._writer.writerow({**row, ERROR: reason})
            else:
                file.write(msgspec.json.encode({**row, ERROR: reason}).decode() + "\n")
            file.flush()

    def _opened(self, row: Mapping[str, Any]) -> IO[str]:
        # A file that has appeared since the check is not overwritten.
        mode = "a" if self._goes_on else "x"
        is_csv = is_text(self.path)
        names, mark = [*row, ERROR], ","
        if self._goes_on and is_csv:
            names, mark = csv_layout(self.path)  # a spreadsheet may have saved it
        is_open_line = self._goes_on and not self.path.read_bytes().endswith((b"\n", b"\r"))
        self._file = file = self.path.open(mode, encoding="utf-8", newline="")
        if is_open_line:
            file.write("\n")
        if is_csv:
            self._writer = csv.DictWriter(file, names, delimiter=mark)
            if not self._goes_on:
                self._writer.writeheader()
        return file
