"""Lists: the pager, how it continues from page to page, its page size, and the company scroll."""
