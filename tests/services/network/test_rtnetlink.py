"""Messages of the kernel, as recorded, cut short, and made up."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.services.network import rtnetlink
from sentra_tui.services.network.rtnetlink import Address, Ended, Link, Message, Route, Rule, matters, read

ADDRESS_ADDED = bytes.fromhex(
    "4c000000140000005a47026b4c2500000218800003000000080001000a090002080002000a090002080003006f75740008000800"
    "8000000014000600ffffffffffffffff3204580032045800"
)
ADDRESS_REMOVED = bytes.fromhex(
    "4c000000150000005b47026b522500000218800003000000080001000a090002080002000a090002080003006f75740008000800"
    "8000000014000600ffffffffffffffff3204580032045800"
)
SIX_ADDED = bytes.fromhex(
    "480000001400000000000000000000000a408200030000001400010020010db8000100000000000000000002"
    "14000600ffffffffffffffff3d0458003d0458000800080082000000"
)
LINK_LOCAL_TENTATIVE = bytes.fromhex(
    "500000001500000000000000000000000a40c0fd0200000014000100fe800000000000005ca929fffe2eedd9"
    "14000600ffffffffffffffff2d0458002d04580008000800c000000005000b0003000000"
)
DEFAULT_ADDED = bytes.fromhex(
    "34000000180000065b47026b4d25000002000000fe0300010000000008000f00fe000000080005000a0900010800040003000000"
)
SIX_DEFAULT_REMOVED = bytes.fromhex(
    "740000001900000000000000000000000a000000fe0300010000000008000f00fe00000008000600000400001400050020010db8"
    "000100000000000000000001080004000300000024000c0000000000000000000000000000000000000000000000000000000000"
    "000000000500140000000000"
)
CONNECTED_ROUTE = bytes.fromhex(
    "3c00000018000006000000000000000002180000fe02fd010000000008000f00fe000000080001000a090000080007000a090002"
    "0800040003000000"
)
LOCAL_ROUTE = bytes.fromhex(
    "3c00000018000006000000000000000002200000ff02fe020000000008000f00ff000000080001000a090002080007000a090002"
    "0800040003000000"
)
RULE_ADDED = bytes.fromhex(
    "4c000000200000005b47026b5325000002000000050000010000000008000f000500000008000e00ffffffff0500150000000000"
    "08000600fd7f000008000a000100000008001000ffffffff"
)


def link(kind: int, index: int, name: str, flags: int) -> bytes:
    named = name.encode() + b"\0"
    attribute = struct.pack("=HH", 4 + len(named), 3) + named
    body = struct.pack("=BxHiII", 0, 1, index, flags, 0xFFFFFFFF) + attribute
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body + bytes(-len(body) % 4)


RECORDED = [
    (ADDRESS_ADDED, Address(3, "10.9.0.2", gone=False)),
    (ADDRESS_REMOVED, Address(3, "10.9.0.2", gone=True)),
    (SIX_ADDED, Address(3, "2001:db8:1::2", gone=False)),
    (DEFAULT_ADDED, Route(3, "10.9.0.1", "", gone=False)),
    (SIX_DEFAULT_REMOVED, Route(3, "2001:db8:1::1", "", gone=True)),
    (CONNECTED_ROUTE, Route(3, "", "10.9.0.2", gone=False)),
    (RULE_ADDED, Rule(gone=False)),
    (link(16, 3, "wlan0", 0x1_1043), Link(3, "wlan0", up=True, loopback=False, gone=False)),
    (link(16, 3, "wlan0", 0x1003), Link(3, "wlan0", up=False, loopback=False, gone=False)),
    (link(17, 3, "wlan0", 0x1_1043), Link(3, "wlan0", up=False, loopback=False, gone=True)),
]


@pytest.mark.parametrize(("recorded", "meaning"), RECORDED)
def test_a_message_is_read_and_calls_for_a_look(recorded: bytes, meaning: Message) -> None:
    assert [*read(recorded)] == [meaning]
    assert matters(meaning)


@pytest.mark.parametrize("recorded", [LINK_LOCAL_TENTATIVE, LOCAL_ROUTE])
def test_what_no_call_can_use_is_left_out(recorded: bytes) -> None:
    assert [*read(recorded)] == []


def test_loopback_and_the_ends_of_answers_call_for_no_look() -> None:
    loopback, ended = read(link(16, 1, "lo", 0x1_0049) + struct.pack("=IHHIIi", 20, 3, 2, 7, 0, 0))
    assert ended == Ended(7)
    assert not matters(loopback)
    assert not matters(ended)


def test_many_messages_in_one_datagram_are_read_in_order() -> None:
    assert [*read(b"".join(recorded for recorded, _ in RECORDED))] == [meaning for _, meaning in RECORDED]


@given(st.binary(max_size=400))
def test_garbage_is_survived(datagram: bytes) -> None:
    list(read(datagram))


@given(
    st.sampled_from([recorded for recorded, _ in RECORDED]),
    st.lists(st.tuples(st.integers(0, 115), st.integers(0, 255)), max_size=12),
    st.integers(0, 116),
)
def test_messages_with_wrong_bytes_and_missing_ends_are_survived(
    recorded: bytes, wrong: list[tuple[int, int]], length: int
) -> None:
    datagram = bytearray(recorded)
    for place, byte in wrong:
        datagram[place % len(datagram)] = byte
    list(read(bytes(datagram[:length])))


@given(st.integers(0, 0xFFFF), st.binary(max_size=200))
def test_every_kind_of_message_may_hold_anything(kind: int, body: bytes) -> None:
    list(read(struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body))


def test_questions_are_as_long_as_they_say() -> None:
    for question in (
        rtnetlink.links_wanted(1),
        rtnetlink.addresses_wanted(2),
        rtnetlink.route_wanted(3, "203.0.113.1"),
        rtnetlink.route_wanted(4, "2001:db8::1"),
    ):
        assert struct.unpack_from("=I", question)[0] == len(question)
