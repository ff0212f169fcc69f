"""Tests of `receivers`, as far as webhooks and canvases have it in common.

Modules without a test of their name, and where they are tested:

- `aiohttp_routes`: ../webhooks/test_frameworks.py
- `asgi`: ../webhooks/test_frameworks.py
- `base`: ../webhooks/test_endpoint.py
"""
