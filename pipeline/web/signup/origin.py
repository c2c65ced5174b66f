"""A request -> from which address of the internet it comes, as far as that can be known; a page -> its origin."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from starlette.requests import Request

from pipeline import mime

Network = IPv4Network | IPv6Network
_PORTS = {"http": 80, "https": 443}


def page_origin(url: str) -> str:
    """The origin of a page, in the letters in which browsers send it (RFC 6454, 6.2)."""
    parts = urlsplit(url)
    port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else mime.ascii_domain(host)}{port}"


def client_ip(request: Request, trusted: Sequence[Network]) -> str:
    """The client's address, "" where it has none.

    A header can say anything, so that ``X-Forwarded-For`` counts only as far as trusted proxies have written it: from
    its end on, the first that isn't theirs is the client.
    """
    client = request.client
    address = client.host if client else ""
    if not trusted:
        return address if _is_address(address) else ""
    forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    while forwarded and _is_in(address, trusted):
        nearer = forwarded.pop().strip()
        if not _is_address(nearer):
            break
        address = nearer
    return address if _is_address(address) else ""


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    found = _address(address)
    return found is not None and any(found in network for network in networks)


def _is_address(text: str) -> bool:
    return _address(text) is not None


@lru_cache(maxsize=1024)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
