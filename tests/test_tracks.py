"""tracks.py: the tracks that fit what is asked for."""

import pytest

from pipeline.errors import ContentError, Where
from pipeline.model import Track
from pipeline.tracks import choose_tracks

WHERE = Where("content/editions/e.md", 3)


def track(title, kind="Music", minutes=5, moods=(), description=""):
    return Track(title, kind, minutes, tuple(moods), "", "https://aura.example.com/", WHERE, None, description)


CATALOGUE = (
    track("Rain on a tin roof", "Nature sounds", 4, ["restless at night"]),
    track("The night train", "Story", 25, ["curious"], "A story for the night."),
    track("Shoulders down", "Work wellness", 3, ["overwhelmed"]),
    track("Resting place", "Music", 12, ["sad"]),
)


def titles(**wanted):
    return [found.title for found in choose_tracks(CATALOGUE, wanted, WHERE)]


def test_mood_by_fit():
    """What was made for the mood comes before what only mentions it."""
    assert titles(mood="restless at night") == ["Rain on a tin roof", "The night train"]


def test_stems():
    """A mood finds its words in other forms."""
    assert titles(mood="overwhelming") == ["Shoulders down"]


def test_mood_that_fits_nothing():
    """A mood that nobody has a track for finds none, rather than something else."""
    assert titles(mood="seasick") == []
    assert titles(mood="?!") == []


def test_mood_is_a_value():
    """Search operators in a mood are words."""
    assert titles(mood='sad" OR title:* NEAR(') == ["Resting place"]


def test_kind():
    """Kinds are found whatever their capitals, one or several."""
    assert titles(kind="nature Sounds") == ["Rain on a tin roof"]
    assert titles(kind=("Story", "Music")) == ["The night train", "Resting place"]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [("0-5", 2), ("5-20", 1), (3, 1), ("12", 3), ("4 – 12", 2)],
)
def test_minutes(minutes, expected):
    """A length is a span, or a longest one; both ends count."""
    assert len(titles(minutes=minutes, limit=12)) == expected


def test_limit():
    """Three, unless another number is asked for."""
    assert len(titles()) == 3
    assert len(titles(limit=1)) == 1


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"kind": "Storys"}, "no track is of the kind 'Storys'; did you mean Story?"),
        ({"minutes": "short"}, "`minutes` of tracks is a span such as 0-5"),
        ({"minutes": "9-2"}, "`minutes` of tracks is a span such as 0-5"),
        ({"limit": 0}, "`limit` is a number from 1 to 12, not 0"),
        ({"limit": True}, "`limit` is a number"),
    ],
)
def test_errors(wanted, message):
    """What can't be meant is an error that says what can."""
    with pytest.raises(ContentError) as caught:
        titles(**wanted)
    assert message in str(caught.value)
