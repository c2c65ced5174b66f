"""personal.py: what each reader sees."""

from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline import personal
from pipeline.conditions import parse
from pipeline.errors import Where
from pipeline.model import Article, Block, Choice, Edition, Email, Persona, Personal, Track
from pipeline.pieces import View

WHERE = Where("content/editions/e.md", 6)
TYPES = {"plan": "text", "topics": "list", "joined": "date"}


def track(title, kind, minutes, *moods):
    slug = title.lower().replace(" ", "-")
    return Track(title, kind, minutes, moods, "", f"https://aura.example.com/tracks/{slug}", WHERE)


TRACKS = (
    track("Rain on a Roof", "Nature sounds", 5, "restless at night"),
    track("The Night Train", "Story", 25, "restless at night"),
    track("Shoulders Down", "Work wellness", 3, "overwhelmed"),
    track("Box Breath", "Breathwork", 4, "overwhelmed"),
    track("Still Water", "Music", 9, "sad"),
)
BY_WISHES = Choice("tracks", TRACKS, (4, 0))
ARTICLES = tuple(
    Article(slug, slug.title(), f"https://blog.example.com/{slug}", WHERE, tags=tags)
    for slug, tags in (("naps", ("Sleep",)), ("light", ("sleep", "morning")), ("pills", ()), ("coffee", ("food",)))
)
BY_TOPICS = Choice("topics", ARTICLES, (0, 1))


def email(*blocks):
    """An Email whose blocks are a condition or a Choice each."""
    found = {
        index: Personal(choice=one) if isinstance(one, Choice) else Personal(audience=parse(one, TYPES, WHERE))
        for index, one in enumerate(blocks)
        if one
    }
    return Email("e", "S", "", datetime(2026, 11, 24, tzinfo=UTC), "en", "", "", (), (), (), found)


def picked(choice, **values):
    found = personal.view(email(choice), values).picks[0]
    assert len(found) == len(choice.default) == len(set(found))
    return [choice.candidates[index].title for index in found]


def test_default():
    """A reader without preferences gets the edition's own choice."""
    assert picked(BY_WISHES) == ["Still Water", "Rain on a Roof"]
    assert picked(BY_WISHES, mood="", kinds=(), minutes="", sent=()) == ["Still Water", "Rain on a Roof"]
    assert picked(BY_TOPICS) == picked(BY_TOPICS, topics=()) == ["Naps", "Light"]


def test_wishes():
    """Tracks are chosen by mood, kinds and longest length; places that are left over go to the edition's own."""
    assert picked(BY_WISHES, mood="overwhelmed") == ["Box Breath", "Shoulders Down"]
    assert picked(BY_WISHES, kinds=("story", "Nothing")) == ["The Night Train", "Still Water"]
    assert picked(BY_WISHES, mood="restless", minutes="10") == ["Rain on a Roof", "Still Water"]
    assert picked(BY_WISHES, mood="curious", minutes="5") == ["Rain on a Roof", "Shoulders Down"]
    assert picked(BY_WISHES, mood="overwhelmed", kinds=("Breathwork",)) == ["Box Breath", "Still Water"]
    assert picked(BY_WISHES, minutes="long") == picked(BY_WISHES)


def test_sent():
    """What the reader has had already comes last, by whichever of its names it was noted."""
    for sent in ("still-water", "Still Water", "https://aura.example.com/tracks/still-water"):
        assert picked(BY_WISHES, sent=(sent, "gone-since")) == ["Rain on a Roof", "The Night Train"]
    everything = tuple(one.title for one in TRACKS)
    assert picked(BY_WISHES, sent=everything) == ["Still Water", "Rain on a Roof"]


def test_topics():
    """Articles are chosen by how many of the reader's topics they have, in the edition's order beside that."""
    assert picked(BY_TOPICS, topics=("food",)) == ["Coffee", "Naps"]
    assert picked(BY_TOPICS, topics=("Morning", "sleep")) == ["Light", "Naps"]
    assert picked(BY_TOPICS, topics=("knitting",)) == ["Naps", "Light"]


readers = st.fixed_dictionaries(
    {
        "plan": st.sampled_from(["", "premium", "free"]),
        "mood": st.sampled_from(["", "overwhelmed", "restless", "zz"]),
        "kinds": st.sampled_from([(), ("Music",), ("story", "Music")]),
        "minutes": st.sampled_from(["", "5", "0-10", "9-1"]),
        "sent": st.lists(st.sampled_from([one.title for one in TRACKS]), unique=True).map(tuple),
        "topics": st.lists(st.sampled_from(["sleep", "food"]), unique=True).map(tuple),
    }
)


