"""Apps, their rate limits, and the windows in which calls are counted."""
