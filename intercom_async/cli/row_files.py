"""Files of rows (CSV, JSON lines, Parquet), and a file for rejected rows."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec

from intercom_async.errors import ConfigError
from intercom_async.pagination.frames import load

Row = dict[str, Any]

ERROR = "_error"
"""Column of a rejected row with the reason; skipped when the file is read again."""
_CSV, _JSON, _PARQUET = (".csv",), (".jsonl", ".ndjson"), (".parquet",)
ENDINGS = (*_CSV, *_JSON, *_PARQUET)


def check_rows(path: Path) -> None:
    """Check that a path is a file of rows.

    Raises:
        ConfigError: It does not exist, or has an unknown extension.
    """
    if path.suffix.lower() not in ENDINGS:
        raise ConfigError(f"import reads {', '.join(ENDINGS)}, not {path.name}")
    if not path.is_file():
        raise ConfigError(f"there is no file {path}")


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file, without the column of rejection reasons.

    Raises:
        ConfigError: The file is damaged; the message says where.
        ImportError: It is Parquet, and pyarrow is not installed.
    """
    ending = path.suffix.lower()
    rows = _csv if ending in _CSV else _json if ending in _JSON else _parquet
    for row in rows(path):
        row.pop(ERROR, None)
        yield row


def is_text(path: Path) -> bool:
    """Return whether all values of a file are text, as in CSV, where empty means none."""
    return path.suffix.lower() in _CSV


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter=_delimiter(path), strict=True)
        try:
            names = reader.fieldnames = [name.strip() for name in _names(reader)]
            if not names or len({*names}) < len(names) or not all(names):
                raise ConfigError(f"{path.name}: the first line must name each column, once")
            for row in reader:
                if None in row or None in row.values():
                    raise ConfigError(
                        f"{path.name}, line {reader.line_num}: not as many values as columns"
                    )
                yield dict(row)
        except (csv.Error, UnicodeDecodeError) as error:
            raise ConfigError(f"{path.name}, line {reader.line_num + 1}: {_why(error)}") from None


def _delimiter(path: Path) -> str:
    """Return the delimiter: a comma, else the semicolon or tab of the first line."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first = next(filter(str.strip, file), "")
    # Spreadsheets write semicolons where a comma is the decimal point, and tabs as text.
    return next((mark for mark in ",;\t" if mark in first), ",")


def _names(reader: csv.DictReader[str]) -> Sequence[str]:
    """Return the names of the first line that is not empty."""
    while (names := reader.fieldnames) == []:
        reader.fieldnames = None  # has it read the next line
    return names or []


def _json(path: Path) -> Iterator[Row]:
    decoder = msgspec.json.Decoder(Row)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if not text.strip():
                continue
            try:
                row = decoder.decode(text)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise ConfigError(f"{path.name}, line {number}: no JSON object") from None
            yield row


def _parquet(path: Path) -> Iterator[Row]:
    arrow: Any = load("pyarrow", "intercom-async[arrow]")
    parquet: Any = load("pyarrow.parquet", "intercom-async[arrow]")
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1_000):
                yield from batch.to_pylist()
    except arrow.ArrowInvalid:
        raise ConfigError(f"{path.name} is no Parquet file") from None


def _why(error: Exception) -> str:
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


class RefusedRows:
    """File of rejected rows with the reasons, in the format of the file that was read.

    Args:
        path: Created with the first row. For Parquet it has JSON lines.
        goes_on: Whether to append to the rows of an earlier run.
    """

    def __init__(self, path: Path, *, goes_on: bool) -> None:
        self.path = path
        self.count: int = 0
        self._mode = "a" if goes_on else "w"
        self._file: IO[str] | None = None
        self._writer: csv.DictWriter[str] | None = None
        if not goes_on:
            path.unlink(missing_ok=True)

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
        file = self._file or self._opened(row)
        if self._writer is not None:
            self._writer.writerow({**row, ERROR: reason})
        else:
            file.write(msgspec.json.encode({**row, ERROR: reason}).decode() + "\n")
        file.flush()

    def _opened(self, row: Mapping[str, Any]) -> IO[str]:
        is_new = self._mode == "w" or not self.path.exists()
        self._file = file = self.path.open(self._mode, encoding="utf-8", newline="")
        if is_text(self.path):
            self._writer = csv.DictWriter(file, [*row, ERROR])
            if is_new:
                self._writer.writeheader()
        return file


def refused_path(path: Path) -> Path:
    """Return the default path for the rejected rows of a file."""
    return path.with_name(f"{path.stem}.rejected{'.csv' if is_text(path) else '.jsonl'}")
