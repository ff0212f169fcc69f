"""What mkdocs runs while it builds: generated pages, their places in the navigation, drawings."""

from __future__ import annotations

from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import drawing
import pages


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Generate the pages and put those that have many siblings into the navigation."""
    config.extra["generated"] = pages.generate()
    for section in config.nav or []:
        _fill(section, config.extra["generated"])
    return config


def _fill(node: Any, generated: dict[str, str]) -> None:
    """Replace `folder/*` in the navigation with the generated pages of that folder."""
    if not isinstance(node, dict):
        return
    for title, children in node.items():
        if isinstance(children, list):
            for child in children:
                _fill(child, generated)
        elif str(children).endswith("/*"):
            folder = children.removesuffix("*")
            node[title] = sorted(name for name in generated if name.startswith(folder))


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to those that are written."""
    for name, content in config.extra["generated"].items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in what is generated, and draw what is drawn in characters."""
    return drawing.replace(pages.complete(markdown))
