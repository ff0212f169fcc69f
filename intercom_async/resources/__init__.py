"""The API's operations, one module per group; reached as attributes of `Intercom`."""
