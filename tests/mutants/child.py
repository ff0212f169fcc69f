"""Calls a function in a child process whose package has a defect."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType

from .mutant import PACKAGE, Mutant

RELOADED = ("intercom_async.sync", "tests.sync.machine")
"""Packages that a child imports afresh; all of `intercom_async` where another part is changed."""


class ChildError(Exception):
    """A child did not end as it should; its traceback is on standard error."""


def call_with(mutant: Mutant | None, function: Callable[[], str]) -> str:
    """Fork, put the defect back, call the function there and return what it returns.

    The function imports what it uses; a fork costs a fraction of a new interpreter, and the files
    that are not changed are read from their bytecode.

    Raises:
        ChildError: The function raised.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            _reload(mutant.sources() if mutant else {})
            os.write(writer, function().encode())
            status = 0
        except BaseException:  # noqa: BLE001 (the parent goes on)
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        told = answer.read().decode()
    _, status = os.waitpid(child, 0)
    if status:
        raise ChildError(mutant.name if mutant else "the present source")
    return told


def _reload(sources: Mapping[Path, str]) -> None:
    """Forget the modules that are changed, and those that use them."""
    changed = {_module(path): (path, text) for path, text in sources.items()}
    reloaded = RELOADED
    if not all(name.startswith("intercom_async.sync.") for name in changed):
        reloaded = ("intercom_async", "tests.sync.machine")
    for name in [*sys.modules]:
        if any(name == one or name.startswith(f"{one}.") for one in reloaded):
            del sys.modules[name]
    sys.meta_path.insert(0, _Finder(changed))
    importlib.invalidate_caches()


def _module(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, changed: Mapping[str, tuple[Path, str]]) -> None:
        self._changed = changed

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if fullname not in self._changed:
            return None
        file, text = self._changed[fullname]
        is_package = file.name == "__init__.py"
        return importlib.util.spec_from_file_location(
            fullname,
            file,
            loader=_Loader(fullname, str(file), text),
            submodule_search_locations=[str(file.parent)] if is_package else None,
        )


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, fullname: str, path: str, text: str) -> None:
        super().__init__(fullname, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._text, self.get_filename(fullname), "exec", dont_inherit=True)
