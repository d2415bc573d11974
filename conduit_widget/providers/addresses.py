"""What a provider's URL says: where the provider is, and whose machine that is."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

_OWN_SUFFIXES: Final = (".localhost", ".local", ".lan", ".internal", ".intranet", ".home.arpa", ".home")


def is_loopback(url: str) -> bool:
    """Whether a URL points at this machine."""
    host = _host(url)
    address = _address(host)
    return address.is_loopback if address else host == "localhost" or host.endswith(".localhost")


def is_self_hosted(url: str) -> bool:
    """Whether a URL points at somebody's own server: a private address or name, or plain HTTP.

    Such servers load a model when it is asked for; hosted services have theirs loaded and speak TLS.
    """
    host = _host(url)
    address = _address(host)
    if address is not None:
        return address.is_loopback or address.is_private or address.is_link_local
    return url.lower().startswith("http://") or "." not in host or host.endswith(_OWN_SUFFIXES)


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL: what may be shown (user info and query may not)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{host_and_port(url)}"


def host_and_port(url: str) -> str:
    """The host, an IPv6 address in brackets, with the port where the URL names one."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{parts.port}" if parts.port else shown


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".").lower()


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
