"""The simulator knows nothing of the client: a mistake cannot be on both sides and pass."""

from __future__ import annotations

import ast
from pathlib import Path

import intercom_async.simulator

ALLOWED = ("intercom_async.simulator", "intercom_async.clock")
SEAM = ("intercom_async.transport.base", "intercom_async.errors")
"""What `virtual.py` carries to a client and back: plain values, and the errors of a network."""


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            # More dots than one would leave the simulator or hide where an import goes.
            assert node.level <= 1, path
            names |= set() if node.level else {node.module or ""}
    return names


def test_the_simulator_imports_nothing_of_the_client() -> None:
    root = Path(str(intercom_async.simulator.__file__)).parent
    paths = sorted(root.rglob("*.py"))

    found = {
        name
        for path in paths
        for name in imported(path)
        if name.startswith("intercom_async")
        and not name.startswith(ALLOWED)
        and not (path.name == "virtual.py" and name in SEAM)
    }

    assert len(paths) > 40
    assert found == set()
