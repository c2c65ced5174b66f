"""Hosts and addresses -> whether everybody can reach them."""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import lru_cache

# RFC 6761, RFC 6762, RFC 8375, and what routers and companies call their own.
_PRIVATE = frozenset(
    (
        *("localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "home.arpa"),
        *("test", "invalid", "example", "onion"),
    )
)
_LABEL = re.compile(r"(?!-)[0-9a-zA-Z_\x80-\U0010ffff-]{1,63}(?<!-)")
# Browsers read 127.1, 0x7f.1 and 2130706433 for addresses too.
_NUMERIC = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}", re.IGNORECASE)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the Internet's: not of this machine, a home, a company, or reserved."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


@lru_cache(maxsize=1024)
def wrong_host(host: str) -> str:
    """What a host is that not everybody can reach; "" for any other."""
    name = host.lower().rstrip(".")
    if not name:
        return "no host"
    if _NUMERIC.fullmatch(name):
        try:
            name = socket.inet_ntoa(socket.inet_aton(name))
        except OSError:
            return f"{host[:60]}, which is no host"
        return "" if is_public(name) else f"the private address {name}"
    if ":" in name:
        return "" if is_public(name) else f"the private address {name[:60]}"
    labels = name.split(".")
    if labels[-1] in _PRIVATE or ".".join(labels[-2:]) in _PRIVATE:
        return f"the private host {name[:60]}"
    if len(labels) == 1:
        return f"{name[:60]}, a host without a dot"
    return "" if all(_LABEL.fullmatch(label) for label in labels) else f"{host[:60]}, which is no host"


def site(host: str) -> str:
    """A host to be compared: in letters, where it is written in the ASCII form of IDNA, and without www."""
    labels = [_letters(one) for one in host.casefold().rstrip(".").split(".")]
    return ".".join(labels).removeprefix("www.")


def _letters(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode().decode("punycode").casefold()
    except (UnicodeError, ValueError):
        return label
