"""What the host of a URL is: this machine, or an address that answers for the machine and not for a provider."""

from __future__ import annotations

import ipaddress
import re
import socket

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "instance-data"})
_METADATA_ADDRESSES = frozenset(
    map(ipaddress.ip_address, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"))
)
_IPV4_INSIDE = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b::/96", "64:ff9b:1::/48")))
"""IPv6 addresses whose last 32 bits are an IPv4 address: RFC 4291, 6052 and 8215."""
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,254}}\Z){_LABEL}(\.{_LABEL})*\.?")


def is_host(host: str) -> bool:
    """Return whether `host`, in small letters, is an address without a zone, or a name that can be looked up."""
    if ":" in host:
        return "%" not in host and address_of(host) is not None
    return _NAME.fullmatch(host) is not None


def is_loopback(host: str) -> bool:
    """Return whether `host` is this machine, where no proxy leads and nothing is overheard."""
    address = address_of(host)
    return address.is_loopback if address else _plain(host) == "localhost"


def is_metadata(host: str) -> bool:
    """Return whether `host` is link-local or the metadata service of a cloud."""
    address = address_of(host)
    if address is None:
        return _plain(host) in _METADATA_NAMES
    meant = _ipv4_inside(address) or address
    return meant.is_link_local or meant in _METADATA_ADDRESSES


def address_of(host: str) -> IpAddress | None:
    """Return the address that `host` spells, in any of the forms that a resolver takes (2130706433, 0x7f.1)."""
    host = _plain(host)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            return ipaddress.ip_address(socket.inet_aton(host))
        except (OSError, ValueError):
            return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _ipv4_inside(address: IpAddress) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that a gateway on the way may make of `address`."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if any(address in network for network in _IPV4_INSIDE):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour


def _plain(host: str) -> str:
    return host.rstrip(".").casefold()
