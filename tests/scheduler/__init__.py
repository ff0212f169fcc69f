"""Tests of `scheduler`: of its parts by their names, and of situations (`nox -s tests` says which).

Modules without a test of their name, and where they are tested:

- `app_queue`: test_dispatcher.py
- `blind_calls`: test_cold_start.py
- `dispatch_round`: test_dispatch_rounds.py, test_dispatcher.py, test_app_turns.py
- `permit`: test_entering.py, test_cancellation.py, test_random_cancellation.py
- `scheduler`: test_dispatcher.py, test_statistics.py
- `without_windows`: test_cold_start.py, test_odd_servers.py
"""
