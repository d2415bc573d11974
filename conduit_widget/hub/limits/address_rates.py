"""How often one client address may ask for a connection, and whose address that is behind a proxy.

Behind a proxy every request has the proxy's address. Only a proxy that is named as trusted is believed when
it says, in ``X-Forwarded-For``, for whom it asks; whatever stands left of its own entry may be the client's
invention. This machine is never counted: its users share one address, and so do those of a proxy here that
is not named. An IPv6 client is counted by its /64, which is one household's. Each node of a hub counts for
itself: addresses are personal data, the nodes do not tell them to each other.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from conduit_widget.hub.limits.hub_limits import TokenBucket

MAX_ADDRESSES: Final = 10_000
_IPV6_PREFIX: Final = 64

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class AddressRates:
    """A token bucket for each client address.

    ``trusted_proxies``: addresses or networks (``10.0.0.0/8``). Overflow policy: with ``max_addresses``
    remembered, the one seen least recently is forgotten and begins anew with a full burst.

    Raises:
        ValueError: a proxy is neither an address nor a network; the text names it.

    """

    def __init__(
        self,
        per_minute: float,
        burst: int,
        trusted_proxies: Iterable[str] = (),
        *,
        max_addresses: int = MAX_ADDRESSES,
    ) -> None:
        self._per_second = per_minute / 60.0
        self._burst = burst
        self._trusted = tuple(_network(proxy) for proxy in trusted_proxies)
        self._max_addresses = max_addresses
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def consume(self, peer: str, forwarded_for: str, now: float) -> bool:
        """Count one request; False when its client asks too often.

        ``peer`` is the address the request came from, ``forwarded_for`` its header, ``now`` in seconds.
        """
        key = self.counted(peer, forwarded_for) if self._per_second > 0 else None
        if key is None:
            return True
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._per_second, self._burst, now)
            if len(self._buckets) > self._max_addresses:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket.consume(now)

    def counted(self, peer: str, forwarded_for: str) -> str | None:
        """Return the address or network that answers for a request; ``None`` for this machine."""
        address = _parse(peer)
        hops = [hop for hop in forwarded_for.split(",") if hop.strip()]
        while address is not None and hops and self._trusts(address):
            said = _parse(hops.pop())
            if said is None:
                break  # what a trusted proxy passes on in another form: the proxy answers for it
            address = said
        if address is None or address.is_loopback:
            return None
        if isinstance(address, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((int(address), _IPV6_PREFIX), strict=False))
        return str(address)

    def _trusts(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._trusted)


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(
            f"trusted_proxies: {text[:64]!r} is neither an address nor a network such as 10.0.0.0/8."
        ) from None


def _parse(text: str) -> Address | None:
    """Return an address; ``None`` for anything else, such as the name of a Unix socket."""
    text = text.strip().strip("[]").partition("%")[0]
    if text.count(":") == 1:  # IPv4 with a port, as some proxies write it
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
