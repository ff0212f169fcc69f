"""Defects that were once in the sync, put back into a copy of it: the machine has to find each.

    python -m tests.mutants                 all of them, up to 2,000 histories each, and a table
    python -m tests.mutants poison_freezes

`defects.py` has each as edits of the present source; `test_mutants.py` sees that they still apply.
"""
