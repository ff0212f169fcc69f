"""What the simulated Intercom sends to an app: notifications of what changed.

`topics` tells what a request changed, `outbox` keeps subscriptions and deliveries, and the HTTP
server's `sender` delivers them. No part of it does I/O but the sender.
"""

from .outbox import Delivery, DeliveryFaults, Outbox, Subscription

__all__ = ["Delivery", "DeliveryFaults", "Outbox", "Subscription"]
