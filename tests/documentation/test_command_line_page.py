"""The page of the command line is the same whatever program builds the site."""

from __future__ import annotations

import re
import sys
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest

from .snippets import ROOT

pytest.importorskip("cyclopts")

PAGE = ROOT / "docs/_site/command_line.py"


def page() -> str:
    found = spec_from_file_location("command_line_page", PAGE)
    assert found is not None
    assert found.loader is not None
    module: Any = module_from_spec(found)
    found.loader.exec_module(module)
    return str(module.commands())


@pytest.mark.parametrize("program", ["mkdocs", "pytest", "nox"])
def test_usage_names_the_command_and_not_what_builds_the_site(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = ModuleSpec(f"{program}.__main__", None, origin=f"/lib/{program}/__main__.py")
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", spec)
    monkeypatch.setattr(sys, "argv", [spec.origin, "build"])

    text = page()

    usage = re.findall(r"^```sh\n(.+)\n```$", text, re.MULTILINE)
    assert len(usage) > 14
    for line in usage:
        assert program not in line
        command = text[: text.index(line)].rpartition("## ")[2].split("\n")[0]
        assert line.startswith(command), line
    assert "intercom-async sync (--to TARGET | --plan) [OPTIONS]" in usage
