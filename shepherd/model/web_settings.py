"""Settings of `shepherd web`: meaning and reason at every field."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class WebSettings:
    """The dashboard, `shepherd web`: read-only, for browsers. It shows nobody who a person is, but whom an
    authenticating proxy names and `[roles] personal` allows (docs/web.md)."""

    listen: str = "127.0.0.1:9690"
    """Where it listens, `ADDRESS:PORT`. Beyond this machine only with `proxies`, which alone may then ask."""
    hosts: tuple[str, ...] = ()
    """Names by which browsers may ask for it (the Host header, without a port), besides localhost and 127.0.0.1: that
    of the proxy's site, e.g. `["flock.example.org"]`. Others are refused, so that no foreign page can make a browser
    read it under a name of its own."""
    proxies: tuple[str, ...] = ()
    """Addresses of the proxies that have seen who asks, e.g. `["127.0.0.1"]`. Empty: everybody is nobody."""
    user_header: str = "X-Remote-User"
    """Header in which those proxies name the Unix user. From everybody else it is ignored."""
    proxy_secret: str = ""
    """File with what these proxies say in the header `X-Shepherd-Proxy`. Needed for a proxy on this machine, where
    everybody could speak as it. Empty: none is asked for."""
    streams: int = 200
    """Pages that are kept up to date at one time; further ones say that they are not connected, and ask again each
    minute."""
