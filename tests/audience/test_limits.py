"""Limits: at no moment were more let in during the hour before than may be; nobody waits longer than need be."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.audience.limits import Door, Limits, Once

START, MINUTE = 1000.0, 60.0
LIMITS = Limits(per_ip=2, per_network=4, in_all=7)
IPS = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.1", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"]


def network(ip):
    return ip_network(f"{ip}/{24 if ip_address(ip).version == 4 else 64}", strict=False)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(IPS), st.integers(0, 40)), max_size=60))
def test_any_crowd(visits):
    """Whoever comes when, each is let in exactly where the hour before has room: by address, by network, in all."""
    door, now, came = Door(LIMITS), START, []
    for ip, minutes in visits:
        now += minutes * MINUTE
        recent = [one for one, at in came if now - at < LIMITS.window]
        room = (
            recent.count(ip) < LIMITS.per_ip
            and [network(one) for one in recent].count(network(ip)) < LIMITS.per_network
            and len(recent) < LIMITS.in_all
        )
        wait = door.admit(ip, now)
        assert (wait == 0) == room
        if wait == 0:
            came.append((ip, now))
        else:
            assert 0 < wait <= LIMITS.window


def test_how_long_to_wait():
    """Whoever comes back after the wait is let in; a moment before, not yet."""
    door = Door(LIMITS)
    door.admit(IPS[0], START)
    door.admit(IPS[0], START + 5 * MINUTE)
    wait = door.admit(IPS[0], START + 10 * MINUTE)
    assert wait == 50 * MINUTE
    assert door.admit(IPS[0], START + 10 * MINUTE + wait - 1)
    assert door.admit(IPS[0], START + 10 * MINUTE + wait) == 0


def test_knocking_costs_nothing():
    """Who is turned away doesn't count: knocking on doesn't make the wait longer."""
    door = Door(LIMITS)
    for _ in range(2):
        door.admit(IPS[0], START)
    for minute in range(60):
        assert door.admit(IPS[0], START + minute * MINUTE)
    assert door.admit(IPS[0], START + 60 * MINUTE) == 0


@pytest.mark.slow
def test_memory_is_bounded():
    """A hundred thousand addresses at once leave no more behind than may come in; an hour later, nothing."""
    door = Door(Limits(2, 4, 1000))
    for number in range(100_000):
        door.admit(str(ip_address(number * 7919)), START)
    assert len(door) == 1000
    assert len(door._times) <= 2001
    door.admit("192.0.2.1", START + 120 * MINUTE)
    assert len(door) == 1
    assert len(door._times) == 3


def test_one_address_in_other_clothes():
    """An IPv4 address counts as itself where it is written as one of IPv6; a zone is no part of an address."""
    door = Door(Limits(1, 9, 9))
    assert door.admit("192.0.2.1", START) == 0
    assert door.admit("::ffff:192.0.2.1", START)
    assert door.admit("fe80::1%eth0", START) == 0
    assert door.admit("fe80::1%eth1", START)


def test_nobody_known():
    """Where the address isn't known, what holds for all holds."""
    door = Door(Limits(1, 1, 3))
    assert [door.admit(ip, START) == 0 for ip in ("", "unix:", "", "")] == [True, True, True, False]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40)), max_size=60))
def test_once(visits):
    """Each key is let in once in a window, and what was longer ago isn't remembered."""
    once, now, last = Once(60.0), START, {}
    for key, later in visits:
        now += later
        is_new = key not in last or now - last[key] >= 60
        assert once.admit(key, now) == is_new
        if is_new:
            last[key] = now
    assert len(once) <= len({key for key, _ in visits})
    once.admit("d", now + 60)
    assert len(once) == 1
