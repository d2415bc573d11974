"""Where the Redis or Valkey of a hub is, how its keys are named, and the one script that does the work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from conduit_widget.errors import HubStartError, trace_of

if TYPE_CHECKING:
    from redis.asyncio import Redis

CONNECT_TIMEOUT: Final = 3.0
FIRST_RETRY: Final = 0.03
LONGEST_RETRY: Final = 1.5

NODE_TTL: Final = 7.5
WINDOW_MESSAGES: Final = 512
WINDOW_TTL: Final = 300
ENTRY_TTL: Final = 3600

_SCHEMES: Final = ("redis", "rediss", "unix")

# One call carries everything that waits: a reply each costs five times the CPU. Operations, in order:
# m channel data · x key position (drops what is up to there) · w key n (position member)… ·
# e key node value · d key node · r key after · h key nodes · k key value milliseconds · g key ·
# t key (takes it) · b nodes node (a heartbeat) · q nodes node (a goodbye). r, h, k, g, t and b answer.
SCRIPT: Final = f"""
local call, answers, i, last = redis.call, {{}}, 1, #ARGV
while i <= last do
  local op, key = ARGV[i], ARGV[i + 1]
  if op == 'm' then
    call('PUBLISH', key, ARGV[i + 2])
    i = i + 3
  elseif op == 'w' then
    local stop = i + 2 + 2 * tonumber(ARGV[i + 2])
    for j = i + 3, stop, 2 do call('ZADD', key, ARGV[j], ARGV[j + 1]) end
    call('ZREMRANGEBYRANK', key, 0, -{WINDOW_MESSAGES + 1})
    call('EXPIRE', key, {WINDOW_TTL})
    i = stop + 1
  elseif op == 'x' then
    call('ZREMRANGEBYSCORE', key, '-inf', ARGV[i + 2])
    i = i + 3
  elseif op == 'e' then
    call('HSET', key, ARGV[i + 2], ARGV[i + 3])
    call('EXPIRE', key, {ENTRY_TTL})
    i = i + 4
  elseif op == 'd' then
    call('HDEL', key, ARGV[i + 2])
    i = i + 3
  elseif op == 'r' then
    answers[#answers + 1] = call('ZRANGEBYSCORE', key, '(' .. ARGV[i + 2], '+inf')
    i = i + 3
  elseif op == 'h' then
    local pairs, living = call('HGETALL', key), {{}}
    for j = 1, #pairs, 2 do
      if call('ZSCORE', ARGV[i + 2], pairs[j]) then
        living[#living + 1] = pairs[j]
        living[#living + 1] = pairs[j + 1]
      else
        call('HDEL', key, pairs[j])
      end
    end
    answers[#answers + 1] = living
    i = i + 3
  elseif op == 'k' then
    call('SET', key, ARGV[i + 2], 'PX', ARGV[i + 3])
    answers[#answers + 1] = 1
    i = i + 4
  elseif op == 'g' or op == 't' then
    answers[#answers + 1] = call(op == 'g' and 'GET' or 'GETDEL', key) or ''
    i = i + 2
  elseif op == 'b' then
    local time = call('TIME')
    local now = time[1] + time[2] / 1000000
    local new = call('ZADD', key, now, ARGV[i + 2])
    call('ZREMRANGEBYSCORE', key, '-inf', '(' .. (now - {NODE_TTL}))
    answers[#answers + 1] = {{new, tostring(now), call('ZRANGE', key, 0, -1)}}
    i = i + 3
  else
    call('ZREM', key, ARGV[i + 2])
    i = i + 3
  end
end
return answers
"""


class RedisEngine:
    """Makes connections to the engine at ``url`` (``redis://``, ``rediss://`` or ``unix://``).

    One primary, not Redis Cluster. The URL's password is never shown.

    Raises:
        HubStartError: the URL cannot be used, or redis-py is not installed.

    """

    def __init__(self, url: str, namespace: str) -> None:
        self.label = _label(url)
        self.nodes_key = f"{namespace}:nodes"
        self.control_channel = f"{namespace}:control"
        self._url = url
        self._namespace = namespace
        try:
            from redis.asyncio import Redis  # noqa: PLC0415 - an extra, needed only here
            from redis.asyncio.retry import Retry  # noqa: PLC0415
            from redis.backoff import NoBackoff  # noqa: PLC0415
            from redis.exceptions import RedisError  # noqa: PLC0415
        except ImportError:
            raise HubStartError(
                'The Redis backplane needs redis-py; run: pip install "conduit_widget[cluster]"'
            ) from None
        self.errors: tuple[type[Exception], ...] = (RedisError, OSError, TimeoutError)
        # socket_timeout costs a task per command; whoever waits has a clock of his own.
        self._make: Callable[[], Redis] = lambda: Redis.from_url(
            self._url,
            single_connection_client=True,
            protocol=2,
            socket_timeout=None,
            socket_connect_timeout=CONNECT_TIMEOUT,
            health_check_interval=0,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            self._make()
        except (ValueError, TypeError):
            raise _unusable() from None

    def __repr__(self) -> str:
        return f"RedisEngine({self.label})"

    def client(self) -> Redis:
        """Return a new client; it connects at its first command."""
        return self._make()

    def reason(self, error: Exception) -> str:
        """Return what went wrong without any text of the engine's: it may name what it should not."""
        name = type(error).__name__
        if name.startswith("Authentication"):
            return f"{name}: check the user and password of its URL"
        return name if isinstance(error, self.errors) else trace_of(error)

    def channel_key(self, channel: str) -> str:
        """Return the engine's name of a channel."""
        return f"{self._namespace}:channel:{channel}"

    def channel_of(self, key: bytes) -> str:
        """Return the channel an engine's name stands for."""
        return key.decode()[len(self._namespace) + len(":channel:") :]

    def window_key(self, channel: str) -> str:
        """Return where a channel's hot window is."""
        return f"{self._namespace}:window:{channel}"

    def kept_key(self, table: str, key: str) -> str:
        """Return where a value is that is kept for a while."""
        return f"{self._namespace}:kept:{table}:{key}"

    def entry_key(self, table: str, key: str) -> str:
        """Return where the nodes' entries of a table's key are."""
        return f"{self._namespace}:entries:{table}:{key}"


async def close_client(client: Redis) -> None:
    """Close a client's connection, dead or alive."""
    try:
        async with asyncio.timeout(1.0):
            await client.aclose()
    except (OSError, TimeoutError):
        return


def _label(url: str) -> str:
    """Return the host and port of a URL, or the path of its socket."""
    try:
        parts = urlsplit(url)
        port = parts.port or 6379
    except ValueError:
        raise _unusable() from None
    if parts.scheme not in _SCHEMES:
        raise _unusable()
    return parts.path if parts.scheme == "unix" else f"{parts.hostname or 'localhost'}:{port}"


def _unusable() -> HubStartError:
    return HubStartError(
        "The backplane URL cannot be used: give redis://[user:password@]host:port/db, rediss:// or unix://, "
        "with special characters of the password percent-encoded."
    )
