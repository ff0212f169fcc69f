"""The only I/O: a request goes in, a reply or a `TransportError` comes out."""

from .base import Reply, Request, StreamReply, Transport
from .http import HttpTransport
from .memory import MemoryTransport

__all__ = ["HttpTransport", "MemoryTransport", "Reply", "Request", "StreamReply", "Transport"]
