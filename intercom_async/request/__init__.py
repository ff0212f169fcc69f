"""One call from end to end: operation, options, session, retries, redirects, error bodies."""
