"""Bridges to other tools; none is imported by the core."""
