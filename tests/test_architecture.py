"""The house stays as it was planned: floors, sizes, names, and what an import costs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import pytest

import intercom_async
from intercom_async import errors, models

PACKAGE = Path(intercom_async.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# Lower floors first. A module may import from its own floor and from those below. A package's
# module may have a floor of its own, where it is named here.
FLOORS: list[tuple[str, ...]] = [
    ("_version", "_lazy", "redaction", "response", "errors", "clock"),
    ("config", "priority", "moments"),
    ("models", "fields"),
    ("codec", "query", "request.operation", "request.query_string", "transport.base"),
    ("scheduler", "transport"),
    ("request", "pagination", "workflows"),
    ("resources",),
    ("client", "receivers"),
    ("webhooks", "canvas", "oauth", "workspaces", "identity", "sync", "simulator", "doctor"),
    ("integrations",),
    ("cli",),
    ("__init__", "__main__"),
]
SEAM_OF_VIRTUAL_MODE = ("intercom_async.transport.base", "intercom_async.errors")
"""What the simulator gives to a client without a socket: plain values, a network's errors."""
MOST_MODULES_AT_THE_ROOT = 12
EXTRAS = (
    "cyclopts",
    "rich",
    "redis",
    "psycopg",
    "duckdb",
    "pyarrow",
    "obstore",
    "starlette",
    "uvicorn",
    "httpx",
)
OPTIONAL = {
    "scheduler": ("redis", "psycopg"),
    "models": ("pydantic_core",),
    "webhooks": ("redis",),
    "oauth": ("psycopg",),
    "canvas": ("cryptography",),
}
"""What parts of the core import when they are asked to, never by themselves."""
CORE = {"aiohttp", "anyio", "msgspec", "multidict", "yarl", "intercom_async"}


def part(path: Path) -> str:
    """Return the first name below the package: a module or a folder."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def dotted(path: Path) -> str:
    """Return a file's module below the package; a package is its own name."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts if len(parts) == 1 or parts[-1] != "__init__" else parts[:-1])


KNOWN = {dotted(path) for path in FILES}


def floor(module: str) -> int:
    """Return the floor of a module by the longest name that is listed."""
    names = module.split(".")
    for length in range(len(names), 0, -1):
        name = ".".join(names[:length])
        for number, listed in enumerate(FLOORS):
            if name in listed:
                return number
    raise AssertionError(f"{module} stands on no floor; add it to FLOORS")


Statement = ast.Import | ast.ImportFrom | ast.ClassDef


@cache
def statements(path: Path) -> list[Statement]:
    """Return what a file imports and defines: the tests look at no other of half a million nodes.

    None of these statements stands within an expression.
    """
    found: list[Statement] = []
    waiting: list[ast.AST] = [ast.parse(path.read_text())]
    for node in waiting:
        if isinstance(node, Statement):
            found.append(node)
        for name in ("body", "orelse", "handlers", "finalbody", "cases"):
            inner = getattr(node, name, ())
            waiting += inner if isinstance(inner, list) else ()
    return found


@cache
def imports(path: Path) -> list[tuple[str, int]]:
    """Return the absolute modules that a file imports, relative ones resolved, with their lines."""
    return list(_imports(path))


