"""How the damage of a database's table is named, the same in each database."""

from __future__ import annotations


def missing_table(name: str) -> str:
    """Say that a table is not there."""
    return f"the table {name} is missing"


def other_count(name: str, count: int, wanted: int) -> str:
    """Say that a table has too few rows, or too many."""
    return f"the table {name} has {count} rows instead of {wanted}"


def missing_column(name: str, column: str) -> str:
    """Say that a table lacks a column of ours."""
    return f"the table {name} has no column {column}"


def changed_rows(name: str) -> str:
    """Say that rows are not what was written."""
    return f"rows of the table {name} were changed"


def other_values(name: str) -> str:
    """Say that columns hold what was not read of the records beside them."""
    return f"columns of the table {name} are not what its records say"
