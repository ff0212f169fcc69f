"""An import of ten thousand contacts by the command line, in virtual time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_import import check_an_import_of


def test_ten_thousand_rows_are_imported_at_the_pace_of_the_limit(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    check_an_import_of(10_000, tmp_path / "people.csv", capsysbinary)
