"""Where grants are kept between requests and restarts."""

from .base import MemoryTokenStore, TokenStore
from .file import FileTokenStore
from .postgres import PostgresTokenStore

__all__ = ["FileTokenStore", "MemoryTokenStore", "PostgresTokenStore", "TokenStore"]
