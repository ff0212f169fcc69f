"""Tests of `oauth`.

Modules without a test of their name, and where they are tested:

- `grant`: test_flow.py
"""
