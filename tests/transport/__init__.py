"""Tests of `transport`.

Modules without a test of their name, and where they are tested:

- `base`: test_http.py
- `callers_session`: test_sessions.py
- `memory`: ../request/test_promises.py
- `sending`: test_http.py, test_failures.py
"""
