"""HTTP around the simulator: the aiohttp server, and the control API under /_simulator."""
