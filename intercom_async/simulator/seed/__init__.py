"""The seeded records: what a number and the seed make of each kind."""
