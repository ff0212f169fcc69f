"""The only I/O: a request goes in, a reply or a `TransportError` comes out."""

from .http import HttpTransport
from .memory import MemoryTransport

__all__ = ["HttpTransport", "MemoryTransport"]