def _imports(path: Path) -> Iterator[tuple[str, int]]:
    here = path.relative_to(PACKAGE.parent).with_suffix("").parts
    for node in statements(path):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(here[: -node.level]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            if module == "intercom_async":
                for alias in node.names:
                    yield f"{module}.{alias.name}", node.lineno
            else:
                yield module, node.lineno


def test_imports_go_down_only() -> None:
    wrong: list[str] = []
    for path in FILES:
        for module, line in imports(path):
            if not module.startswith("intercom_async."):
                continue
            if floor(module.partition(".")[2]) > floor(dotted(path)):
                wrong.append(f"{path.relative_to(PACKAGE)}:{line} imports {module}")
    assert wrong == []


def test_the_root_has_few_modules() -> None:
    names = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__", "_version"}
    assert len(names) <= MOST_MODULES_AT_THE_ROOT


def targets(path: Path) -> set[str]:
    """Return the files of its own package that a file imports, those for checkers included."""
    found: set[str] = set()
    for node in statements(path):
        if not isinstance(node, ast.ImportFrom):
            continue
        here = path.relative_to(PACKAGE.parent).with_suffix("").parts
        base = ".".join(here[: -node.level]) if node.level else ""
        module = ".".join(filter(None, (base, node.module))).partition(".")[2]
        named = {f"{module}.{alias.name}" for alias in node.names} & KNOWN
        found |= named or {module} & KNOWN
    return {name for name in found if name.split(".")[0] == part(path)} - {dotted(path)}


def test_files_import_each_other_in_no_circle() -> None:
    graph = {dotted(path): targets(path) for path in FILES if len(path.parents) > 1}
    # Strip what imports nothing that is left, again and again: what stays is on a circle or above.
    while leaves := {name for name, used in graph.items() if not used & graph.keys()}:
        graph = {name: used for name, used in graph.items() if name not in leaves}
    assert sorted(graph) == []


def test_two_public_classes_of_the_client_have_no_name_in_common() -> None:
    """Models, fields and items have the API's own names; the simulator stands beside the client."""
    beside = {"simulator", "models", "fields"}
    homes: dict[str, list[str]] = {}
    for path in FILES:
        if part(path) in beside or "items" in path.parts:
            continue
        for node in statements(path):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(dotted(path))
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


PARALLEL = {
    *("models", "fields", "resources", "simulator", "stores", "sinks", "webhooks", "canvas"),
    *("cli", "integrations", "oauth", "receivers"),
}
"""Packages whose files run parallel to others, one a resource, a backend or a receiver."""


def test_two_modules_have_no_name_in_common() -> None:
    homes: dict[str, list[str]] = {}
    for path in FILES:
        is_parallel = PARALLEL & set(path.relative_to(PACKAGE).parts)
        if is_parallel or path.stem in ("__init__", "__main__", "base", "errors"):
            continue
        homes.setdefault(path.stem, []).append(dotted(path))
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


def test_texts_are_in_plain_english() -> None:
    """Docstrings, comments, pages and news have no word of a private language."""
    words = r"\b(?i:anew|whoever|as a rule|at a time|so-manieth)\b"
    wrong = re.compile(rf'{words}|"""Of |^ *(# )?Of ')
    root = PACKAGE.parent
    folders = ("tests", "benchmarks", "examples", "contrib", "docs/_site")
    programs = [path for folder in folders for path in root.glob(f"{folder}/**/*.py")]
    pages = [*root.glob("docs/**/*.md"), *root.glob("changes/*.md"), *root.glob("*.md")]
    texts = [path for path in [*FILES, *programs, *pages] if path != Path(__file__)]
    found = [
        f"{path.relative_to(root)}:{number} {line.strip()}"
        for path in texts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if wrong.search(line)
    ]
    assert found == []


def test_the_simulator_knows_nothing_of_the_client() -> None:
    wrong = [
        f"{path.name}:{line} imports {module}"
        for path in FILES
        if part(path) == "simulator"
        for module, line in imports(path)
        if module.startswith("intercom_async.")
        and module.split(".")[1] not in ("simulator", "clock")
        and not (path.name == "virtual.py" and module in SEAM_OF_VIRTUAL_MODE)
    ]
    assert wrong == []


def test_the_core_imports_only_its_dependencies() -> None:
    programs = ("cli", "sync", "integrations", "simulator", "__main__")
    wrong: set[str] = set()
    for path in FILES:
        if part(path) in programs:
            continue
        for module, line in imports(path):
            top = module.split(".")[0]
            is_optional = top in OPTIONAL.get(part(path), ())
            if top not in CORE and top not in sys.stdlib_module_names and not is_optional:
                wrong.add(f"{path.relative_to(PACKAGE)}:{line} imports {module}")
    assert wrong == set()


def test_only_the_transport_imports_aiohttp_for_requests() -> None:
    servers = {"receivers", "webhooks", "canvas", "oauth", "cli"}
    allowed = {"transport", "simulator", "client", "integrations"} | servers
    users = {
        part(p) for p in FILES for module, _ in imports(p) if module.split(".")[0] == "aiohttp"
    }
    assert users <= allowed


def test_files_have_one_idea_each() -> None:
    long = {str(p.relative_to(PACKAGE)): len(p.read_text().splitlines()) for p in FILES}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}


def test_a_queue_takes_sixty_lines_beside_what_all_queues_share() -> None:
    shared = "intercom_async.integrations.workspace_tasks"
    queues = [p for p in FILES if any(shared in module for module, _ in imports(p))]
    assert {p.stem for p in queues} == {"taskiq", "procrastinate"}
    assert {p.stem: n for p in queues if (n := len(p.read_text().splitlines())) > 60} == {}


def test_public_names_exist_are_sorted_and_few() -> None:
    names = intercom_async.__all__
    assert names == sorted(names)
    assert len(names) <= 40
    assert all(hasattr(intercom_async, name) for name in names)


def test_models_are_frozen_and_take_keywords() -> None:
    found = [model for name in models.__all__ if isinstance(model := getattr(models, name), type)]
    structs = [model for model in found if issubclass(model, msgspec.Struct)]
    assert len(structs) > 100
    assert [m.__name__ for m in structs if not m.__struct_config__.frozen] == []


