"""Tests of `request`.

Modules without a test of their name, and where they are tested:

- `call_state`: test_verdicts.py, test_session.py
- `query_string`: test_operation.py
"""
