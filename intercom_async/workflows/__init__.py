"""Sequences of calls: polling a job, hydration, downloads, bounded concurrency."""
