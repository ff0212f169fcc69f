"""Tests of `workflows`.

Modules without a test of their name, and where they are tested:

- `background`: test_hydration.py
- `concurrency`: test_hydration.py
"""
