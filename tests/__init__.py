"""Tests of the modules at the root, and of what holds for all of them.

Modules without a test of their name, and where they are tested:

- `_lazy`: test_architecture.py
- `client`: client/test_settings.py, client/test_close.py, client/test_cancel.py
"""
