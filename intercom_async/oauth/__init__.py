"""OAuth: installing a public app in many workspaces, and keeping their tokens.

    oauth = OAuth(client_id=…, client_secret=…)
    routes = OAuthRoutes(oauth, store, redirect_uri="https://app.example/intercom/callback")
    app.mount("/intercom", routes.asgi())             # start, callback, uninstalled

    async with Workspaces(store.token_of) as workspaces:
        async with workspaces.client("abc123") as intercom: ...

`flow` is the protocol, `grant` what it gives, `stores` keep it (a file, PostgreSQL, or your own
`TokenStore`), `routes` are the addresses.
"""

from .flow import Login, OAuth
from .grant import Grant
from .routes import OAuthRoutes
from .stores import FileTokenStore, MemoryTokenStore, PostgresTokenStore, TokenStore

__all__ = [
    "FileTokenStore",
    "Grant",
    "Login",
    "MemoryTokenStore",
    "OAuth",
    "OAuthRoutes",
    "PostgresTokenStore",
    "TokenStore",
]
