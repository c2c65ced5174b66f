"""digests.py: when a recurring digest falls due, and which articles it takes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from pipeline import digests
from pipeline.digests import Candidate, Choice, GoneOut, LeftOut, Window
from pipeline.errors import Where
from pipeline.model import Block, Digest, Finding, FrontMatter, Pick

WHERE = Where("content/newsletter.toml", 7)
BERLIN = "Europe/Berlin"
WEEKLY = Digest(
    name="weekly",
    schedule="0 8 * * MON",
    timezone=BERLIN,
    subject="This week: {lead.title}",
    preheader="",
    language="en",
    template="digest",
    tags=(),
    max=None,
    blocks=(Block("lead", WHERE, {"value": Pick.NEWEST}), Block("teasers", WHERE, {"value": Pick.REST})),
    letter=Markup(),
    when_empty="skip",
    catch_up="one",
    since=None,
    where=WHERE,
)


def at(text, zone=BERLIN):
    """A moment: with an offset it is that instant, shown by the zone's clock."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(ZoneInfo(zone)) if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def written(windows):
    return [(window.begin.isoformat(), window.end.isoformat()) for window in windows]


class TestTicks:
    """Each time of the schedule comes once, whatever the clock does."""

    @pytest.mark.parametrize(
        ("zone", "schedule", "after", "until", "expected"),
        [
            (BERLIN, "30 2 * * *", "2026-03-28T12:00", "2026-03-30T12:00", ["29T03:00:00+02:00", "30T02:30:00+02:00"]),
            (BERLIN, "30 2 * * *", "2026-10-24T12:00", "2026-10-26T12:00", ["25T02:30:00+02:00", "26T02:30:00+01:00"]),
            (BERLIN, "*/30 2 * * *", "2026-03-29T00:00", "2026-03-29T12:00", ["29T03:00:00+02:00"]),
            (
                BERLIN,
                "*/30 2 * * *",
                "2026-10-25T00:00",
                "2026-10-25T12:00",
                ["25T02:00:00+02:00", "25T02:30:00+02:00"],
            ),
            (
                BERLIN,
                "0,30 2,3 * * *",
                "2026-03-29T00:00",
                "2026-03-29T12:00",
                ["29T03:00:00+02:00", "29T03:30:00+02:00"],
            ),
            (BERLIN, "0 8 * * SUN", "2026-03-22T08:00", "2026-03-29T08:00", ["29T08:00:00+02:00"]),
            (
                "America/New_York",
                "30 2 * * *",
                "2026-03-07T12:00",
                "2026-03-09T12:00",
                ["08T03:00:00-04:00", "09T02:30:00-04:00"],
            ),
            (
                "America/New_York",
                "30 1 * * *",
                "2026-10-31T12:00",
                "2026-11-02T12:00",
                ["01T01:30:00-04:00", "02T01:30:00-05:00"],
            ),
            (
                "Australia/Lord_Howe",
                "15 2 * * *",
                "2026-10-03T12:00",
                "2026-10-05T12:00",
                ["04T02:30:00+11:00", "05T02:15:00+11:00"],
            ),
            (
                "Australia/Lord_Howe",
                "45 1 * * *",
                "2026-04-04T12:00",
                "2026-04-06T12:00",
                ["05T01:45:00+11:00", "06T01:45:00+10:30"],
            ),
        ],
    )
    def test_clock_changes(self, zone, schedule, after, until, expected):
        """A time left out comes when the clock jumps; a doubled one comes the first time."""
        digest = replace(WEEKLY, schedule=schedule, timezone=zone)
        found = digests.ticks(digest, at(after, zone), at(until, zone))
        assert [f"{tick.isoformat()}"[8:] for tick in found] == expected

    def test_in_the_doubled_hour(self):
        """In the second of two equal hours, what came in the first has passed, also at a later minute."""
        digest = replace(WEEKLY, schedule="30 2 * * *")
        first, second = at("2026-10-25T02:15+02:00"), at("2026-10-25T02:15+01:00")
        assert (first.replace(tzinfo=None), first.fold, second.fold) == (second.replace(tzinfo=None), 0, 1)
        day_before, tick = at("2026-10-24T02:30"), at("2026-10-25T02:30+02:00")
        assert digests.due(digest, day_before, first) == ()
        assert written(digests.due(digest, day_before, second)) == [(day_before.isoformat(), tick.isoformat())]
        assert [one.isoformat() for one in digests.ticks(digest, first, second)] == [tick.isoformat()]
        assert digests.due(digest, tick, second) == ()
        assert digests.due(digest, second, at("2026-10-25T03:00")) == ()
        assert [one.end.isoformat() for one in digests.upcoming(digest, second, 1)] == ["2026-10-26T02:30:00+01:00"]

    @given(
        st.sampled_from(
            [
                (BERLIN, date(2026, 3, 28)),
                (BERLIN, date(2026, 10, 24)),
                ("America/New_York", date(2026, 10, 31)),
                ("Australia/Lord_Howe", date(2026, 4, 4)),
                ("Australia/Lord_Howe", date(2026, 10, 3)),
                ("America/Santiago", date(2026, 9, 5)),
                ("Asia/Beirut", date(2026, 3, 28)),
                ("Asia/Kolkata", date(2026, 3, 28)),
            ]
        ),
        st.integers(0, 95),
        st.booleans(),
    )
    def test_each_day_once(self, place, quarter, star):
        """Each day has one tick: the first moment of the day at which the clock shows the time or a later one."""
        zone, day = place
        shown = time(quarter // 4, quarter % 4 * 15)
        hour = f"{shown.hour}-{shown.hour}" if star else shown.hour
        minute = f"*/{shown.minute}" if star and shown.minute > 29 else shown.minute
        digest = replace(WEEKLY, schedule=f"{minute} {hour} * * *", timezone=zone)
        begin = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
        quarters = [(begin + index * timedelta(minutes=15)).astimezone(ZoneInfo(zone)) for index in range(4 * 24 * 4)]
        days = [day + timedelta(days=index) for index in range(3)]
        expected = [next(one for one in quarters if one.date() == that and one.time() >= shown) for that in days]
        found = digests.ticks(digest, begin - timedelta(seconds=1), expected[-1])
        assert [one.isoformat() for one in found if one.time() >= shown] == [one.isoformat() for one in expected]
        latest = digests.due(digest, None, expected[1])
        assert latest[0].end.isoformat() == expected[1].isoformat()

    def test_zone(self):
        """Ticks are in the digest's zone, whichever one is asked in."""
        asked = datetime(2026, 11, 23, 6, 59, tzinfo=UTC)
        found = digests.ticks(WEEKLY, asked, asked + timedelta(minutes=1))
        assert [tick.isoformat() for tick in found] == ["2026-11-23T08:00:00+01:00"]


class TestDue:
    """What has fallen due, and how missed ticks are made good."""

    NOW = at("2026-11-24T09:00")

    def test_first_time(self):
        """A digest that was never built begins with its latest tick, whatever it says of missed ones."""
        for catch_up in ("one", "all", "none"):
            found = digests.due(replace(WEEKLY, catch_up=catch_up), None, self.NOW)
            assert found == (Window("weekly", at("2026-11-16T08:00"), at("2026-11-23T08:00")),)

    @pytest.mark.parametrize("now", ["2026-11-23T08:00", "2026-11-23T08:00:00.000001", "2026-11-30T07:59:59.999999"])
    def test_latest_tick(self, now):
        """A tick has passed from its own moment on, to the microsecond."""
        (found,) = digests.due(WEEKLY, None, at(now))
        assert found.end == at("2026-11-23T08:00")

    @pytest.mark.parametrize("last", ["2026-11-23T08:00", "2026-11-23T07:00+00:00", "2026-11-30T08:00"])
    def test_nothing(self, last):
        """Nothing is due where the latest tick was built, or the clock was set back."""
        for catch_up in ("one", "all", "none"):
            assert digests.due(replace(WEEKLY, catch_up=catch_up), at(last, "UTC"), self.NOW) == ()

    @pytest.mark.parametrize(
        ("catch_up", "expected"),
        [
            ("one", [("02", "23")]),
            ("all", [("02", "09"), ("09", "16"), ("16", "23")]),
            ("none", [("16", "23")]),
        ],
    )
    def test_catch_up(self, catch_up, expected):
        """Missed ticks make one edition, one each, or none but the latest."""
        found = digests.due(replace(WEEKLY, catch_up=catch_up), at("2026-11-02T08:00"), self.NOW)
        assert [(f"{window.begin:%d}", f"{window.end:%d}") for window in found] == expected

    def test_changed_schedule(self):
        """Where the schedule has moved since the last build, the next window begins where the last one ended."""
        for catch_up in ("one", "all"):
            (found,) = digests.due(replace(WEEKLY, catch_up=catch_up), at("2026-11-18T12:00"), self.NOW)
            assert found == Window("weekly", at("2026-11-18T12:00"), at("2026-11-23T08:00"))

    @pytest.mark.parametrize(
        ("since", "catch_up", "expected"),
        [
            ("2026-11-05T00:00", "one", [("05", "23")]),
            ("2026-11-05T00:00", "all", [("05", "09"), ("09", "16"), ("16", "23")]),
            ("2026-11-05T00:00", "none", [("16", "23")]),
            ("2026-11-19T00:00", "none", [("19", "23")]),
            ("2026-11-23T08:00", "one", []),
        ],
    )
    def test_since(self, since, catch_up, expected):
        """A digest that says since when reaches back to there in its first edition, and makes none before."""
        digest = replace(WEEKLY, catch_up=catch_up, since=at(since))
        found = digests.due(digest, None, self.NOW)
        assert [(f"{window.begin:%d}", f"{window.end:%d}") for window in found] == expected
        assert digests.due(digest, at("2026-11-23T08:00"), self.NOW) == ()

    @pytest.mark.parametrize(
        ("since", "end"), [("2026-12-02T00:00", "2026-12-07T08:00"), ("2026-11-24T00:00", "2026-11-30T08:00")]
    )
    def test_upcoming_since(self, since, end):
        """The first of the next windows begins where the digest does, if that is later than the latest tick."""
        found = digests.upcoming(replace(WEEKLY, since=at(since)), self.NOW, 2)
        assert found[0] == Window("weekly", at(since), at(end))
        assert len(found) == 2

    def test_never(self):
        """A schedule that never comes is never due."""
        never = replace(WEEKLY, schedule="0 0 */31 2 MON#5")
        assert digests.due(never, None, self.NOW) == ()
        assert digests.upcoming(never, self.NOW, 3) == ()

    def test_upcoming(self):
        """The next windows follow each other, and the first begins at the latest tick."""
        found = digests.upcoming(WEEKLY, at("2026-11-23T08:00"), 2)
        assert found == (
            Window("weekly", at("2026-11-23T08:00"), at("2026-11-30T08:00")),
            Window("weekly", at("2026-11-30T08:00"), at("2026-12-07T08:00")),
        )
        assert digests.upcoming(WEEKLY, self.NOW, 0) == ()


WINDOW = Window("weekly", at("2026-11-16T08:00"), at("2026-11-23T08:00"))


def choose(digest, window, articles, gone_out):
    return digests.choose(digest, window, articles, gone_out, digests.slugs_of(digest, window)[0])


def edition_of(digest, choice):
    return digests.recurring(digest, WINDOW, choice, "weekly-2026-11-23").edition


def candidate(slug, day="2026-11-20T00:00", body=None, **facts):
    front_matter = FrontMatter(
        slug=slug,
        title=facts.pop("title", slug.title()),
        url=f"https://blog.example.com/{slug}",
        where=Where(f"content/articles/{slug}.md", 2),
        date=at(day) if day else None,
        language=facts.pop("language", "en"),
        **facts,
    )
    return Candidate(front_matter, slug if body is None else body)


def slugs(choice):
    return [one.front_matter.slug for one in choice.taken]


def gone(slug="x", title="X", day="2026-11-10T00:00", body="x", edition="weekly-2026-11-16"):
    return GoneOut(slug, title, at(day) if day else None, body, edition)


class TestChoose:
    """Which articles a digest takes, and why not the others."""

    @pytest.mark.parametrize(
        ("article", "kind", "reason"),
        [
            (candidate("a", draft=True), "draft", "draft"),
            (candidate("a", None), "no date", "no date"),
            (candidate("a", language="ar"), "language", "another language (ar; the digest is in en)"),
            (candidate("a", tags=("stress",)), "tags", "none of the tags sleep, Naps"),
            (
                candidate("a", "2026-11-16T07:59:59", tags=("sleep",)),
                "before",
                "before the window (dated 2026-11-16 07:59; the window begins 2026-11-16 08:00)",
            ),
            (
                candidate("a", "2026-11-23T07:00+00:00", tags=("sleep",)),
                "after",
                "after the window (published only on 2026-11-23 08:00; the window ends 2026-11-23 08:00)",
            ),
        ],
    )
    def test_left_out(self, article, kind, reason):
        """Each article that is left out has its reason, with the facts."""
        digest = replace(WEEKLY, tags=("sleep", "Naps"))
        assert choose(digest, WINDOW, [article], []) == Choice((), (LeftOut("a", kind, reason),))

    def test_too_late(self):
        """An article that came too late for the edition before is told as such; an old one isn't."""
        articles = [candidate("a", "2026-11-12T00:00"), candidate("b", "2026-11-01T00:00")]
        first = choose(WEEKLY, WINDOW, articles, [])
        later = choose(WEEKLY, WINDOW, articles, [gone("other", body="other")])
        assert [one.kind for one in first.left_out] == ["before", "before"]
        assert [one.kind for one in later.left_out] == ["late", "before"]
        assert later.left_out[0].reason.startswith("too late (dated 2026-11-12 00:00, in the window before")

    def test_taken(self):
        """The newest come first, equal dates by slug; the window has its first moment and not its last."""
        articles = [
            candidate("first", "2026-11-16T08:00", language="en-GB"),
            candidate("d", "2026-11-20T00:00"),
            candidate("c", "2026-11-19T23:00+00:00"),
            candidate("last", "2026-11-23T07:59:59"),
        ]
        assert choose(WEEKLY, WINDOW, articles, []) == Choice((articles[3], articles[2], articles[1], articles[0]), ())

    def test_window_that_ends_in_the_doubled_hour(self):
        """An article of the second 02:15 comes after a window that ends at the first 02:30."""
        window = Window("weekly", at("2026-10-24T02:30"), at("2026-10-25T02:30+02:00"))
        late, early = candidate("late", "2026-10-25T02:15+01:00"), candidate("early", "2026-10-25T02:15+02:00")
        choice = choose(WEEKLY, window, [late, early], [])
        assert slugs(choice) == ["early"]
        assert choice.left_out[0].reason.startswith("after the window (published only on 2026-10-25 02:15")

    def test_window_that_begins_in_the_doubled_hour(self):
        """An article of the second 02:15 comes into a window that begins at the first 02:30."""
        window = Window("weekly", at("2026-10-25T02:30+02:00"), at("2026-10-26T02:30"))
        late, early = candidate("late", "2026-10-25T02:15+01:00"), candidate("early", "2026-10-25T02:15+02:00")
        assert slugs(choose(WEEKLY, window, [late, early], [])) == ["late"]

    def test_tags(self):
        """One of the tags is enough, in any capitals."""
        digest = replace(WEEKLY, tags=("Sleep", "naps"))
        article = candidate("a", tags=("stress", "NAPS"))
        assert slugs(choose(digest, WINDOW, [article], [])) == ["a"]

    def test_maximum(self):
        """Over the maximum it is the older ones that are left out, and only what would else be taken counts."""
        articles = [candidate(f"a{day}", f"2026-11-{day}T00:00", draft=day == 22) for day in range(17, 23)]
        choice = choose(replace(WEEKLY, max=2), WINDOW, articles, [])
        assert slugs(choice) == ["a21", "a20"]
        assert choice.left_out == (
            LeftOut("a22", "draft", "draft"),
            *(LeftOut(f"a{day}", "over", "over the maximum of 2") for day in (19, 18, 17)),
        )

    @pytest.mark.parametrize(
        "record",
        [
            gone(slug="a"),
            gone(body="a"),
            gone(title="A", day="2026-11-19T23:00+00:00"),
        ],
    )
    def test_gone_out(self, record):
        """An article that has gone out is known by its slug, its body, or its title and date."""
        choice = choose(WEEKLY, WINDOW, [candidate("a")], [gone("y", "Y"), record])
        assert choice == Choice((), (LeftOut("a", "gone out", "already in edition weekly-2026-11-16"),))

    @pytest.mark.parametrize(
        ("article", "record"),
        [
            (candidate("a"), gone(title="A")),
            (candidate("a"), gone(day="2026-11-20T00:00")),
            (candidate("a", body=""), gone(body="")),
            (candidate("a"), gone(title="A", day=None)),
        ],
    )
    def test_another_article(self, article, record):
        """A title alone, a date alone and an empty body make no two articles the same."""
        assert slugs(choose(WEEKLY, WINDOW, [article], [record])) == ["a"]

    def test_gone_out_before_the_window(self):
        """Of what has gone out it is said in which edition, rather than that it is old now."""
        choice = choose(WEEKLY, WINDOW, [candidate("a", "2026-11-10T00:00")], [gone("a")])
        assert choice.left_out == (LeftOut("a", "gone out", "already in edition weekly-2026-11-16"),)

    def test_built_again(self):
        """An edition that is built again takes what it took."""
        record = gone("a", edition="weekly-2026-11-23")
        assert slugs(choose(WEEKLY, WINDOW, [candidate("a")], [record])) == ["a"]

    def test_copies(self):
        """Of two files with one body the newer is taken, and the other isn't."""
        articles = [candidate("copy", "2026-11-19T00:00", "body"), candidate("a", body="body")]
        choice = choose(WEEKLY, WINDOW, articles, [])
        assert slugs(choice) == ["a"]
        assert choice.left_out == (LeftOut("copy", "copy", "the same article as a, which this edition has"),)

    def test_record(self):
        """What is kept of an article that goes out is what it is known by later."""
        assert digests.record(candidate("a"), "e") == GoneOut("a", "A", at("2026-11-20T00:00"), "a", "e")


class TestEdition:
    """A window and its articles make an edition."""

    CHOICE = Choice((candidate("a", dek="On {count}"), candidate("b"), candidate("c")), ())

    def test_edition(self):
        """It is as content would have it: dated at its tick, its blocks naming articles."""
        finding = Finding("markdown", "note", "x", WHERE)
        digest = replace(WEEKLY, letter=Markup("<p>Hello</p>"), language="ar", template="t", findings=(finding,))
        edition = edition_of(digest, self.CHOICE)
        assert (edition.slug, edition.subject, edition.date) == ("weekly-2026-11-23", "This week: A", WINDOW.end)
        assert (edition.language, edition.direction, edition.template) == ("ar", "rtl", "t")
        assert (edition.letter, edition.where, edition.findings) == (digest.letter, WHERE, (finding,))
        assert [(block.name, dict(block.data)) for block in edition.blocks] == [
            ("lead", {"value": "a"}),
            ("teasers", {"value": ("b", "c")}),
        ]

    def test_picks(self):
        """Each Pick becomes slugs wherever it stands, in a list as well; the same words elsewhere stay words."""
        data = {"article": Pick.NEWEST, "articles": ("x", Pick.ALL, Pick.NEWEST), "title": "rest", "more": ("all",)}
        digest = replace(WEEKLY, blocks=(Block("quote", WHERE, data),))
        (block,) = edition_of(digest, self.CHOICE).blocks
        assert dict(block.data) == {
            "article": "a",
            "articles": ("x", "a", "b", "c", "a"),
            "title": "rest",
            "more": ("all",),
        }

    def test_one_article(self):
        """Of one article the rest is empty."""
        blocks = edition_of(WEEKLY, Choice(self.CHOICE.taken[:1], ())).blocks
        assert [block.data["value"] for block in blocks] == ["a", ()]

    @pytest.mark.parametrize(
        ("subject", "language", "expected"),
        [
            ("{lead.title}: {lead.dek}", "en", "A: On {count}"),
            ("{count} new on {date}", "en", "3 new on November 23, 2026"),
            ("{count} neu am {date}", "de", "3 neu am 23. November 2026"),
        ],
    )
    def test_places(self, subject, language, expected):
        """Each place is filled once: braces in an article's words are its own."""
        digest = replace(WEEKLY, subject=subject, preheader=subject, language=language)
        edition = edition_of(digest, self.CHOICE)
        assert (edition.subject, edition.preheader) == (expected, expected)

    def test_empty_subject(self):
        """A subject of which nothing is left is the newest article's title; a preheader may be empty."""
        digest = replace(WEEKLY, subject="{lead.dek}", preheader=" {lead.dek} ")
        edition = edition_of(digest, Choice((candidate("b"),), ()))
        assert (edition.subject, edition.preheader) == ("B", "")

    @pytest.mark.parametrize(
        ("schedule", "expected"),
        [
            ("0 8 * * MON", ["weekly-2026-11-23"]),
            ("0 8,20 * * MON", ["weekly-2026-11-23-0800", "weekly-2026-11-23-2000"]),
            ("0 0 * * *", ["weekly-2026-11-23", "weekly-2026-11-24"]),
        ],
    )
    def test_slug(self, schedule, expected):
        """The slug has the day, and the hour where the day has several, or another edition has taken it."""
        digest = replace(WEEKLY, schedule=schedule)
        ends = digests.ticks(digest, at("2026-11-22T21:00"), at("2026-11-24T00:00"))
        slugs = [digests.slugs_of(digest, Window("weekly", end, end)) for end in ends]
        assert [first for first, *_ in slugs] == expected
        assert all(other.startswith(f"{first}-") for first, *others in slugs for other in others)


YEAR_BEGIN, YEAR_END = at("2026-01-01T00:00+00:00", "UTC"), at("2027-01-01T00:00+00:00", "UTC")
MINUTES = 365 * 24 * 60
# How an article is changed, all at once, by what of it has to stay for it to be known again.
CHANGES = {"slug": ("redate", "retitle", "edit"), "body": ("redate", "retitle", "rename"), "title": ("rename", "edit")}
SCHEDULES = {"weekly": "0 8 * * MON", "daily": "30 2 * * *", "monthly": "30 2 * * 7L"}


@dataclass(frozen=True)
class Story:
    """What becomes of one article in the year: when its file arrives, and what happens to it at which minute."""

    arrives: int
    dated: int
    hidden: tuple[tuple[int, int, str], ...]
    changes: tuple[tuple[int, int], ...]
    kept: str

    def candidate(self, number: int, minute: int) -> Candidate | None:
        """The article as its file is at this minute; ``None`` where there is none."""
        states = {state for begin, end, state in self.hidden if begin <= minute < end}
        if minute < self.arrives or "away" in states:
            return None
        made, kinds = [shift for when, shift in self.changes if when <= minute], CHANGES[self.kept]
        names = {kind: f"{number}{'x' * len(made) * (kind in kinds)}" for kind in ("rename", "retitle", "edit")}
        dated = self.dated + sum(made) * ("redate" in kinds)
        facts = FrontMatter(
            slug=f"a{names['rename']}",
            title=f"Title {names['retitle']}",
            url="",
            where=WHERE,
            date=(YEAR_BEGIN + timedelta(minutes=dated)).astimezone(ZoneInfo(BERLIN)),
            draft="draft" in states,
            language="en",
        )
        return Candidate(facts, sha256(names["edit"].encode()).hexdigest())


def minutes_of(moment: datetime) -> int:
    return int((moment - YEAR_BEGIN) / timedelta(minutes=1))


@st.composite
def stories(draw: st.DrawFn, ticks: list[int]) -> Story:
    """Stories whose moments are any minute, or that of a tick, or one beside it."""
    around = st.sampled_from(ticks).flatmap(lambda tick: st.integers(tick - 1, tick + 1))
    minute = st.one_of(st.integers(0, MINUTES), around)
    dated = draw(minute)
    arrives = draw(st.one_of(st.just(dated), minute))
    spans = st.tuples(minute, minute, st.sampled_from(["draft", "away"]))
    # Shifts in whole days, so that an article often moves into the very next window.
    changes = st.tuples(minute, st.integers(-10, 40).map(lambda days: days * 1440))
    hidden, changed = draw(st.lists(spans, max_size=1)), draw(st.lists(changes, max_size=3))
    return Story(arrives, dated, tuple(hidden), tuple(changed), draw(st.sampled_from(sorted(CHANGES))))


@st.composite
def years(draw: st.DrawFn, schedule: str) -> tuple[Digest, list[datetime], list[datetime], list[Story]]:
    """A digest, its ticks in a year, the moments at which it is looked at, and the articles."""
    digest = replace(
        WEEKLY,
        schedule=schedule,
        timezone=draw(st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe"])),
        catch_up=draw(st.sampled_from(["one", "all", "none"])),
        max=draw(st.sampled_from([None, 1, 3])),
        since=draw(st.sampled_from([None, YEAR_BEGIN])),
    )
    ticks = list(digests.ticks(digest, YEAR_BEGIN, YEAR_END))
    outages = draw(st.lists(st.tuples(st.integers(0, len(ticks)), st.integers(1, 20)), max_size=4))
    missed = {first + index for first, length in outages for index in range(length)}
    delay = timedelta(minutes=draw(st.integers(0, 600)))
    # Added in UTC: in one time zone Python adds by what the clock shows.
    runs = [tick.astimezone(UTC) + delay for index, tick in enumerate(ticks) if index not in missed]
    about = draw(st.lists(stories([minutes_of(tick) for tick in ticks]), min_size=1, max_size=10))
    return digest, ticks, [*runs, YEAR_END], about


def simulate(
    digest: Digest, runs: list[datetime], about: list[Story]
) -> Iterator[tuple[Window, datetime, list[int], list[int]]]:
    """Each window that is built, when, the numbers of the articles it takes, and of those it should."""
    last, gone_out, out = None, [], set()
    for now in runs:
        for window in digests.due(digest, last, now):
            there = {number: story.candidate(number, minutes_of(now)) for number, story in enumerate(about)}
            there = {number: one for number, one in there.items() if one}
            numbers = {one.front_matter.slug: number for number, one in there.items()}
            choice = choose(digest, window, list(there.values()), gone_out)
            assert len(choice.taken) + len(choice.left_out) == len(there)
            begin, end = window.begin.timestamp(), window.end.timestamp()
            fit = [
                (-one.front_matter.date.timestamp(), one.front_matter.slug)
                for number, one in there.items()
                if number not in out and not one.front_matter.draft
                if begin <= one.front_matter.date.timestamp() < end
            ]
            taken = [numbers[slug] for slug in slugs(choice)]
            yield window, now, taken, [numbers[slug] for _, slug in sorted(fit)[: digest.max]]
            if taken:
                (slug, *_) = digests.slugs_of(digest, window)
                gone_out += [digests.record(one, slug) for one in choice.taken]
                out |= set(taken)
            last = window.end


def check_year(digest: Digest, ticks: list[datetime], runs: list[datetime], about: list[Story]) -> None:
    """No article twice; none lost that was published in time; each window between two ticks."""
    moments, seen, known = {tick.timestamp() for tick in ticks}, [], []
    for window, now, taken, expected in simulate(digest, runs, about):
        assert taken == expected
        seen += taken
        known += [minutes_of(window.end)]
        assert window.end.timestamp() in moments
        assert window.begin.timestamp() in moments or window.begin <= YEAR_BEGIN
        assert window.begin.timestamp() < window.end.timestamp() <= now.timestamp()
    assert len(seen) == len(set(seen))
    # From the digest's own beginning, or from the first tick on that is remembered, whatever is missed after it.
    begin = 0 if digest.since else min(known, default=MINUTES)
    for number, story in enumerate(about):
        steady = not story.changes and not story.hidden
        end = next((minutes_of(tick) for tick in ticks if minutes_of(tick) > story.dated), None)
        if steady and end and begin <= story.dated and story.arrives <= end:
            assert number in seen or digest.max or digest.catch_up == "none"


@given(st.data())
@settings(max_examples=50)
@pytest.mark.slow
def test_year_of_a_weekly_digest(data):
    """In a year of a weekly digest no article goes out twice, and none is lost that was published in time."""
    check_year(*data.draw(years(SCHEDULES["weekly"])))


@given(st.data())
@settings(max_examples=12)
@pytest.mark.slow
def test_year_of_a_daily_digest(data):
    """The same of a daily digest, at an hour that the clock changes leave out and double."""
    check_year(*data.draw(years(SCHEDULES["daily"])))


@given(st.data())
@settings(max_examples=50)
@pytest.mark.slow
def test_year_of_a_monthly_digest(data):
    """The same of a monthly digest, on each month's last Sunday, when the clock is changed in Europe."""
    check_year(*data.draw(years(SCHEDULES["monthly"])))
