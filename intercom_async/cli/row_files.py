"""Files of rows: CSV, JSON lines and Parquet."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from intercom_async.errors import ConfigError
from intercom_async.pagination.frames import load
from .console import counted

Row = dict[str, Any]

ERROR = "_error"
"""Column of a rejected row with the reason; skipped when the file is read again."""
_CSV, _JSON, _PARQUET = (".csv",), (".jsonl", ".ndjson"), (".parquet",)
NOT_UTF8 = "not UTF-8; save the file as CSV UTF-8"
ENDINGS = (*_CSV, *_JSON, *_PARQUET)


def check_rows(path: Path) -> None:
    """Check that a path is a file of rows.

    Raises:
        ConfigError: It does not exist, or has an unknown extension.
    """
    if path.is_dir():
        raise ConfigError(f"{path} is a folder: import reads a file ({', '.join(ENDINGS)})")
    if path.suffix.lower() not in ENDINGS:
        raise ConfigError(
            f"import reads {', '.join(ENDINGS)}, not {path}: give a file of such a name"
        )
    if not path.is_file():
        raise ConfigError(f"there is no file {path}")


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file, without the column of rejection reasons.

    Raises:
        ConfigError: The file is damaged; the message says where.
        ImportError: It is Parquet, and pyarrow is not installed.
    """
    for _, row in _numbered(path):
        row.pop(ERROR, None)
        yield row


def places_of(path: Path, positions: Collection[int]) -> Iterator[str]:
    """Yield where rows are, as ``row 13 (line 14)``: rows count without the header, lines with it.

    Args:
        path: A file that `read_rows` can read; it is read once. Parquet has no lines.
        positions: Numbers of the rows, from 0, in ascending order.
    """
    wanted = iter(positions)
    following = next(wanted, None)
    for position, (line, _) in enumerate(_numbered(path)):
        if following is None:
            return
        if position == following:
            row = f"row {position + 1:,}"
            yield row if line is None else f"{row} (line {line:,})"
            following = next(wanted, None)


def _numbered(path: Path) -> Iterator[tuple[int | None, Row]]:
    """Yield the rows, each with the number of its last line."""
    ending = path.suffix.lower()
    return (_csv if ending in _CSV else _json if ending in _JSON else _parquet)(path)


def read_lines(path: Path) -> Iterator[Row]:
    """Yield the rows of a file of rejected rows, CSV or JSON lines, with their reasons.

    Raises:
        ConfigError: The file is damaged; the message says where.
    """
    for _, row in _csv(path) if is_text(path) else _json(path):
        yield row


def csv_layout(path: Path) -> tuple[list[str], str]:
    """Return the column names of a CSV file and its delimiter.

    Raises:
        ConfigError: It is not UTF-8, or not CSV.
    """
    mark = _delimiter(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            return [name.strip() for name in _names(csv.DictReader(file, delimiter=mark))], mark
        except (csv.Error, UnicodeDecodeError):
            raise ConfigError(f"{path.name}: the first line is not CSV in UTF-8") from None


def is_text(path: Path) -> bool:
    """Return whether all values of a file are text, as in CSV, where empty means none."""
    return path.suffix.lower() in _CSV


def _csv(path: Path) -> Iterator[tuple[int, Row]]:
    number = 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter=_delimiter(path), strict=True)
        try:
            names = reader.fieldnames = [name.strip() for name in _names(reader)]
            if not names or len({*names}) < len(names) or not all(names):
                raise ConfigError(f"{path.name}: the first line must name each column, once")
            for number, row in enumerate(reader, 1):
                if None in row or None in row.values():
                    raise ConfigError(
                        f"{path.name}, row {number:,} (line {reader.line_num:,}): "
                        f"{counted(len(names), 'column')}, but {counted(_values(row), 'value')}"
                    )
                yield reader.line_num, dict(row)
        except csv.Error as error:
            raise ConfigError(
                f"{path.name}, row {number + 1:,} (line {reader.line_num + 1:,}): {error}"
            ) from None
        except UnicodeDecodeError:
            raise ConfigError(f"{path.name}, line {_undecodable(path):,}: {NOT_UTF8}") from None


def _values(row: Mapping[Any, Any]) -> int:
    """Return the number of values of a row that has more or fewer than there are columns."""
    extra: list[str] = row.get(None, [])
    return sum(name is not None and value is not None for name, value in row.items()) + len(extra)


def _undecodable(path: Path) -> int:
    """Return the first line that is not UTF-8; the decoder reads many lines ahead."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


def _delimiter(path: Path) -> str:
    """Return the delimiter: a comma, else the semicolon or tab of the first line."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first = next(filter(str.strip, file), "")
    # Spreadsheets write semicolons where a comma is the decimal point, and tabs as text.
    bare = re.sub(r'"[^"]*"', "", first)
    return next((mark for mark in ",;\t" if mark in bare), ",")


def _names(reader: csv.DictReader[str]) -> Sequence[str]:
    """Return the names of the first line that is not empty."""
    while (names := reader.fieldnames) == []:
        reader.fieldnames = None  # has it read the next line
    return names or []


def _json(path: Path) -> Iterator[tuple[int, Row]]:
    decoder = msgspec.json.Decoder(Row)
    position = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if not text.strip():
                continue
            try:
                row = decoder.decode(text)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise ConfigError(
                    f"{path.name}, row {position + 1:,} (line {number:,}): not a JSON object"
                ) from None
            position += 1
            yield number, row


def _parquet(path: Path) -> Iterator[tuple[None, Row]]:
    arrow: Any = load("pyarrow", "intercom-async[arrow]")
    parquet: Any = load("pyarrow.parquet", "intercom-async[arrow]")
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1_000):
                for row in batch.to_pylist():
                    yield None, row
    except arrow.ArrowInvalid:
        raise ConfigError(f"{path.name} is no Parquet file") from None