@given(st.lists(readers, min_size=1, max_size=6))
def test_columns(rows):
    """Many readers at once see what each of them does alone."""
    mail = email("plan == 'premium'", BY_WISHES, "not topics", BY_TOPICS)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    shown, picks = personal.views(mail, columns, len(rows))
    for index, row in enumerate(rows):
        one = View(
            {block: all[index] for block, all in shown.items()}, {block: all[index] for block, all in picks.items()}
        )
        assert personal.view(mail, row) == one


def test_views_to_look_at():
    """Each block is looked at shown and left out, where there is such a reader; complementary ones never together."""
    mail = email("plan == 'premium'", "plan != 'premium'", "'sleep' in topics and joined < '2026-01-01'")
    ana = Persona("ana", "Ana", {"plan": "free"}, WHERE)
    views = personal.views_to_look_at(mail, (ana,))
    assert views[""].shown == {0: False, 1: True, 2: False}
    assert {(block, is_shown) for one in views.values() for block, is_shown in one.shown.items()} == {
        (block, is_shown) for block in range(3) for is_shown in (True, False)
    }
    assert all(one.shown[0] != one.shown[1] for one in views.values())
    assert list(views)[1].startswith("a reader with plan premium, topics sleep, joined December 31, 2025")


def test_each_article_is_looked_at():
    """Of articles that are chosen by topics, each that some reader is shown is looked at, in a block for some too."""
    mail = email(BY_TOPICS)
    mail.personal[0] = Personal(parse("plan == 'x'", TYPES, WHERE), BY_TOPICS)
    views = personal.views_to_look_at(mail, ())
    assert {index for one in views.values() if one.shown[0] for index in one.picks[0]} == {0, 1, 3}  # 2 has no topics
    assert "a reader with plan x, topics food" in views


def test_same_name():
    """Two sample readers of the same name are two readers."""
    readers = [Persona(key, "Ana", {"plan": plan}, WHERE) for key, plan in (("a", "x"), ("b", "y"), ("c", "y"))]
    views = personal.views_to_look_at(email("plan == 'x'", "plan == 'y'"), readers)
    assert {name: one.shown for name, one in views.items() if name} == {
        "Ana": {0: True, 1: False},
        "Ana (b)": {0: False, 1: True},
    }


def test_many_conditions():
    """Of many blocks for some only, each is looked at, and none is said to be for nobody."""
    items = [f"'{one}' in topics and '{other}' not in topics" for one, other in pairwise("abcdefghijklm")]
    both = " and ".join(f"'{one}' in topics" for one in "abcdefgh")
    mail = email(*items, both, f"({both}) and 'z' not in topics and plan", "not plan")
    views = personal.views_to_look_at(mail, ())
    assert {pair for one in views.values() for pair in one.shown.items()} == {
        (block, is_shown) for block in range(15) for is_shown in (True, False)
    }
    assert personal.never_shown(mail) == []


def test_same_for_all():
    """Where nothing is personal, one look is enough."""
    ana = Persona("ana", "Ana", {"plan": "free"}, WHERE)
    assert personal.views_to_look_at(email(), (ana,)) == {"": View({}, {})}


def test_for_nobody():
    """A block whose condition no reader can meet is found."""
    assert personal.never_shown(email("plan == 'a' and plan == 'b'", "plan", BY_WISHES)) == [0]


def test_seen():
    """The edition as a reader sees it has the reader's cards, and nothing in the blocks that aren't shown."""
    blocks = (
        Block("promo", WHERE, {"title": "P"}, email("plan").personal[0]),
        Block("tracks", WHERE, {"tracks": TRACKS[:2]}, Personal(choice=BY_WISHES)),
    )
    edition = Edition("e", "S", "", datetime(2026, 11, 24, tzinfo=UTC), "en", "ltr", "digest", "", blocks, WHERE)
    promo, tracks = personal.seen(edition, View({0: False}, {1: (2, 3)})).blocks
    assert (promo.name, dict(promo.data)) == ("hidden", {})
    assert tracks.data["tracks"] == TRACKS[2:4]
