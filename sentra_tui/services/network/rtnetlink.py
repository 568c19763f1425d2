"""The messages of Linux's rtnetlink (rtnetlink(7), RFC 3549): what is asked, and what is told. Bytes only.

Whatever cannot be read is left out: the next look at the network puts it right.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

NEW_LINK, DELETED_LINK = 16, 17
NEW_ADDRESS, DELETED_ADDRESS = 20, 21
NEW_ROUTE, DELETED_ROUTE = 24, 25
NEW_RULE, DELETED_RULE = 32, 33
_GET_LINK, _GET_ADDRESS, _GET_ROUTE = 18, 22, 26
_ERROR, _DONE = 2, 3

GROUPS = 0x1 | 0x10 | 0x40 | 0x80 | 0x100 | 0x400 | 0x40000
"""Links; IPv4 and IPv6 addresses, routes and rules: the RTMGRP_ bits that a socket is bound to."""

_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBi")
_ROUTE = struct.Struct("=BBBBBBBBI")
_ATTRIBUTE = struct.Struct("=HH")
_INT = struct.Struct("=i")

_REQUEST, _ACKNOWLEDGED, _DUMP = 0x1, 0x4, 0x300
_CARRIER = 0x1_0000
"""IFF_LOWER_UP: there is a link on the other side."""
_LOOPBACK = 0x8
_TENTATIVE = 0x40 | 0x08
"""IFA_F_TENTATIVE and IFA_F_DADFAILED: not, or not yet, ours."""
_UNIVERSE, _SITE = 0, 200
_UNICAST = 1
_LOCAL_TABLE = 255
_UNSPECIFIED, _IPV4, _IPV6 = 0, 2, 10
"""Address families, as Linux numbers them."""
_BYTES = {_IPV4: 4, _IPV6: 16}
_ATTRIBUTE_TYPE = 0x3FFF
"""The upper bits say how an attribute is written."""


@dataclass(frozen=True)
class Link:
    """An interface."""

    index: int
    name: str
    up: bool
    """It is switched on, and something is on the other side."""
    loopback: bool
    gone: bool


@dataclass(frozen=True)
class Address:
    """An address of this machine that others can use."""

    index: int
    """Its interface."""
    text: str
    gone: bool


@dataclass(frozen=True)
class Route:
    """A way to somewhere."""

    index: int
    """The interface that it leaves by, 0 where that is not said."""
    gateway: str
    source: str
    """The address that packets get which go there."""
    gone: bool


@dataclass(frozen=True)
class Rule:
    """A rule that says which routes count."""

    gone: bool


@dataclass(frozen=True)
class Ended:
    """The answer to the request of this number is complete, or there is none."""

    number: int


Message = Link | Address | Route | Rule | Ended


def links_wanted(number: int) -> bytes:
    """Return the request for all links; `number` comes back with the end of the answer."""
    return _request(_GET_LINK, _REQUEST | _DUMP, number, _LINK.pack(_UNSPECIFIED, 0, 0, 0, 0))


def addresses_wanted(number: int) -> bytes:
    """Return the request for all addresses."""
    return _request(_GET_ADDRESS, _REQUEST | _DUMP, number, _ADDRESS.pack(_UNSPECIFIED, 0, 0, 0, 0))


def route_wanted(number: int, address: str) -> bytes:
    """Return the question by which way packets to `address` would go."""
    target = ip_address(address)
    family = _IPV4 if target.version == 4 else _IPV6
    body = _ROUTE.pack(family, target.max_prefixlen, 0, 0, 0, 0, 0, 0, 0)
    attribute = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(target.packed), 1) + target.packed
    return _request(_GET_ROUTE, _REQUEST | _ACKNOWLEDGED, number, body + attribute)


def read(datagram: bytes) -> Iterator[Message]:
    """Yield the messages that are in what a socket received; never raises."""
    offset = 0
    while offset + _HEADER.size <= len(datagram):
        length, kind, _, number, _ = _HEADER.unpack_from(datagram, offset)
        if length < _HEADER.size or offset + length > len(datagram):
            return
        message = _message(kind, number, datagram[offset + _HEADER.size : offset + length])
        if message is not None:
            yield message
        offset += _aligned(length)


def matters(message: Message) -> bool:
    """Return whether another look at the network is due."""
    return not isinstance(message, Ended) and not (isinstance(message, Link) and message.loopback)


def _message(kind: int, number: int, body: bytes) -> Message | None:
    try:
        if kind in (NEW_LINK, DELETED_LINK):
            return _link(body, gone=kind == DELETED_LINK)
        if kind in (NEW_ADDRESS, DELETED_ADDRESS):
            return _address(body, gone=kind == DELETED_ADDRESS)
        if kind in (NEW_ROUTE, DELETED_ROUTE):
            return _route(body, gone=kind == DELETED_ROUTE)
        if kind in (NEW_RULE, DELETED_RULE):
            return Rule(gone=kind == DELETED_RULE)
        if kind in (_DONE, _ERROR):
            return Ended(number)
    except (struct.error, ValueError):
        return None
    return None


def _link(body: bytes, *, gone: bool) -> Link:
    _, _, index, flags, _ = _LINK.unpack_from(body)
    name = _attributes(body[_LINK.size :]).get(3, b"").rstrip(b"\0").decode("utf-8", "replace")
    return Link(index, name, bool(flags & _CARRIER) and not gone, bool(flags & _LOOPBACK), gone)


def _address(body: bytes, *, gone: bool) -> Address | None:
    family, _, flags, scope, index = _ADDRESS.unpack_from(body)
    attributes = _attributes(body[_ADDRESS.size :])
    if scope not in (_UNIVERSE, _SITE) or flags & _TENTATIVE:
        return None
    # On a point-to-point link, attribute 1 is the other side's address and 2 is ours.
    return Address(index, _text(family, attributes.get(2) or attributes.get(1, b"")), gone)


def _route(body: bytes, *, gone: bool) -> Route | None:
    family, _, _, _, table, _, _, kind, _ = _ROUTE.unpack_from(body)
    if kind != _UNICAST or table == _LOCAL_TABLE:
        return None
    attributes = _attributes(body[_ROUTE.size :])
    index = _INT.unpack(attributes[4])[0] if 4 in attributes else 0
    gateway, source = (_text(family, attributes[number]) if number in attributes else "" for number in (5, 7))
    return Route(index, gateway, source, gone)


def _attributes(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    offset = 0
    while offset + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size or offset + length > len(data):
            break
        found[kind & _ATTRIBUTE_TYPE] = data[offset + _ATTRIBUTE.size : offset + length]
        offset += _aligned(length)
    return found


def _text(family: int, packed: bytes) -> str:
    """Return the address as text; raises ValueError for another family, or another length."""
    if len(packed) != _BYTES.get(family):
        raise ValueError(f"no address of family {family}")
    return str(ip_address(packed))


def _request(kind: int, flags: int, number: int, body: bytes) -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, number, 0) + body


def _aligned(length: int) -> int:
    return (length + 3) & ~3
