"""What happens to a target between two runs: a disk that rots, a person who tidies up."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from intercom_async.sync import TargetError, published_files
from tests.support.folder_objects import FolderObjects
from . import postgres
from .steps import Form, Run
from .targets import make_sink

STATE = {"duckdb": "target.duckdb", "postgres": ""}
PRIVATE = (".target.duckdb.sync", "target/.sync")
LOSES_STATE = ("stateless", "garbled")
"""Damages after which a target is refused until what went is put back."""


def published(form: Form, folder: Path) -> dict[str, bytes]:
    """Return what readers see: bytes of files; of databases nothing, as their files may change.

    Names are those inside the folder.
    """
    if form == "objects":
        # Files that were replaced stay for a run; the manifest no longer names them.
        names = {path.name for path in folder.glob("target/data/*/*")}
        paths = [Path(path) for name in names for path in _objects(folder, name)]
    else:
        patterns = ("target/*.jsonl*", "target/*/*.parquet")
        paths = [path for pattern in patterns for path in folder.glob(pattern)]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.exists()}


def recovered(form: Form, folder: Path) -> dict[str, bytes]:
    """Return what readers see once a target was opened: what a crash has cut short is ended.

    The run that was cut short had decided it, so it is done by any run, one that is refused
    included. The target itself stays as it is.
    """
    if form in ("duckdb", "postgres"):
        return published(form, folder)
    copy = folder.with_name(f"{folder.name}.opened")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    sink = make_sink(form, copy)
    try:
        sink.open()
    except TargetError:
        pass
    finally:
        sink.close()
    return published(form, copy)


def _objects(folder: Path, stream: str) -> list[str]:
    try:
        return published_files(FolderObjects(folder / "target"), stream)
    except TargetError:
        return []


def damage(run: Run, form: Form, folder: Path, older: Path) -> Callable[[], object] | None:
    """Damage a target; return what puts it back, and None where there is nothing to damage.

    Args:
        run: Says how.
        form: Of the target.
        folder: Where it is.
        older: Where a copy of it as it was earlier is.
    """
    if form == "postgres":
        return postgres.damage(run.damage, run.file)
    if run.damage in LOSES_STATE:
        return _without_state(run.damage, form, folder)
    if run.damage == "unlocked":
        for name in PRIVATE:
            shutil.rmtree(folder / name, ignore_errors=True)
        return bool
    if run.damage == "older":
        if not older.exists():
            return None
        shutil.rmtree(folder)
        shutil.copytree(older, folder)
        return bool
    is_done = _journal(run.file, folder) if run.damage == "journal" else _file(run, form, folder)
    return bool if is_done else None


def _without_state(kind: str, form: Form, folder: Path) -> Callable[[], object] | None:
    """Take away the state, or make it unreadable; return what puts the file back."""
    path = folder / STATE.get(form, "target/sync-state.json")
    if not path.exists():
        return None
    body = path.read_bytes()

    def put_back() -> None:
        path.write_bytes(body)

    if form == "duckdb":
        return put_back if _database_without_state(kind, path) else None
    if kind == "stateless":
        path.unlink()
    else:
        path.write_bytes(body[: len(body) // 2])
    return put_back


def _database_without_state(kind: str, path: Path) -> bool:
    import duckdb  # noqa: PLC0415 (only histories of this form need it)

    with duckdb.connect(str(path)) as connection:
        if ("intercom_async_state",) not in connection.execute("SHOW TABLES").fetchall():
            return False
        if kind == "stateless":
            connection.execute("DROP TABLE intercom_async_state")
        else:
            connection.execute("UPDATE intercom_async_state SET state = '{'")
    return True


def _journal(tenth: int, folder: Path) -> bool:
    """Change a byte of what a run that was cut short has committed; say whether there is any."""
    paths = [folder / name / "journal" for name in PRIVATE]
    # A run that is killed while it makes its journal leaves an empty one.
    bodies = {path: path.read_bytes() for path in paths if path.exists() and path.stat().st_size}
    for path, body in bodies.items():
        place = len(body) * (tenth % 10) // 10
        path.write_bytes(_flipped(body, place))
    return bool(bodies)


def _flipped(body: bytes, place: int) -> bytes:
    """Return bytes of which the one at a place is another."""
    return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]


def _file(run: Run, form: Form, folder: Path) -> bool:
    """Damage a file that readers see; say whether there is one."""
    names = {
        "duckdb": "target.duckdb",
        "parquet": "target/*/*.parquet",
        "objects": "target/data/*/*/*.parquet",
    }
    pattern = names.get(form, f"target/*.{form}")
    paths = [one for one in sorted(folder.glob(pattern)) if one.stat().st_size > 1]
    if not paths:
        return False
    path = paths[run.file % len(paths)]
    body = path.read_bytes()
    if run.damage == "remove":
        path.unlink()
    elif run.damage == "cut":
        path.write_bytes(body[: len(body) // 2])
    else:
        path.write_bytes(_flipped(body, len(body) // 2))
    return True
