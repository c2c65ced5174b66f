"""Any sequence of what can happen to people keeps to the states, and to what was said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pipeline.audience.store import Store
from pipeline.audience.subscriber import NewReader, Preferences, Withdrawal, WithdrawalReason
from tests.audience.saying import NOW, said

NAMES = st.integers(0, 5)
FAR = timedelta(days=10_000)
RHYTHMS = st.sampled_from(["each", "weekly", "monthly"])


@dataclass
class Person:
    """What a test knows of somebody: the state, since when a mail keeps the next from going out, who left once."""

    number: int
    state: str = "pending"
    mailed: object = None
    has_left: bool = False
    asked: int | None = None

    @property
    def gone(self) -> bool:
        return self.state == "unsubscribed"


class People(RuleBasedStateMachine):
    """Six addresses, in a database that other examples have used before: each example has a domain of its own."""

    store: Store
    examples = 0

    @initialize()
    def begin(self) -> None:
        type(self).examples += 1
        self.domain = f"e{type(self).examples}.example.com"
        self.now = NOW
        self.people: dict[int, Person] = {}
        self.suppressed: set[int] = set()
        self.store.forget_unconfirmed(NOW + FAR, NOW)  # those of other examples
        self.logged = sum(1 for _ in self.store.consents())
        self.entries = 0
        # Addresses that an erased person has had go the same way.
        self.had: dict[int, set[int]] = {}
        # Who had an address last, of those who have another by now: who leaves has left at that too.
        self.former: dict[int, int] = {}

    def address(self, name: int) -> str:
        return f"Reader{name}@{self.domain}"

    def has_left_elsewhere(self, name: int) -> bool:
        return any(one.has_left and one.number == self.former.get(name) for one in self.people.values())

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(name=NAMES, rhythm=RHYTHMS)
    def ask(self, name: int, rhythm: str) -> None:
        asked = self.store.ask(self.address(name), "", Preferences(rhythm=rhythm), said("asked"), self.now)
        there = self.people.get(name)
        quiet = name in self.suppressed or (
            there and (there.state == "confirmed" or (there.mailed and self.now - there.mailed < timedelta(hours=24)))
        )
        assert asked.kind == ("quiet" if quiet else "mail")
        if quiet:
            return
        if there is None:
            there = self.people[name] = Person(asked.subscriber.id)
            self.had[there.number] = {name}
        there.state, there.mailed = "pending", self.now
        self.entries += 1

    @precondition(lambda self: self.people)
    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        name, there = data.draw(st.sampled_from(sorted(self.people.items())))
        found = self.store.confirm(there.number, said("confirmed"), self.now)
        if name in self.suppressed or there.state == "unsubscribed":
            assert found is None
            return
        self.entries += there.state == "pending"
        if there.state == "pending":
            there.state, there.mailed, there.has_left = "confirmed", None, False
        assert found.state == "confirmed"

    @precondition(lambda self: self.people)
    @rule(data=st.data(), rhythm=RHYTHMS)
    def change(self, data: st.DataObject, rhythm: str) -> None:
        _, there = data.draw(st.sampled_from(sorted(self.people.items())))
        found = self.store.change(there.number, Preferences(rhythm=rhythm), "New", said("changed"), self.now)
        assert (found.state, found.preferences.rhythm) == (there.state, rhythm)
        self.entries += 1

    @precondition(lambda self: self.people)
    @rule(data=st.data(), new=NAMES)
    def ask_address(self, data: st.DataObject, new: int) -> None:
        name, there = data.draw(st.sampled_from(sorted(self.people.items())))
        asked = self.store.ask_address(there.number, self.address(new), self.now)
        quiet = there.state == "unsubscribed" or {name, new} & self.suppressed or new in self.people
        assert asked.kind == ("quiet" if quiet else "mail")
        if there.state != "unsubscribed" and name not in self.suppressed:
            there.asked = new

    @precondition(lambda self: self.people)
    @rule(data=st.data(), new=NAMES)
    def change_address(self, data: st.DataObject, new: int) -> None:
        name, there = data.draw(st.sampled_from(sorted(self.people.items())))
        found = self.store.change_address(there.number, self.store.who(self.address(new)), said("changed"), self.now)
        if name in self.suppressed or (
            new != name and (there.asked != new or new in self.people or new in self.suppressed)
        ):
            assert found is None
        else:
            assert found.address == self.address(new)
            if new != name:
                self.people[new] = self.people.pop(name)
                there.asked = None
                self.had[there.number].add(new)
                self.former.pop(new, None)
                self.former[name] = there.number
                self.entries += 1

    @precondition(lambda self: self.people)
    @rule(data=st.data())
    def unsubscribe(self, data: st.DataObject) -> None:
        _, there = data.draw(st.sampled_from(sorted(self.people.items())))
        assert self.store.unsubscribe(there.number, said("unsubscribed"), self.now).state == "unsubscribed"
        self.entries += there.state != "unsubscribed"
        there.asked = None if there.state != "unsubscribed" else there.asked
        there.state, there.has_left = "unsubscribed", True

    @rule(days=st.integers(0, 2))
    def lapse(self, days: int) -> None:
        before = self.now - timedelta(days=days)
        gone = {name: one for name, one in self.people.items() if one.state == "pending" and one.mailed < before}
        assert self.store.forget_unconfirmed(before, self.now) == len(gone)
        self.entries += len(gone)
        for name, there in gone.items():
            if there.has_left:
                there.state, there.asked = "unsubscribed", None
            else:
                del self.people[name]

    @rule(name=NAMES)
    def bounce(self, name: int) -> None:
        new = self.store.suppress(self.address(name), "bounce", said("suppressed", "bounce"), self.now)
        assert new == (name not in self.suppressed)
        self.suppressed.add(name)
        self.entries += new

    @rule(name=NAMES)
    def lift(self, name: int) -> None:
        was = self.store.lift(self.address(name), said("lifted", "command"))
        assert was == (name in self.suppressed)
        self.suppressed.discard(name)
        self.entries += was

    @precondition(lambda self: self.people)
    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        name, there = data.draw(st.sampled_from(sorted(self.people.items())))
        assert self.store.erase(there.number, said("erased"), self.now)
        del self.people[name]
        self.suppressed |= self.had[there.number] - self.people.keys()
        self.entries += 1

    @rule(names=st.lists(NAMES, max_size=4))
    def import_rows(self, names: list[int]) -> None:
        rows = [[NewReader(self.address(name)) for name in names]]
        (verdicts,) = self.store.import_rows(rows, said("imported", "import"), self.now)
        for name, verdict in zip(names, verdicts, strict=True):
            there = self.people.get(name)
            if name in self.suppressed:
                assert verdict == "suppressed"
            elif (there and there.has_left) or self.has_left_elsewhere(name):
                assert verdict == "unsubscribed"
            elif there and there.state == "confirmed":
                assert verdict == "joined"
            else:
                assert verdict == "taken"
                if there is None:
                    found = self.store.by_address(self.address(name))
                    there = self.people[name] = Person(found.id)
                    self.had[found.id] = {name}
                there.state, there.mailed = "confirmed", None
                self.entries += 1

    @rule(rows=st.lists(st.tuples(NAMES, st.sampled_from(["unsubscribed", "complaint"])), max_size=4))
    def withdraw_rows(self, rows: list[tuple[int, WithdrawalReason]]) -> None:
        gone = [Withdrawal(self.address(name), reason) for name, reason in rows]
        found = self.store.withdraw_rows(gone, said("imported", "import"), self.now)
        for (name, reason), news in zip(rows, found, strict=True):
            there = self.people.get(name)
            assert news == (name not in self.suppressed and (reason == "complaint" or not there or not there.gone))
            self.entries += news
            if news and reason == "complaint":
                self.suppressed.add(name)
            elif news:
                if there is None:
                    number = self.store.by_address(self.address(name)).id
                    there = self.people[name] = Person(number)
                    self.had[number] = {name}
                there.state, there.has_left, there.asked = "unsubscribed", True, None

    @invariant()
    def everybody_is_where_they_should_be(self) -> None:
        if not hasattr(self, "people"):
            return
        for name in range(6):
            found, there = self.store.by_address(self.address(name)), self.people.get(name)
            assert (found and (found.id, found.state)) == (there and (there.number, there.state))
            assert self.store.is_suppressed(self.address(name)) == (name in self.suppressed)

    @invariant()
    def the_audience_is_those_who_may_have_it(self) -> None:
        if not hasattr(self, "people"):
            return
        batches = list(self.store.audience("an-edition", self.now, self.now, fields=()))
        found = {email for batch in batches for email in batch.emails if email.endswith(f"@{self.domain}")}
        may = {name for name, there in self.people.items() if there.state == "confirmed"} - self.suppressed
        assert found == {self.address(name) for name in may}

    @invariant()
    def mails_wait_for_those_alone_who_may_have_one(self) -> None:
        if not hasattr(self, "people"):
            return
        there = {one.number: (name, one) for name, one in self.people.items()}
        for mail in self.store.claim(self.now, 100):
            self.store.done(mail.id)
            name, one = there[mail.subscriber_id]
            assert name not in self.suppressed
            assert (mail.kind, one.state) in {
                ("confirm", "pending"),
                ("welcome", "confirmed"),
                ("address", "pending"),
                ("address", "confirmed"),
            }

    @invariant()
    def each_word_is_logged_once(self) -> None:
        if not hasattr(self, "people"):
            return
        assert sum(1 for _ in self.store.consents(self.logged)) == self.entries

    def teardown(self) -> None:
        assert self.store.verify() is None
        # The next example's mails are its own.
        while found := self.store.claim(NOW + FAR, 100):
            for mail in found:
                self.store.done(mail.id)


def tried(store: Store, examples: int, steps: int) -> None:
    machine = type("Tried", (People,), {"store": store})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    tried_so = settings(max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(machine, settings=tried_so)


@pytest.mark.slow
def test_people(store):
    """Sign-ups, confirmations, changes, farewells, bounces and what is lifted of them, imports of who has come or gone,
    and erasures in any order
    keep to the states, and no suppressed address comes into an audience."""
    tried(store, 5, 12)


@pytest.mark.slow
def test_many_people(store):
    """The same, for long."""
    tried(store, 100, 60)
