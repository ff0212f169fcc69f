"""One budget over processes: stores that several processes share.

`RedisStore` needs the extra `redis`, `PostgresStore` the extra `postgres`; any object with the
methods of `BudgetStore` will do as well.
"""

from __future__ import annotations

from .base import Ask, BudgetStore, Known, Lease, StoreStatistics
from .postgres import PostgresStore
from .redis import RedisStore

__all__ = ["Ask", "BudgetStore", "Known", "Lease", "PostgresStore", "RedisStore", "StoreStatistics"]
