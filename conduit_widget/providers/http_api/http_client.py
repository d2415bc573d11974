"""The HTTP client of one provider, with what the environment says of proxies and certificates.

What a library raises here may hold a proxy's password: errors name the variable and the kind of error only.
"""

from __future__ import annotations

import importlib.util
import os
import ssl
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

from conduit_widget.errors import ProviderError
from conduit_widget.providers.addresses import is_loopback
from conduit_widget.providers.http_api.direct_transport import DirectTransport

_PROXY_SCHEMES: Final = ("http", "https", "socks5", "socks5h")
_CERTIFICATE_VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")


class Proxy(NamedTuple):
    """A proxy and the ``variable`` that names it."""

    url: str
    variable: str


def open_client(provider: str, base_url: str, *, connect_timeout: float) -> httpx2.AsyncClient:
    """Return a client for a provider's URL.

    Raises:
        ProviderError: a variable of the environment names a proxy or a certificate that cannot be used.

    """
    proxy = proxy_for(base_url)
    if proxy is not None:
        _check_proxy(provider, proxy, urlsplit(base_url).hostname or "")
    trust = _trust(provider, base_url, proxy)
    limits = httpx2.Limits(keepalive_expiry=2.0 if is_loopback(base_url) else 30.0)
    try:
        return httpx2.AsyncClient(
            timeout=httpx2.Timeout(None, connect=connect_timeout),
            limits=limits,
            proxy=None if proxy is None else proxy.url,
            transport=DirectTransport(trust, limits) if proxy is None else None,
            # What it would read is read here already; no .netrc entry may stand in for a key.
            trust_env=False,
            verify=trust,
        )
    except (ValueError, TypeError, ImportError, httpx2.InvalidURL) as error:
        if proxy is None:
            raise
        raise _unusable_proxy(provider, proxy.variable, f"({type(error).__name__})") from None


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy that the environment names for a URL; loopback and ``no_proxy`` hosts have none."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(url):
        return None
    proxies = getproxies()
    for scheme in (parts.scheme.lower(), "all"):
        found = proxies.get(scheme)
        if found:
            if _is_bypassed(host, parts.port, proxies.get("no", "")):
                return None
            return Proxy(found if "://" in found else f"http://{found}", _variable_of(scheme))
    return None


def has_bad_certificate(error: BaseException | None) -> bool:
    """Whether a connection failed because the server's certificate is not trusted here."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _is_bypassed(host: str, port: int | None, no_proxy: str) -> bool:
    if proxy_bypass(host if port is None else f"{host}:{port}"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    for entry in no_proxy.split(","):
        try:
            if address in ip_network(entry.strip().strip("[]"), strict=False):
                return True
        except ValueError:
            continue  # a name
    return False


def _variable_of(scheme: str) -> str:
    names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY")
    return next((name for name in names if os.environ.get(name)), "the system's proxy settings")


def _check_proxy(provider: str, proxy: Proxy, host: str) -> None:
    try:
        parts = urlsplit(proxy.url)
        scheme, is_complete = parts.scheme.lower(), bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket without its partner, a port that is none
        scheme, is_complete = "", False
    if scheme not in _PROXY_SCHEMES or not is_complete:
        raise _unusable_proxy(provider, proxy.variable, "(it is no address like http://host:port)")
    if scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise _refusal(
            f"{provider} is behind the SOCKS proxy of {proxy.variable}, for which a library is missing.",
            f"Run: pip install socksio, or put {host} into NO_PROXY, and start the hub again.",
            "proxy",
        )


def _trust(provider: str, base_url: str, proxy: Proxy | None) -> ssl.SSLContext:
    if base_url.lower().startswith("http://") and (proxy is None or not proxy.url.startswith("https://")):
        # Without TLS there is no need to load the trust store (an empty one trusts nobody).
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    folder = os.environ.get("SSL_CERT_DIR")
    if folder and not os.environ.get("SSL_CERT_FILE") and not Path(folder).is_dir():
        # Without a word, nobody would be trusted.
        raise _unusable_certificates(provider, "SSL_CERT_DIR", "the folder does not exist")
    try:
        return httpx2.create_ssl_context(trust_env=True)
    except (OSError, ValueError) as error:
        variable = next((name for name in _CERTIFICATE_VARIABLES if os.environ.get(name)), "SSL_CERT_FILE")
        kind = "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise _unusable_certificates(provider, variable, f"the file {kind}") from None


def _unusable_certificates(provider: str, variable: str, why: str) -> ProviderError:
    return _refusal(
        f"The certificates that {variable} names for {provider} cannot be used: {why}.",
        f"Correct or unset {variable} and start the hub again.",
        "certificates",
    )


def _unusable_proxy(provider: str, variable: str, why: str) -> ProviderError:
    return _refusal(
        f"The proxy that {variable} names for {provider} cannot be used {why}.",
        f"Correct or unset {variable} and start the hub again.",
        "proxy",
    )


def _refusal(what: str, remedy: str, code: str) -> ProviderError:
    return ProviderError(
        f"{what} {remedy}", type="network_error", code=code, recoverable=False, suggestions=(remedy,)
    )
