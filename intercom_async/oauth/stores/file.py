"""Grants in a folder: for one machine, and for trying things out."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import anyio.to_thread
import msgspec

from intercom_async.config import check_kind, check_text
from intercom_async.errors import OAuthError
from intercom_async.oauth.grant import Grant, check_workspace_id
from .base import TokenStore

_SUFFIX = ".json"


class FileTokenStore(TokenStore):
    """A folder with one file for each workspace, which only its owner can read.

    A file is replaced as a whole: a reader in another process sees the old or the new grant. Tokens
    are stored unencrypted.

    Args:
        folder: Made if it does not exist.

    Raises:
        ConfigError: It is no path.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        if isinstance(folder, str):
            check_text("folder", folder)
        check_kind("folder", folder, (str, os.PathLike), "the path of a folder")
        self._folder = Path(folder)

    def __repr__(self) -> str:
        return f"FileTokenStore({str(self._folder)!r})"

    async def save(self, grant: Grant) -> None:
        """Keep a grant.

        Raises:
            OAuthError: The folder cannot be written to.
        """
        await anyio.to_thread.run_sync(self._write, grant)

    async def load(self, workspace_id: str) -> Grant | None:
        """Return a workspace's grant.

        Raises:
            OAuthError: The file cannot be read, or was not written by this store.
        """
        return await anyio.to_thread.run_sync(self._read, self._path(workspace_id))

    async def delete(self, workspace_id: str) -> bool:
        """Forget a workspace's grant."""
        return await anyio.to_thread.run_sync(self._unlink, self._path(workspace_id))

    async def workspace_ids(self) -> list[str]:
        """Return every workspace that has a grant."""
        return await anyio.to_thread.run_sync(self._list)

    def _path(self, workspace_id: str) -> Path:
        # The id is checked, so that no id leads out of the folder.
        return self._folder / f"{check_workspace_id(workspace_id)}{_SUFFIX}"

    def _write(self, grant: Grant) -> None:
        path = self._path(grant.workspace_id)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # mkstemp makes a file that only its owner can read, whatever the umask.
            handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".grant-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(msgspec.json.encode(grant))
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(path)
            except BaseException:
                with suppress(OSError):
                    Path(temporary).unlink()
                raise
        except OSError as error:
            raise OAuthError(
                f"the token folder cannot be written to: {error.strerror}", code="store"
            ) from None

    def _read(self, path: Path) -> Grant | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=Grant)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OAuthError(
                f"a token file cannot be read: {error.strerror}", code="store"
            ) from None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise OAuthError(
                "a token file is damaged; delete it and install again", code="store"
            ) from None

    def _unlink(self, path: Path) -> bool:
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise OAuthError(
                f"a token file cannot be deleted: {error.strerror}", code="store"
            ) from None
        return True

    def _list(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        return sorted(path.stem for path in self._folder.glob(f"[!.]*{_SUFFIX}"))
