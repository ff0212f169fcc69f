"""Programs of Node, with packages from npm that are installed once a session."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

PACKAGES = (
    "express@5",
    "express-x-hub@1.0.4",  # verifies X-Hub-Signature; nobody here wrote it
    "typescript@5",
    "intercom-client@6.4.0",  # the last one with the types of Canvas Kit
    "intercom-client-7@npm:intercom-client@7",
    "intercom-client-4@npm:intercom-client@4",  # the last one that was written by hand
)


class Node:
    """A folder with packages, in which scripts are run."""

    def __init__(self, folder: Path, packages: Sequence[str] = PACKAGES) -> None:
        node, npm = shutil.which("node"), shutil.which("npm")
        if node is None or npm is None:
            pytest.skip("there is no Node here: apt-get install nodejs npm")
        self.program = node
        self.folder = folder
        install = [npm, "install", "--no-audit", "--no-fund", "--silent", *packages]
        (folder / "package.json").write_text('{"private": true}')
        done = subprocess.run(install, cwd=folder, capture_output=True, timeout=300, check=False)
        if done.returncode != 0:
            pytest.skip("npm cannot install packages here")

    def run(self, script: str, *arguments: str, given: bytes = b"") -> bytes:
        """Run a script and return what it printed."""
        done = subprocess.run(
            [self.program, "-e", script, *arguments],
            cwd=self.folder,
            input=given,
            capture_output=True,
            timeout=60,
            check=True,
        )
        return done.stdout

    def compile(self, source: str) -> str:
        """Check a TypeScript module strictly; returns what the compiler says."""
        module = self.folder / "module.ts"
        module.write_text(source)
        compiler = self.folder / "node_modules" / "typescript" / "bin" / "tsc"
        options = ["--noEmit", "--strict", "--skipLibCheck", "--esModuleInterop"]
        target = ["--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext"]
        done = subprocess.run(
            [self.program, str(compiler), *options, *target, str(module)],
            cwd=self.folder,
            capture_output=True,
            timeout=300,
            check=False,
        )
        return done.stdout.decode()
