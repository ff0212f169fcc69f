"""What each endpoint does: one module for each resource."""
