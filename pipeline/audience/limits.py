"""How often is too often: sign-ups from one address of the internet, from its network, from all.

A window that slides: at any moment, what was let in during the hour before counts, and nothing older. Each that is
let in counts as one for all, so no more are kept than may come in from all together: an attack from many
addresses takes no more memory than a busy hour. (How often one reader may be written to is the store's to know.)
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

HOUR = 3600.0
# The part of an address that a household, a school or an attacker has to itself.
_NETWORK = {4: 24, 6: 64}


@dataclass(frozen=True, slots=True)
class Limits:
    """How many may come in during a window of so many seconds."""

    per_ip: int
    per_network: int
    in_all: int
    window: float = HOUR


class Door:
    """Counts who comes in. Not for two threads at once, nor shared by processes: each has a door of its own."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._keys: deque[tuple[str, ...]] = deque()
        self._times: dict[str, deque[float]] = {}

    def admit(self, ip: str, now: float) -> float:
        """Let one in from this address: 0, and it counts; or how many seconds to wait, and it doesn't.

        Where the address isn't known, only what counts for all does. ``now`` is in seconds, of a clock that nobody
        can set, such as ``time.monotonic``.
        """
        self._forget(now - self._limits.window)
        wanted = _keys(ip, self._limits)
        counted = ((self._times.get(key), most) for key, most in wanted.items())
        full = [times[0] for times, most in counted if times and len(times) >= most]
        if full:
            return max(full) + self._limits.window - now
        for key in wanted:
            self._times.setdefault(key, deque()).append(now)
        self._keys.append(tuple(wanted))
        return 0

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._keys)

    def _forget(self, until: float) -> None:
        while self._keys and self._times[""][0] <= until:
            for key in self._keys.popleft():
                self._times[key].popleft()
                if not self._times[key]:
                    del self._times[key]


class Once:
    """Lets each key in once in a window of so many seconds. Not for two threads at once, nor shared by processes. Takes
    memory for each that comes: to be kept behind a Door."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._times: dict[str, float] = {}

    def admit(self, key: str, now: float) -> bool:
        """Whether it is let in, which counts. ``now`` is as in ``Door``."""
        while self._times and next(iter(self._times.values())) <= now - self._window:
            del self._times[next(iter(self._times))]
        if key in self._times:
            return False
        self._times[key] = now
        return True

    def take_back(self, key: str) -> None:
        """It came to nothing, and doesn't count."""
        self._times.pop(key, None)

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._times)


def _keys(ip: str, limits: Limits) -> dict[str, int]:
    """What one from this address counts for, and how many of that there may be."""
    return dict(zip(("", *_names(ip)), (limits.in_all, limits.per_network, limits.per_ip), strict=False))


@lru_cache(maxsize=1024)
def _names(ip: str) -> tuple[str, ...]:
    """The address's network, and itself; of what is none, nothing."""
    try:
        address = _as_sent(ip_address(ip.partition("%")[0]))
    except ValueError:
        return ()
    return str(ip_network(f"{address}/{_NETWORK[address.version]}", strict=False)), str(address)


def _as_sent(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address that a server of both kinds shows as one of IPv6, as itself."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
