"""What a store of grants can do."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from intercom_async.oauth.grant import Grant, check_workspace_id


class TokenStore(Protocol):
    """A store of grants, one for each workspace; subclass it to use another database.

    A token opens a whole workspace, so protect the store as you protect the workspaces.
    """

    @abstractmethod
    async def save(self, grant: Grant) -> None:
        """Keep a grant in place of an older one of its workspace."""

    @abstractmethod
    async def load(self, workspace_id: str) -> Grant | None:
        """Return a workspace's grant; None if there is none."""

    @abstractmethod
    async def delete(self, workspace_id: str) -> bool:
        """Forget a workspace's grant; say whether there was one."""

    @abstractmethod
    async def workspace_ids(self) -> list[str]:
        """Return every workspace that has a grant, sorted."""

    async def token_of(self, workspace_id: str) -> tuple[str, str] | None:
        """Return token and region, as `Workspaces` asks for them; None if there is no grant."""
        grant = await self.load(workspace_id)
        return None if grant is None else (grant.token, grant.region)


class MemoryTokenStore(TokenStore):
    """A store that ends with the process, for tests."""

    def __init__(self) -> None:
        self._grants: dict[str, Grant] = {}

    async def save(self, grant: Grant) -> None:
        """Keep a grant."""
        self._grants[check_workspace_id(grant.workspace_id)] = grant

    async def load(self, workspace_id: str) -> Grant | None:
        """Return a workspace's grant."""
        return self._grants.get(check_workspace_id(workspace_id))

    async def delete(self, workspace_id: str) -> bool:
        """Forget a workspace's grant."""
        return self._grants.pop(check_workspace_id(workspace_id), None) is not None

    async def workspace_ids(self) -> list[str]:
        """Return every workspace that has a grant."""
        return sorted(self._grants)
