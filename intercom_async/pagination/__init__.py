"""Lists: the pager, its continuation from page to page, the page size, the company scroll."""