def test_the_drawing_of_the_errors_is_the_tree() -> None:
    drawn: dict[str, str] = {}
    stack: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        name = line.replace("│", " ").replace("├──", "   ").replace("└──", "   ").split()[:1]
        if not name or not name[0].endswith("Error"):
            continue
        depth = (len(line) - len(line.lstrip(" │├└─")) - 4) // 4
        stack[depth:] = [name[0]]
        drawn[name[0]] = stack[-2] if depth else "Exception"
    real = {
        kind.__name__: next(base.__name__ for base in kind.__bases__ if issubclass(base, Exception))
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    }
    assert drawn == real


@pytest.mark.parametrize("module", ["intercom_async", "intercom_async.simulator"])
def test_an_import_loads_no_extra(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert loaded.isdisjoint(EXTRAS)


@pytest.mark.parametrize("module", ["intercom_async", "intercom_async.integrations.pytest_plugin"])
def test_the_package_and_its_pytest_plugin_load_nothing_until_it_is_used(module: str) -> None:
    """A plugin is loaded in every test run of everyone who has the package installed."""
    code = f"import sys, pytest; before = {{*sys.modules}}; import {module}; "
    code += "print(*{*sys.modules} - before)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert {name for name in done.stdout.split() if name.startswith("intercom_async.")} <= {
        "intercom_async._lazy",
        "intercom_async._version",
        "intercom_async.integrations",
        "intercom_async.integrations.pytest_plugin",
        "intercom_async.priority",
    }
    assert {name.split(".")[0] for name in done.stdout.split()}.isdisjoint(
        CORE - {"intercom_async"}
    )


def test_an_import_loads_no_program() -> None:
    code = "import sys; from intercom_async import Intercom; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    programs = {"simulator", "cli", "sync", "integrations"}
    loaded = {name.split(".")[1] for name in done.stdout.split() if "intercom_async." in name}
    assert loaded.isdisjoint(programs)


PRIVATE_WORDS = {
    *("Brood", "Catalogue", "Ceilings", "Cold", "Door", "Feed", "Foreign", "Gate", "Grid"),
    *("Metered", "Refusal", "Room", "Scouts", "Shelf", "Speed", "Standing", "Tally", "Teller"),
    *("Terms", "Turns"),
}
"""Names that say less than the glossary's, or mean several things."""


def test_no_class_has_a_word_of_a_private_language() -> None:
    root = PACKAGE.parent
    programs = [
        path for folder in ("tests", "benchmarks") for path in root.glob(f"{folder}/**/*.py")
    ]
    named = re.compile(rf"^class ({'|'.join(sorted(PRIVATE_WORDS))})\b", re.MULTILINE)
    found = {path.name: named.findall(path.read_text()) for path in [*FILES, *programs]}
    assert {name: words for name, words in found.items() if words} == {}


TESTS = PACKAGE.parent / "tests"
TESTED_WHOLE = {
    "models": "every model and field, against the descriptions: tests/contract, tests/models",
    "fields": "every field, against the descriptions: tests/contract",
    "resources": "every operation, its request and its reply: tests/contract, tests/resources",
    "simulator": "by what it answers over HTTP: tests/simulator",
    "cli": "by command: tests/cli",
    "doctor": "each of its questions, of one simulator: tests/doctor",
    "integrations": "with the packages they are for: tests/services",
    "items": "every topic: tests/webhooks/test_parsing.py",
    "sinks": "every target by the same tests: tests/sync, tests/services",
    "stores": "every store by the same tests: tests/oauth, tests/services",
}
"""Folders whose modules run parallel, and are tested as one: how, and where."""
ELSEWHERE = re.compile(r"^- `(\w+)`: (.+)$", re.MULTILINE)
"""Where a folder of tests says in its docstring which tests a module has."""


@cache
def docstring(path: Path) -> str | None:
    return ast.get_docstring(ast.parse(path.read_text()))


def test_the_tests_of_a_module_are_found_by_its_name() -> None:
    """A module has a test of its name, or its package's tests say where it is tested."""
    named = {path.stem.removeprefix("test_") for path in TESTS.rglob("test_*.py")}
    missing: list[str] = []
    needless: list[str] = []
    for path in FILES:
        folders = path.relative_to(PACKAGE).parts[:-1]
        if (
            path.stem.startswith("__")
            or path.stem == "_version"
            or TESTED_WHOLE.keys() & {*folders}
        ):
            continue
        tests = TESTS.joinpath(*folders[:1])
        said = docstring(tests / "__init__.py") if tests.is_dir() else None
        elsewhere = dict(ELSEWHERE.findall(said or ""))
        found = elsewhere.get(path.stem, "")
        if path.stem.strip("_") in named:
            needless += [dotted(path)] if found else []
        elif not found or not all((tests / name).is_file() for name in found.split(", ")):
            missing.append(dotted(path))
    assert (missing, needless) == ([], [])
