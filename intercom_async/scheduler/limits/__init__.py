"""The arithmetic of the limits: no event loop, no permit, and time only as an argument."""
