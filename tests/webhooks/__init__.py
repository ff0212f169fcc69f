"""Tests of `webhooks`.

Modules without a test of their name, and where they are tested:

- `background`: test_intake.py
- `handlers`: test_endpoint.py
- `notification`: test_parsing.py
- `seen`: test_intake.py
- `shapes`: test_parsing.py
- `topics`: test_parsing.py
"""
