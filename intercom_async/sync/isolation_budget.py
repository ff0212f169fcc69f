"""What a run may spend on rows that break every page with them."""

from __future__ import annotations

CALLS_A_ROW = 36
"""Calls that a row which cannot be read may cost, one that fails counted twice as it is sent twice.
Pages that are read whole do not count, nor do spans that turn out to have no row. As many are for a
row that is not known of yet (`SpanPages`); what is not isolated by then is a hole as it is
(test_isolation.py::test_a_broken_row_costs_itself_and_few_calls). Where a list is out of order, or
nothing tells its order, each further reading of a span has as many again: together less than five
times as many (test_unordered_spans.py::test_a_broken_row_costs_few_whatever_the_order)."""
CALLS_A_FAILURE = 2
"""What fails is sent again once a control call was answered (`CountingClient`)."""
BUDGET_CALLS, BUDGET_SHARE = 500, 0.05
"""Calls that all failing pages of a run may take together: so many, or so large a part of its
pages. What is left then is a hole as it is (test_isolation_budget.py)."""


class IsolationBudget:
    """Counts what a run spends on pages that fail, so that a workspace full of them ends, too."""

    def __init__(self) -> None:
        self.pages: int = 0
        """Pages that the run has asked for, for whatever reason."""
        self.spent: int = 0
        """Calls for pages that fail."""

    @property
    def is_spent(self) -> bool:
        """Whether no more calls are to be made for them."""
        return self.spent >= max(BUDGET_CALLS, BUDGET_SHARE * self.pages)

    def is_used_up(self, calls: int, rows: int) -> bool:
        """Say whether so many calls for one failing page, with so many such rows, are enough."""
        return self.is_spent or calls >= CALLS_A_ROW * max(1, rows)
