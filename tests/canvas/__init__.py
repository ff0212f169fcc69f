"""Tests of `canvas`.

Modules without a test of their name, and where they are tested:

- `responses`: test_components.py
- `sheets`: test_kit.py
"""
