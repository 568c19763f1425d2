"""What a call should know of two looks at the network."""

import pytest

from sentra_tui.services.network.view import FAR, View, Way, what_happened

FOUR, SIX = FAR
WIFI = Way("10.0.0.7", "wlan0", "10.0.0.1")
WIFI_SIX = Way("2001:db8:7::7", "wlan0", "fe80::1")
CABLE = Way("192.168.1.20", "eth0", "192.168.1.1")
ALONE = View({FOUR: None, SIX: None})


def view(four: Way | None = WIFI, six: Way | None = None, *others: str) -> View:
    own = {way.source for way in (four, six) if way is not None}
    return View({FOUR: four, SIX: six}, frozenset({*own, *others}))


def test_the_same_network_is_no_news() -> None:
    assert what_happened(view(), view(WIFI, None, "172.17.0.1")) is None
    assert what_happened(ALONE, ALONE) is None
    assert what_happened(View(), ALONE) is None


def test_a_way_out_that_is_lost_is_down_and_one_that_comes_is_up() -> None:
    assert what_happened(view(), ALONE) == ("down", "no way out")
    assert what_happened(ALONE, view()) == ("up", "by wlan0")
    assert what_happened(ALONE, View({FOUR: Way("10.0.0.7")})) == ("up", "a way out")


@pytest.mark.parametrize(
    ("before", "after", "detail"),
    [
        (view(), view(CABLE, None, WIFI.source), "wlan0 → eth0"),
        (view(), view(Way("10.0.0.7", "wlan0", "10.0.0.2")), "another router on wlan0"),
        (view(), view(Way("10.0.0.9", "wlan0", "10.0.0.1"), None, "10.0.0.7"), "another address on wlan0"),
        (View({FOUR: Way("10.0.0.7")}), View({FOUR: Way("10.0.1.9")}), "another address"),
        (view(), view(WIFI, WIFI_SIX), "another kind of address"),
        (view(WIFI, WIFI_SIX), view(), "a kind of address is gone"),
    ],
)
def test_another_link_router_or_address_is_a_change(before: View, after: View, detail: str) -> None:
    assert what_happened(before, after) == ("changed", detail)


def test_a_temporary_address_that_takes_its_turn_is_no_change_while_the_old_one_is_there() -> None:
    turned = Way("2001:db8:7::8", "wlan0", "fe80::1")
    before = view(None, WIFI_SIX)
    assert what_happened(before, view(None, turned, WIFI_SIX.source)) is None
    assert what_happened(before, view(None, turned)) == ("changed", "another address on wlan0")
    elsewhere = Way("2001:db8:8::8", "wlan0", "fe80::1")
    assert what_happened(before, view(None, elsewhere, WIFI_SIX.source)) == ("changed", "another address on wlan0")


def test_an_address_that_is_asked_about_for_the_first_time_is_no_change() -> None:
    provider = "198.51.100.9"
    before = view()
    after = View({**before.ways, provider: WIFI}, before.addresses)
    assert what_happened(before, after) is None
    moved = View({**before.ways, provider: CABLE}, after.addresses)
    assert what_happened(after, moved) == ("changed", "wlan0 → eth0")


def test_details_name_no_address() -> None:
    for before in (view(), view(CABLE), view(WIFI, WIFI_SIX), ALONE):
        for after in (view(), view(CABLE), view(WIFI, WIFI_SIX), ALONE):
            happened = what_happened(before, after)
            assert happened is None or not any(sign in happened[1] for sign in (".", ":"))
