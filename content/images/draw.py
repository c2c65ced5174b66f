"""Draws every picture of the sample newsletter beside this file.

    python content/images/draw.py                          all of them
    python content/images/draw.py hero-morning-light logo  these only
    python content/images/draw.py --seed 7 --into FOLDER   other stars and other grain, elsewhere

Needs Pillow (the ``test`` extra). The same seed and the same Pillow give the same bytes.

How it works: a Canvas is painted at four times the final size, shape over shape, and scaled down at the end,
so edges are smooth; a little grain then gives the look of print. Coordinates are those of the finished picture,
y goes down. A small function a thing (lamp, cup, tree) draws it around its own origin, and ``with c.at(x, y)``
puts it somewhere. The table PICTURES at the end says what is drawn at which size. One bright disc (sun, moon,
lamp) is in nearly every picture: it is the newsletter's mark.
"""

from __future__ import annotations

import argparse
import io
import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter

# --- Colours: one box of paints for the whole set --------------------------------------------------------------

INK, NIGHT, INDIGO, DUSK, HAZE, MIST = "#1a2440", "#263459", "#3b4d79", "#5f739c", "#95a5c1", "#c8d2dc"
DEEP, TEAL, LAGOON, FOAM = "#1f4349", "#39696d", "#6b9a98", "#b5cfc8"
PINE, MOSS, SAGE, LEAF = "#2f4c46", "#557865", "#8dac92", "#bed0b5"
CREAM, SAND, CLAY, OAK, BARK, UMBER = "#fbf1de", "#f0ddc0", "#dab793", "#b98b66", "#7b5947", "#4c3a38"
GOLD, PEACH, APRICOT, CORAL, ROSE, PLUM = "#fbdc9c", "#f8d2ad", "#f3b082", "#e3886b", "#d2a0a2", "#6c5a7b"

SKY_NIGHT = (INK, NIGHT, INDIGO)
SKY_LATE = (NIGHT, INDIGO, DUSK, HAZE)
SKY_DUSK = (INDIGO, DUSK, "#b39db0", APRICOT, PEACH)
SKY_DAWN = ("#8fb2bd", "#c3d0c6", GOLD, APRICOT)
SKY_RAIN = ("#6f8d98", "#9db5b5", "#c9d5cc")

Point = tuple[float, float]
Outline = Sequence[Point]
Paint = str | tuple[str, ...]  # one colour, or several for a gradient from top to bottom
Box = tuple[int, int, int, int]


def mixed(first: str, second: str, share: float) -> str:
    """The colour that has ``share`` (0 to 1) of the second colour in it."""
    pairs = zip(ImageColor.getrgb(first), ImageColor.getrgb(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def along(colours: tuple[str, ...], share: float) -> tuple[int, ...]:
    """The RGB at ``share`` (0 to 1) of the way through a gradient."""
    place = min(max(share, 0.0), 1.0) * (len(colours) - 1)
    index = min(int(place), len(colours) - 2)
    return ImageColor.getrgb(mixed(colours[index], colours[index + 1], place - index))


# --- Outlines --------------------------------------------------------------------------------------------------


def arc(x: float, y: float, radius: float, start: float, stop: float, ry: float | None = None) -> list[Point]:
    """Points from one angle to another, in degrees clockwise from three o'clock."""
    steps = max(int(abs(stop - start) / 3), 4)
    angles = [math.radians(start + (stop - start) * step / steps) for step in range(steps + 1)]
    return [(x + radius * math.cos(a), y + (ry or radius) * math.sin(a)) for a in angles]


def circle(x: float, y: float, radius: float) -> list[Point]:
    return arc(x, y, radius, 0, 360)


def ellipse(x: float, y: float, rx: float, ry: float) -> list[Point]:
    return arc(x, y, rx, 0, 360, ry)


def rect(x: float, y: float, width: float, height: float, corner: float = 0.0) -> list[Point]:
    """A rectangle, its corners rounded by a radius."""
    if not corner:
        return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    left, right, top, bottom = x + corner, x + width - corner, y + corner, y + height - corner
    return [
        *arc(right, top, corner, -90, 0),
        *arc(right, bottom, corner, 0, 90),
        *arc(left, bottom, corner, 90, 180),
        *arc(left, top, corner, 180, 270),
    ]


def arch(x: float, y: float, width: float, height: float) -> list[Point]:
    """A rectangle with a half circle as its top, all within the height."""
    radius = width / 2
    return [*arc(x + radius, y + radius, radius, 180, 360), (x + width, y + height), (x, y + height)]


def crescent(x: float, y: float, radius: float, thickness: float) -> list[Point]:
    """A moon that is open to the right; the thickness is a share of its radius, 1 is a half moon."""
    outer = arc(x, y, radius, 90, 270)
    return [*outer, *arc(x, y, radius * (1 - thickness) + 0.01, 270, 90, radius)]


def curve(*points: Point) -> list[Point]:
    """A smooth line through all the points and back to the first."""
    return _through([points[-1], *points, points[0], points[1]])


def _between(four: Sequence[Point], t: float) -> Point:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = four
    weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2)
    wa, wb, wc, wd = (weight / 2 for weight in weights)
    return (ax * wa + bx * wb + cx * wc + dx * wd, ay * wa + by * wb + cy * wc + dy * wd)


def trail(*points: Point) -> list[Point]:
    """A smooth line through all the points that doesn't come back to the first."""
    return [*_through([points[0], *points, points[-1]]), points[-1]]


def _through(points: Sequence[Point]) -> list[Point]:
    """Catmull-Rom: from the second point to the last but one, in twelve steps each."""
    return [_between(points[i : i + 4], step / 12) for i in range(len(points) - 3) for step in range(12)]


def closed(outline: Outline) -> list[Point]:
    """The outline with its first point again at the end, for a line all round."""
    return [*outline, outline[0]]


def turned(outline: Outline, x: float, y: float, degrees: float) -> list[Point]:
    """The outline turned around the origin, then moved there."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [(x + px * cos - py * sin, y + px * sin + py * cos) for px, py in outline]


def ridge(left: float, right: float, bottom: float, *heights: float) -> list[Point]:
    """A hill line through evenly spaced heights, closed along the bottom."""
    step = (right - left) / (len(heights) - 1)
    top = trail(*((left + i * step, y) for i, y in enumerate(heights)))
    return [*top, (right, bottom), (left, bottom)]


def leaf_outline(length: float, width: float) -> list[Point]:
    """A leaf from the origin to the right."""
    upper = [(length * t / 10, -width / 2 * math.sin(math.pi * (t / 10) ** 0.8)) for t in range(11)]
    return [*upper, *((x, -y) for x, y in reversed(upper))]


# --- The canvas ------------------------------------------------------------------------------------------------

SCALE = 4
GLOW_EDGE = 181  # what Pillow's radial gradient says in the middle of an edge


class Canvas:
    """A picture in the making, painted at SCALE times its size."""

    def __init__(self, width: int, height: int, seed: int) -> None:
        self.width, self.height = width, height
        self.random = Random(seed)
        self._image = Image.new("RGBA", (width * SCALE, height * SCALE))
        self._clip: Image.Image | None = None
        self._place: Callable[[Point], Point] = lambda point: (point[0] * SCALE, point[1] * SCALE)
        self._unit = float(SCALE)

    @property
    def frame(self) -> list[Point]:
        """The whole picture as an outline."""
        return rect(0, 0, self.width, self.height)

    @contextmanager
    def at(self, x: float, y: float, scale: float = 1.0, turn: float = 0.0, flip: bool = False) -> Iterator[None]:
        """Inside, the origin is at (x, y), sizes are scaled, and the axes are turned (degrees) or mirrored."""
        place, unit = self._place, self._unit
        cos, sin = scale * math.cos(math.radians(turn)), scale * math.sin(math.radians(turn))

        def inner(point: Point) -> Point:
            px, py = -point[0] if flip else point[0], point[1]
            return place((x + px * cos - py * sin, y + px * sin + py * cos))

        self._place, self._unit = inner, unit * scale
        try:
            yield
        finally:
            self._place, self._unit = place, unit

    @contextmanager
    def inside(self, *outlines: Outline) -> Iterator[None]:
        """Inside, paint stays within these outlines."""
        kept, mask = self._clip, Image.new("L", self._image.size)
        pen = ImageDraw.Draw(mask)
        for outline in outlines:
            pen.polygon([self._place(point) for point in outline], fill=255)
        self._clip = mask if kept is None else ImageChops.multiply(mask, kept)
        try:
            yield
        finally:
            self._clip = kept

    def fill(
        self,
        paint: Paint,
        *outlines: Outline,
        alpha: float = 1.0,
        blur: float = 0.0,
        fade: tuple[float, float] = (1.0, 1.0),
        sideways: bool = False,
    ) -> None:
        """Paints the union of the outlines; ``fade`` is the opacity at the top and at the bottom."""
        placed = [[self._place(point) for point in outline] for outline in outlines]
        layer = _Layer(self._image.size, [p for points in placed for p in points], blur * self._unit)
        if layer.mask is None:
            return
        for points in placed:
            layer.polygon(points)
        self._lay(layer, paint, alpha, fade, sideways)

    def line(
        self,
        paint: Paint,
        width: float,
        *outlines: Outline,
        alpha: float = 1.0,
        blur: float = 0.0,
        fade: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        """Draws along the outlines with a round pen."""
        placed = [[self._place(point) for point in outline] for outline in outlines]
        pen = width * self._unit
        layer = _Layer(self._image.size, [p for points in placed for p in points], blur * self._unit, pen / 2)
        if layer.mask is None:
            return
        for points in placed:
            layer.stroke(points, pen)
        self._lay(layer, paint, alpha, fade, False)

    def glow(self, colour: str, x: float, y: float, radius: float, alpha: float = 1.0) -> None:
        """A soft light that is strongest in its centre."""
        layer = _Layer(self._image.size, [self._place(point) for point in circle(x, y, radius)], 0)
        if layer.mask is None:
            return
        light = Image.radial_gradient("L").point(lambda value: round(255 * max(1 - value / GLOW_EDGE, 0) ** 2))
        left, top, right, bottom = layer.whole
        light = light.resize((right - left, bottom - top), Image.Resampling.BICUBIC)
        layer.mask.paste(light, (left - layer.box[0], top - layer.box[1]))
        self._lay(layer, colour, alpha, (1.0, 1.0), False)

    def _lay(self, layer: _Layer, paint: Paint, alpha: float, fade: tuple[float, float], sideways: bool) -> None:
        mask = layer.finished(alpha, fade)
        if self._clip is not None:
            mask = ImageChops.multiply(mask, self._clip.crop(layer.box))
        self._image.paste(layer.coloured(paint, sideways), layer.box, mask)

    def finished(self, grain: float) -> Image.Image:
        """The picture at its final size, with noise of ±grain levels in its lightness."""
        image = self._image.resize((self.width, self.height), Image.Resampling.LANCZOS)
        if not grain:
            return image
        noise = Image.frombytes("L", image.size, self.random.randbytes(self.width * self.height))
        noise = noise.point(lambda value: round(128 + (value - 127.5) / 127.5 * grain))
        return ImageChops.add(image.convert("RGB"), Image.merge("RGB", [noise] * 3), 1, -128)


class _Layer:
    """The mask of one shape: only as large as the shape's part of the picture."""

    def __init__(self, size: tuple[int, int], points: list[Point], blur: float, margin: float = 0.0) -> None:
        xs, ys = [x for x, _ in points], [y for _, y in points]
        edge = margin + 3 * blur + 1
        self.blur = blur
        self.whole = _box(min(xs) - margin, min(ys) - margin, max(xs) + margin, max(ys) + margin)
        left, top, right, bottom = _box(min(xs) - edge, min(ys) - edge, max(xs) + edge, max(ys) + edge)
        self.box = (max(left, 0), max(top, 0), min(right, size[0]), min(bottom, size[1]))
        self.size = (self.box[2] - self.box[0], self.box[3] - self.box[1])
        self.mask = Image.new("L", self.size) if min(self.size) > 0 else None

    def _own(self, points: list[Point]) -> list[Point]:
        return [(x - self.box[0], y - self.box[1]) for x, y in points]

    def polygon(self, points: list[Point]) -> None:
        assert self.mask is not None
        ImageDraw.Draw(self.mask).polygon(self._own(points), fill=255)

    def stroke(self, points: list[Point], width: float) -> None:
        """A round pen's way: a bar a step and a dot a corner, because Pillow's own wide lines have dented bends."""
        assert self.mask is not None
        pen, own, half = ImageDraw.Draw(self.mask), self._own(points), width / 2
        for (ax, ay), (bx, by) in pairwise(own):
            length = math.hypot(bx - ax, by - ay) or 1
            dx, dy = (ay - by) / length * half, (bx - ax) / length * half
            pen.polygon([(ax + dx, ay + dy), (bx + dx, by + dy), (bx - dx, by - dy), (ax - dx, ay - dy)], fill=255)
        for x, y in own:
            pen.ellipse((x - half, y - half, x + half, y + half), fill=255)

    def finished(self, alpha: float, fade: tuple[float, float]) -> Image.Image:
        """The mask, softened and with its opacity."""
        assert self.mask is not None
        mask = soft(self.mask, self.blur) if self.blur else self.mask
        if fade != (1.0, 1.0):
            levels = [round(255 * alpha * (fade[0] + (fade[1] - fade[0]) * share)) for share in self._shares(1)]
            ramp = Image.frombytes("L", (1, len(levels)), bytes(levels))
            return ImageChops.multiply(mask, ramp.resize(self.size, Image.Resampling.NEAREST))
        return mask if alpha == 1 else mask.point(lambda value: round(value * alpha))

    def coloured(self, paint: Paint, sideways: bool) -> Image.Image:
        """The paint in the layer's size; a gradient runs over the whole shape, visible or not."""
        if isinstance(paint, str):
            return Image.new("RGB", self.size, paint)
        shares = self._shares(0 if sideways else 1)
        data = bytes(channel for share in shares for channel in along(paint, share))
        ramp = Image.frombytes("RGB", (len(shares), 1) if sideways else (1, len(shares)), data)
        return ramp.resize(self.size, Image.Resampling.NEAREST)

    def _shares(self, axis: int) -> list[float]:
        start, stop = self.whole[axis], self.whole[axis + 2]
        length = max(stop - start, 1)
        return [min(max((place - start) / length, 0), 1) for place in range(self.box[axis], self.box[axis + 2])]


def _box(left: float, top: float, right: float, bottom: float) -> Box:
    return (math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))


def soft(mask: Image.Image, radius: float) -> Image.Image:
    """The mask blurred; wide blurs are made small first, because nobody sees the difference."""
    small = max(int(radius / 6), 1)
    size = (max(mask.width // small, 1), max(mask.height // small, 1))
    blurred = mask.resize(size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(radius / small))
    return blurred.resize(mask.size, Image.Resampling.BICUBIC)


# --- Sky and land ----------------------------------------------------------------------------------------------


def sky(c: Canvas, colours: Paint) -> None:
    c.fill(colours, c.frame)


def disc(c: Canvas, x: float, y: float, radius: float, paint: Paint, light: str = CREAM, alpha: float = 0.35) -> None:
    """A sun or a full moon with two flat rings of light around it."""
    c.glow(light, x, y, radius * 3.4, alpha)
    c.fill(light, circle(x, y, radius * 1.75), alpha=alpha * 0.3)
    c.fill(light, circle(x, y, radius * 1.35), alpha=alpha * 0.4)
    c.fill(paint, circle(x, y, radius))


def moon(c: Canvas, x: float, y: float, radius: float, thickness: float, turn: float = -25) -> None:
    c.glow(CREAM, x, y, radius * 3, 0.22)
    with c.at(x, y, turn=180 + turn):
        c.fill(CREAM, crescent(0, 0, radius, thickness))


def stars(c: Canvas, count: int, left: float, top: float, right: float, bottom: float, size: float = 2.0) -> None:
    """Dots over an area, thinner towards its bottom; each is the loneliest of a few tries, so that none clump."""
    drawn: list[Point] = []

    def alone(spot: Point) -> float:
        return min((math.dist(spot, other) for other in drawn), default=0.0)

    for _ in range(count):
        tries = [(c.random.uniform(left, right), top + (bottom - top) * c.random.random() ** 1.4) for _ in range(6)]
        drawn.append(max(tries, key=alone))
        c.fill(CREAM, circle(*drawn[-1], c.random.uniform(0.45, 1) * size), alpha=c.random.uniform(0.4, 0.95))


def hill(c: Canvas, colour: str, *heights: float, haze: str = CREAM, share: float = 0.35, bottom: float = 0) -> None:
    """A ridge over the whole width that fades towards its foot, as if mist lay in the valley."""
    c.fill((colour, mixed(colour, haze, share)), ridge(-20, c.width + 20, bottom or c.height, *heights))


def water(c: Canvas, paint: Paint, top: float) -> None:
    c.fill(paint, rect(0, top, c.width, c.height - top))


def glints(c: Canvas, x: float, top: float, count: int, widest: float, colour: str = CREAM, gap: float = 14) -> None:
    """The light of a disc on water: strokes that spread and thin out towards the viewer."""
    for i in range(count):
        half = widest * (0.35 + 0.65 * c.random.random()) * (0.5 + 0.5 * i / count)
        shift, y = c.random.uniform(-0.3, 0.3) * half, top + gap * i * (1 + i * 0.06)
        stroke = [(x + shift - half, y), (x + shift + half, y)]
        c.line(colour, 3 + i * 0.35, stroke, alpha=0.75 * (1 - i / count) + 0.12)


def ripple(c: Canvas, x: float, y: float, radius: float, colour: str = CREAM, alpha: float = 0.6) -> None:
    """Three rings on water, seen from the side."""
    for i, share in enumerate((0.35, 0.68, 1.0)):
        ring = ellipse(x, y, radius * share, radius * share * 0.28)
        c.line(colour, 2.6 - i * 0.4, ring, alpha=alpha * (1 - i * 0.26))


def cloud(c: Canvas, x: float, y: float, width: float, paint: Paint = CREAM, alpha: float = 0.8) -> None:
    """A flat-bottomed cloud."""
    bumps = [
        circle(x + width * shift, y - width * radius, width * radius)
        for shift, radius in ((-0.2, 0.14), (0.04, 0.2), (0.26, 0.12))
    ]
    c.fill(paint, rect(x - width / 2, y - width * 0.15, width, width * 0.15, width * 0.075), *bumps, alpha=alpha)


def mist(c: Canvas, x: float, y: float, rx: float, ry: float, colour: str = CREAM, alpha: float = 0.4) -> None:
    c.fill(colour, ellipse(x, y, rx, ry), alpha=alpha, blur=ry * 0.7)


def birds(c: Canvas, *places: tuple[float, float, float], colour: str = INDIGO) -> None:
    """Birds far away: two strokes each; the third number is the span."""
    for x, y, span in places:
        wings = trail((x - span, y - span * 0.25), (x - span * 0.45, y - span * 0.42), (x, y))
        other = trail((x, y), (x + span * 0.45, y - span * 0.42), (x + span, y - span * 0.25))
        c.line(colour, span * 0.13, wings, other)


# --- Plants ----------------------------------------------------------------------------------------------------


def round_tree(c: Canvas, paint: tuple[str, str], trunk: str, lean: float = 0.0) -> None:
    """A tree of about 200 in height that stands on the origin; ``lean`` bends it to the right."""
    crown = (lean * 0.9, -140)
    c.line(trunk, 9, trail((0, 0), (lean * 0.2, -50), (lean * 0.7, -120)))
    c.line(trunk, 5, trail((lean * 0.3, -62), (lean * 0.5 + 16, -92), (lean * 0.8 + 30, -116)))
    lobes = [(-38, 14, 44), (34, 18, 42), (-6, -26, 52), (4, 22, 44)]
    shape = [circle(crown[0] + x, crown[1] + y, r) for x, y, r in lobes]
    c.fill(paint, *shape)
    with c.inside(*shape):
        c.fill(CREAM, circle(crown[0] + 22, crown[1] - 34, 40), alpha=0.16)


def pine(c: Canvas, paint: Paint, height: float = 100) -> None:
    """A fir that stands on the origin."""
    width = height * 0.36
    tiers = [
        [(0, -height * top), (width / 2 * wide, -height * low), (-width / 2 * wide, -height * low)]
        for top, low, wide in ((1.0, 0.58, 0.55), (0.78, 0.32, 0.8), (0.55, 0.06, 1.0))
    ]
    c.fill(BARK, rect(-height * 0.02, -height * 0.08, height * 0.04, height * 0.08))
    c.fill(paint, *tiers)


def leaf(c: Canvas, length: float, paint: Paint, vein: str | None = None) -> None:
    """A leaf from the origin to the right."""
    c.fill(paint, leaf_outline(length, length * 0.42))
    if vein:
        c.line(vein, length * 0.022, [(0, 0), (length * 0.86, 0)], alpha=0.6)


def sprig(c: Canvas, paint: Paint, stem: str, length: float, leaves: int, size: float = 40) -> None:
    """A stem that rises from the origin, with leaves in turn left and right and one at its tip."""
    c.line(stem, size * 0.07, [(0, 0), (0, -length)])
    for i in range(leaves):
        side = -1 if i % 2 else 1
        with c.at(0, -length * (i + 1) / (leaves + 1), turn=-40 if side > 0 else -140):
            leaf(c, size * (1 - 0.35 * i / leaves), paint)
    with c.at(0, -length * 0.97, turn=-90):
        leaf(c, size * 0.7, paint)


def potted(c: Canvas, pot: Paint, paint: Paint, stem: str) -> None:
    """A plant in a pot of 60 in width that stands on the origin."""
    for turn, length in ((-26, 78), (0, 104), (24, 84)):
        with c.at(0, -50, turn=turn):
            sprig(c, paint, stem, length, 4, 38)
    c.fill(pot, [(-30, -54), (30, -54), (22, 0), (-22, 0)])
    c.fill(INK, rect(-30, -54, 60, 8), alpha=0.12)


def palm(c: Canvas, paint: Paint, height: float, lean: float = 0.0) -> None:
    """A palm that stands on the origin."""
    c.line(paint, height * 0.05, trail((0, 0), (lean * 0.3, -height * 0.5), (lean, -height)))
    for turn in (-168, -138, -105, -75, -42, -12, 14, 166):
        drop = height * 0.16 if turn > -60 or turn < -120 else height * 0.04
        reach = height * 0.42
        tip = (lean + reach * math.cos(math.radians(turn)), -height + reach * math.sin(math.radians(turn)) + drop)
        top = ((lean + tip[0]) / 2, (-height + tip[1]) / 2 - height * 0.1)
        low = ((lean + tip[0]) / 2, (-height + tip[1]) / 2 - height * 0.02)
        c.fill(paint, [*trail((lean, -height), top, tip), *trail(tip, low, (lean, -height))])


# --- Things ----------------------------------------------------------------------------------------------------


def shade_under(c: Canvas, x: float, y: float, rx: float, ry: float, alpha: float = 0.25) -> None:
    """The soft shadow of a thing that stands."""
    c.fill(INK, ellipse(x, y, rx, ry), alpha=alpha, blur=ry * 0.4)


def steam(c: Canvas, height: float, colour: str = CREAM) -> None:
    """Two wisps that rise from the origin."""
    for x, share in ((-9, 1.0), (10, 0.75)):
        tall = height * share
        wisp = trail((x, 0), (x + 9, -tall * 0.3), (x - 7, -tall * 0.62), (x + 6, -tall))
        c.line(colour, 5, wisp, fade=(0.0, 0.6), blur=1.2)


def cup(c: Canvas, paint: tuple[str, str], inner: str) -> None:
    """A cup of 96 in width that stands on the origin, its handle to the right."""
    c.line(paint[1], 9, arc(50, -42, 19, -85, 95))
    body = [(-48, -70), *trail((-48, -70), (-44, -30), (-26, -4), (0, 0), (26, -4), (44, -30), (48, -70))]
    c.fill(paint, body)
    with c.inside(body):
        c.fill(INK, rect(14, -80, 60, 90), alpha=0.07, blur=8)
    c.fill(mixed(paint[0], CREAM, 0.5), ellipse(0, -70, 48, 8))
    c.fill(inner, ellipse(0, -69, 42, 5.6))


def saucer(c: Canvas, paint: Paint) -> None:
    c.fill(paint, [*arc(0, 0, 66, 180, 0, 5), *arc(0, 0, 66, 0, 180, 11)])


def teapot(c: Canvas, paint: tuple[str, str]) -> None:
    """A pot of about 150 in width that stands on the origin, its spout to the right."""
    c.line(paint[1], 12, trail((-58, -78), (-98, -84), (-98, -38), (-54, -28)))
    c.fill(paint, curve((52, -66), (82, -74), (98, -104), (112, -102), (100, -62), (56, -22)))
    body = curve((-66, -50), (-52, -92), (0, -106), (52, -92), (66, -50), (44, -8), (0, 0), (-44, -8))
    c.fill(paint, body)
    with c.inside(body):
        c.fill(CREAM, ellipse(-22, -78, 30, 20), alpha=0.2, blur=5)
        c.fill(INK, rect(-80, -20, 160, 30), alpha=0.14, blur=8)
    c.fill(mixed(paint[0], INK, 0.18), ellipse(0, -102, 32, 7))
    c.fill(paint[0], circle(0, -114, 9))


def closed_book(c: Canvas, cover: str, width: float = 150) -> None:
    """A book that lies on the origin, its back to the left."""
    c.fill(cover, rect(-width / 2, -26, width, 26, 5))
    c.fill((CREAM, SAND), rect(-width / 2 + 9, -21, width - 9, 16, 3))
    c.line(CLAY, 1.4, *([(-width / 2 + 14, -21 + i * 4), (width / 2 - 3, -21 + i * 4)] for i in (1, 2, 3)), alpha=0.6)


def lamp(c: Canvas, shade: Paint, stand: str) -> None:
    """A bedside lamp of about 190 in height that stands on the origin."""
    c.fill(stand, rect(-34, -10, 68, 10, 5))
    c.fill((mixed(stand, CREAM, 0.2), stand), curve((-10, -10), (-24, -44), (-8, -84), (8, -84), (24, -44), (10, -10)))
    c.line(stand, 6, [(0, -84), (0, -108)])
    c.fill(shade, [(-36, -190), (36, -190), (64, -104), (-64, -104)])
    c.fill(CREAM, ellipse(0, -104, 64, 6), alpha=0.9)


def glass(c: Canvas) -> None:
    """A glass of water of 52 in width that stands on the origin."""
    body = [(-26, -84), (26, -84), (20, 0), (-20, 0)]
    c.fill(MIST, body, alpha=0.3)
    c.fill((FOAM, LAGOON), [(-24, -54), (24, -54), (20, -4), (-20, -4)], alpha=0.75)
    c.fill(CREAM, ellipse(0, -54, 24, 4), alpha=0.7)
    c.line(CREAM, 2, [*body, body[0]], alpha=0.5)
    c.line(CREAM, 3, [(-17, -74), (-14, -14)], alpha=0.6)


def candle(c: Canvas, wax: Paint, height: float = 90) -> None:
    """A candle of 34 in width that stands on the origin, alight."""
    c.glow(GOLD, 0, -height - 26, 150, 0.55)
    c.fill(wax, rect(-17, -height, 34, height, 4))
    c.fill(CREAM, ellipse(0, -height + 2, 17, 4))
    c.line(UMBER, 2.4, [(0, -height), (0, -height - 10)])
    with c.at(0, -height):
        c.fill((GOLD, APRICOT), curve((0, -54), (10, -28), (7, -10), (0, -6), (-7, -10), (-9, -26)))
        c.fill(CREAM, ellipse(0, -17, 3.6, 8))


def house(c: Canvas, width: float, height: float, wall: Paint, roof: Paint, pitch: float = 0.55) -> None:
    """A gabled house that stands on the origin, to the right of it; the height is that of the walls."""
    top = -height - width * pitch
    c.fill(wall, [(0, 0), (0, -height), (width / 2, top), (width, -height), (width, 0)])
    eave = width * 0.07
    low = -height + eave * pitch * 2
    c.line(roof, width * 0.075, [(-eave, low), (width / 2, top), (width + eave, low)])


def lit(c: Canvas, x: float, y: float, width: float, height: float, bars: str, light: Paint = (GOLD, APRICOT)) -> None:
    """A window with light behind it, centred."""
    c.glow(GOLD, x, y, width * 2.6, 0.4)
    c.fill(light, rect(x - width / 2, y - height / 2, width, height, width * 0.06))
    cross = ([(x, y - height / 2), (x, y + height / 2)], [(x - width / 2, y), (x + width / 2, y)])
    c.line(bars, width * 0.07, *cross)


def sill(c: Canvas, x: float, y: float, width: float, height: float, paint: tuple[str, str]) -> None:
    c.fill(paint, rect(x, y, width, height, 4))
    c.fill(CREAM, rect(x, y, width, height * 0.2, 3), alpha=0.35)
    c.fill(INK, rect(x + 12, y + height, width - 24, 16), alpha=0.22, fade=(1, 0))


def curtain(
    c: Canvas,
    paint: Paint,
    *edge: Point,
    top: tuple[Point, Point],
    folds: int = 4,
    alpha: float = 0.85,
) -> None:
    """A cloth that hangs between the two top points; ``edge`` is its lower hem, from left to right."""
    left, right = top
    hem = trail(*edge)
    side = trail(right, ((right[0] + edge[-1][0]) / 2 + 14, (right[1] + edge[-1][1]) / 2), edge[-1])
    back = trail(edge[0], ((left[0] + edge[0][0]) / 2 + 10, (left[1] + edge[0][1]) / 2), left)
    shape = [left, *side, *reversed(hem), *back]
    c.fill(paint, shape, alpha=alpha)
    with c.inside(shape):
        for i in range(1, folds + 1):
            share = i / (folds + 1)
            start = (left[0] + (right[0] - left[0]) * share, left[1])
            stop = hem[int(share * (len(hem) - 1))]
            bend = ((start[0] + stop[0]) / 2 + 12, (start[1] + stop[1]) / 2)
            c.line(DUSK, 10, trail(start, bend, stop), alpha=0.17, blur=4)


def boat(c: Canvas, hull: Paint, rim: str) -> None:
    """A rowing boat of 150 in width whose waterline is the origin."""
    body = [(-78, -24), *trail((-78, -24), (-58, 2), (-30, 8), (34, 8), (60, 2), (80, -28))]
    c.fill(hull, [*body, *trail((80, -28), (40, -18), (0, -15), (-40, -16), (-78, -24))])
    c.line(rim, 5, trail((-79, -25), (-40, -16), (0, -14), (40, -17), (81, -29)))
    c.line(rim, 4, [(-6, -14), (46, -44)])


def bench(c: Canvas, wood: str, iron: str) -> None:
    """A bench of 180 in width that stands on the origin."""
    for x in (-70, 70):
        c.line(iron, 6, [(x, 0), (x, -82)], [(x, -36), (x + (12 if x < 0 else -12), 0)])
    for y in (-82, -66):
        c.fill(wood, rect(-90, y, 180, 11, 4))
    c.fill((mixed(wood, CREAM, 0.25), wood), rect(-94, -42, 188, 12, 4))


def cushion(c: Canvas, paint: tuple[str, str], seam: str) -> None:
    """A round sitting cushion of 240 in width that stands on the origin."""
    shade_under(c, 0, 0, 140, 18, 0.35)
    body = [*arc(-92, -38, 34, 270, 90), *arc(92, -38, 34, 90, -90), (92, -72), (-92, -72)]
    c.fill(paint, [*arc(-86, -36, 36, 270, 90, 38), *arc(86, -36, 36, 90, -90, 38)])
    with c.inside(body):
        for x in range(-100, 101, 20):
            c.line(seam, 2, trail((x, -72), (x * 1.12, -36), (x, 2)), alpha=0.35)
    c.fill(mixed(paint[0], CREAM, 0.22), ellipse(0, -68, 96, 13))
    c.fill(seam, ellipse(0, -69, 7, 2.4), alpha=0.7)


# --- People ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Looks:
    """The colours of a drawn person."""

    skin: str
    hair: str
    top: str
    legs: str


def sitter(c: Canvas, who: Looks) -> None:
    """Somebody who meditates, cross-legged, about 190 high, on the origin."""
    knees = curve((-96, -8), (-84, -28), (-34, -46), (34, -46), (84, -28), (96, -8), (60, 1), (0, -8), (-60, 1))
    c.fill((mixed(who.legs, CREAM, 0.14), who.legs), knees)
    c.line(mixed(who.legs, INK, 0.35), 2.5, trail((-52, -8), (-20, -20), (26, -6)), alpha=0.6)
    c.fill(who.skin, ellipse(34, -6, 17, 7), ellipse(-34, -5, 17, 7))
    trunk = curve((-27, -36), (-27, -74), (-35, -108), (-16, -126), (16, -126), (35, -108), (27, -74), (27, -36))
    for side in (-1, 1):
        sleeve = trail((side * 29, -110), (side * 46, -80), (side * 50, -62))
        c.line(mixed(who.top, INK, 0.08), 14, sleeve)
        c.line(who.skin, 10, trail((side * 50, -62), (side * 58, -46), (side * 70, -34)))
        c.fill(who.skin, ellipse(side * 72, -33, 9, 6))
    c.fill((mixed(who.top, CREAM, 0.18), who.top), trunk)
    c.fill(mixed(who.skin, INK, 0.12), rect(-8, -140, 16, 16, 6), ellipse(0, -125, 11, 6))
    c.fill(who.hair, circle(0, -187, 10), circle(0, -163, 22))
    c.fill(who.skin, ellipse(0, -157, 17, 20))
    c.fill(who.hair, [*arc(0, -160, 20, 180, 360, 21), *trail((20, -160), (8, -171), (-20, -160))])


MAYA = Looks("#c68863", "#3a2a2e", CORAL, NIGHT)
JONAS = Looks("#eec1a0", "#80858d", DUSK, INK)
AMARA = Looks("#7c4f3b", "#241c22", GOLD, PINE)
LAYLA = Looks("#dca982", "#39696d", LAGOON, DEEP)


def maya(c: Canvas) -> None:
    """Dark curls and round glasses."""
    curls = [(80, 34, 26), (55, 42, 20), (105, 42, 20), (42, 64, 18), (118, 64, 18), (42, 88, 16), (118, 88, 16)]
    sky(c, (PEACH, APRICOT))
    bust(c, MAYA, CREAM, *(circle(*curl) for curl in curls))
    c.fill(MAYA.hair, circle(60, 42, 13), circle(76, 36, 14), circle(94, 38, 14), circle(104, 50, 9), circle(54, 54, 8))
    for x in (69, 92):
        c.fill(CREAM, circle(x, 72, 10), alpha=0.25)
        c.line(UMBER, 2.2, circle(x, 72, 10))
    c.line(UMBER, 2.2, arc(80.5, 72, 3, 200, 340))


def jonas(c: Canvas) -> None:
    """Short grey hair and a short grey beard."""
    sky(c, (SAND, CLAY))
    bust(c, JONAS, CREAM)
    beard = [(54, 70), *trail((54, 70), (60, 82), (70, 84), (80, 81), (90, 84), (100, 82), (106, 70))]
    c.fill(JONAS.hair, [*beard, *trail((106, 70), (104, 96), (92, 110), (80, 113), (68, 110), (56, 96), (54, 70))])
    c.fill(mixed(JONAS.skin, CORAL, 0.35), ellipse(80, 91, 7, 2.2))
    c.fill(
        (mixed(JONAS.hair, CREAM, 0.25), JONAS.hair),
        curve(
            (52, 68),
            (50, 44),
            (62, 30),
            (84, 26),
            (104, 34),
            (109, 52),
            (107, 68),
            (101, 52),
            (84, 45),
            (64, 48),
            (57, 54),
        ),
    )


def amara(c: Canvas) -> None:
    """Cropped hair and round earrings."""
    sky(c, (ROSE, mixed(ROSE, PLUM, 0.35)))
    bust(c, AMARA, PEACH, curve((54, 70), (52, 46), (64, 29), (80, 25), (96, 29), (108, 46), (106, 70), (80, 74)))
    c.fill(
        AMARA.hair,
        curve(
            (55, 66),
            (54, 46),
            (65, 31),
            (80, 27),
            (95, 31),
            (106, 46),
            (105, 66),
            (100, 52),
            (90, 44),
            (70, 44),
            (60, 52),
        ),
    )
    for x in (54, 106):
        c.line(GOLD, 2, [(x, 82), (x, 90)])
        c.fill(GOLD, circle(x, 95, 5.5))
        c.fill(CORAL, circle(x, 95, 2.4))


def layla(c: Canvas) -> None:
    """A headscarf."""
    sky(c, (GOLD, PEACH))
    scarf = curve(
        (80, 22),
        (106, 32),
        (114, 62),
        (112, 96),
        (124, 134),
        (80, 150),
        (36, 134),
        (48, 96),
        (46, 62),
        (54, 32),
    )
    bust(c, LAYLA, SAND, scarf, ears=False)
    light = mixed(LAYLA.hair, CREAM, 0.16)
    hood = curve(
        (80, 22),
        (106, 33),
        (113, 64),
        (106, 96),
        (100, 76),
        (98, 54),
        (80, 44),
        (62, 54),
        (60, 76),
        (54, 96),
        (47, 64),
        (54, 33),
    )
    c.fill((light, LAYLA.hair), hood)
    folds = curve(
        (52, 88),
        (64, 104),
        (80, 110),
        (96, 104),
        (108, 88),
        (120, 116),
        (112, 140),
        (80, 148),
        (48, 140),
        (40, 116),
    )
    c.fill((light, mixed(LAYLA.hair, INK, 0.1)), folds)
    c.line(DEEP, 2, trail((47, 106), (74, 128), (114, 120)), trail((56, 128), (84, 138), (106, 133)), alpha=0.4)


def bust(c: Canvas, who: Looks, ring: str, *behind: Outline, ears: bool = True) -> None:
    """A disc, the hair that is behind the head, then shoulders, neck and head, on a 160 by 160 ground."""
    c.fill(ring, circle(80, 76, 60), alpha=0.6)
    if behind:
        c.fill(who.hair, *behind)
    c.fill(
        (who.top, mixed(who.top, INK, 0.25)),
        curve(
            (6, 180),
            (16, 138),
            (52, 121),
            (108, 121),
            (144, 138),
            (154, 180),
        ),
    )
    c.fill(mixed(who.skin, INK, 0.16), [(67, 90), (93, 90), (95, 120), *arc(80, 120, 16, 0, 180, 9), (65, 120)])
    shape = curve((80, 34), (103, 48), (105, 76), (94, 99), (80, 106), (66, 99), (55, 76), (57, 48))
    if ears:
        c.fill(who.skin, circle(55, 76, 6), circle(105, 76, 6))
    c.fill(who.skin, shape)
    with c.inside(shape):
        c.fill(INK, [(88, 30), (120, 30), (120, 112), (80, 112), (94, 84)], alpha=0.07)


# --- Small marks -----------------------------------------------------------------------------------------------


def logo(c: Canvas) -> None:
    """A sun that rises out of water, its rings above and its ripples below."""
    for radius, colour in ((44, LAGOON), (34, "#e8a26f")):
        c.line(colour, 5, arc(48, 54, radius, 182, 358))
    c.fill((APRICOT, CORAL), arc(48, 54, 23, 180, 360))
    for y, half in ((64, 42), (75, 28), (86, 14)):
        c.line(LAGOON, 5, [(48 - half, y), (48 + half, y)])


def badge(c: Canvas, ground: str = DUSK) -> None:
    c.fill(ground, circle(24, 24, 24))


def icon_instagram(c: Canvas) -> None:
    """A camera."""
    badge(c)
    c.line(CREAM, 2.8, closed(rect(12.5, 15.5, 23, 18.5, 4)), [(19, 12.5), (29, 12.5)])
    c.line(CREAM, 2.8, circle(24, 25, 5))


def icon_facebook(c: Canvas) -> None:
    """A bent stroke with a bar."""
    badge(c)
    c.line(CREAM, 4, [*arc(28, 18.5, 5, 280, 180), (23, 36)], [(18, 24.5), (29, 24.5)])


def icon_x(c: Canvas) -> None:
    """Two crossed strokes."""
    badge(c)
    c.line(CREAM, 4, [(16, 16), (32, 32)], [(32, 16), (16, 32)])


def icon_youtube(c: Canvas) -> None:
    """A play triangle."""
    badge(c)
    c.fill(CREAM, [(19, 14.5), (35, 24), (19, 33.5)])
    c.line(CREAM, 2.4, closed([(19, 14.5), (35, 24), (19, 33.5)]))


def icon_podcast(c: Canvas) -> None:
    """A microphone."""
    badge(c)
    c.fill(CREAM, rect(19.5, 10, 9, 17, 4.5))
    c.line(CREAM, 2.6, arc(24, 22.5, 9, 0, 180), [(24, 31.5), (24, 36.5)], [(19, 37), (29, 37)])


def phone_glyph(c: Canvas) -> None:
    c.line(CREAM, 2.6, closed(rect(15, 9.5, 18, 29, 4)))


def store_apple(c: Canvas) -> None:
    """A phone that takes something in: an arrow down to a line."""
    badge(c, mixed(LAGOON, TEAL, 0.55))
    phone_glyph(c)
    c.line(CREAM, 2.6, [(24, 16), (24, 26)], [(20, 22.5), (24, 26.5), (28, 22.5)], [(20, 32), (28, 32)])


def store_google(c: Canvas) -> None:
    """A phone with a play triangle."""
    badge(c, mixed(LAGOON, TEAL, 0.55))
    phone_glyph(c)
    c.fill(CREAM, [(20.5, 18), (29, 24), (20.5, 30)])
    c.fill(CREAM, circle(24, 34.6, 1.3))


# --- Emblems of the kinds of tracks, 352 by 352 ------------------------------------------------------------------


def track_meditation(c: Canvas) -> None:
    sky(c, ("#7fa6a8", FOAM, SAND, PEACH))
    disc(c, 176, 160, 84, (CREAM, GOLD))
    hill(c, SAGE, 262, 244, 250, 268, 258)
    hill(c, MOSS, 306, 290, 282, 288, 300)
    with c.at(176, 300, 1.08):
        shade_under(c, 0, 0, 100, 10, 0.3)
        sitter(c, Looks("#c68863", "#3a2a2e", CORAL, NIGHT))


def track_story(c: Canvas) -> None:
    sky(c, SKY_NIGHT)
    stars(c, 34, 16, 14, 336, 200)
    moon(c, 182, 98, 50, 0.5)
    c.glow(GOLD, 176, 240, 170, 0.5)
    with c.at(176, 276):
        open_book(c)
    for x, y, size in ((128, 208, 9), (216, 200, 12), (164, 190, 7), (244, 222, 7), (100, 186, 6)):
        c.fill(GOLD, sparkle(x, y, size))


def open_book(c: Canvas) -> None:
    """An open book of 270 in width, seen from the front; the fold of its pages is the origin."""

    def edge(side: int, down: float, wide: float) -> list[Point]:
        stops = ((0, down), (34, down - 28), (84, down - 30), (118 + wide, down - 14))
        return trail(*((side * x, y) for x, y in stops))

    for side in (-1, 1):
        cover = [*edge(side, 4, 12), *reversed(edge(side, 62, 18))]
        c.fill((CORAL, mixed(CORAL, PLUM, 0.4)), cover)
        c.fill((CLAY, OAK), [*edge(side, 30, 6), *reversed(edge(side, 54, 10))])
        c.fill((CREAM, SAND) if side < 0 else (SAND, CLAY), [*edge(side, -6, 0), *reversed(edge(side, 44, 8))])
        for down in (8, 20, 32):
            c.line(CLAY, 1.6, edge(side, down, -22)[8:], alpha=0.7)
    c.line(OAK, 2, [(0, -6), (0, 52)], alpha=0.7)


def sparkle(x: float, y: float, radius: float) -> list[Point]:
    """A star with four points."""
    return [
        (x + r * math.cos(a), y + r * math.sin(a))
        for a, r in ((math.radians(45 * i), radius if i % 2 == 0 else radius * 0.28) for i in range(8))
    ]


def track_hypnosis(c: Canvas) -> None:
    sky(c, (mixed(PLUM, INK, 0.45), PLUM, ROSE))
    for i, radius in enumerate((168, 132, 98, 66)):
        c.fill(PEACH, circle(176, 206, radius), alpha=0.1 + 0.03 * i)
    for turn, alpha in ((34, 0.14), (-34, 0.14), (17, 0.26), (-17, 0.26)):
        with c.at(176, -40, turn=turn):
            c.line(CREAM, 2.5, [(0, 0), (0, 220)], alpha=alpha)
            c.fill(CREAM, circle(0, 246, 27), alpha=alpha)
    with c.at(176, -40):
        c.line(CREAM, 3, [(0, 0), (0, 206)])
        c.glow(GOLD, 0, 246, 110, 0.7)
        c.fill(OAK, circle(0, 206, 8), circle(0, 246, 40))
        c.fill((CREAM, GOLD), circle(0, 246, 34))
        c.line(CORAL, 3.2, spiral(0, 246, 26, 3))


def spiral(x: float, y: float, radius: float, turns: float) -> list[Point]:
    steps = int(turns * 60)
    return [
        (x + radius * i / steps * math.cos(i * math.tau / 60), y + radius * i / steps * math.sin(i * math.tau / 60))
        for i in range(steps + 1)
    ]


def track_coaching(c: Canvas) -> None:
    sky(c, SKY_DAWN)
    disc(c, 250, 108, 38, (CREAM, GOLD))
    c.fill((mixed(LAGOON, CREAM, 0.35), mixed(LAGOON, CREAM, 0.6)), [(-60, 300), (78, 150), (216, 300)])
    c.fill((TEAL, LAGOON), [(40, 330), (176, 108), (352, 330)])
    c.fill(CREAM, [(176, 108), (210, 151), (192, 160), (178, 146), (162, 162), (146, 157)], alpha=0.9)
    c.line(UMBER, 3, [(176, 112), (176, 66)])
    c.fill(CORAL, curve((176, 66), (196, 64), (214, 72), (196, 80), (176, 88)))
    hill(c, MOSS, 278, 262, 270, 256, 268)
    c.fill((SAND, CREAM), winding_path())
    hill(c, PINE, 340, 326, 336, 322, 334, haze=MOSS)


def winding_path() -> list[Point]:
    """A path uphill that narrows as it goes."""
    left = trail((112, 360), (196, 322), (150, 290), (188, 270), (170, 257))
    right = trail((174, 257), (198, 271), (166, 291), (222, 322), (160, 360))
    return [*left, *right]


def track_therapy(c: Canvas) -> None:
    sky(c, (mixed(SAGE, CREAM, 0.2), LEAF, SAND))
    disc(c, 176, 122, 52, (CREAM, PEACH), alpha=0.3)
    c.fill((CLAY, OAK), rect(0, 270, 352, 82))
    c.fill(CREAM, ellipse(176, 306, 150, 24), alpha=0.35)
    for flip, paint in ((False, (LAGOON, TEAL)), (True, (APRICOT, CORAL))):
        with c.at(262 if flip else 90, 312, 0.92, flip=flip):
            armchair(c, paint)
    with c.at(176, 312, 0.6):
        c.fill(BARK, rect(-36, -56, 72, 8, 4), rect(-4, -50, 8, 50), rect(-22, -4, 44, 6, 3))
    with c.at(176, 278, 0.55):
        potted(c, (CREAM, CLAY), (SAGE, MOSS), MOSS)


def armchair(c: Canvas, paint: tuple[str, str]) -> None:
    """An armchair of 130 in width that stands on the origin and looks right."""
    for x in (-46, 42):
        c.line(BARK, 7, [(x, -20), (x, -2)])
    c.fill(
        (mixed(paint[0], INK, 0.12), paint[1]),
        curve(
            (-66, -60),
            (-70, -130),
            (-52, -152),
            (-26, -148),
            (-18, -110),
            (-14, -24),
            (-56, -22),
        ),
    )
    c.fill(paint, rect(-40, -66, 96, 28, 12))
    c.fill(mixed(paint[0], CREAM, 0.22), rect(-34, -74, 92, 18, 9))
    c.fill(paint, rect(-60, -88, 84, 24, 12), rect(-60, -78, 26, 62, 10), rect(-54, -44, 112, 28, 10))


def track_prayer(c: Canvas) -> None:
    sky(c, (NIGHT, mixed(INDIGO, PLUM, 0.6), mixed(PLUM, ROSE, 0.3)))
    c.fill(INK, arch(72, 30, 208, 290), alpha=0.4)
    with c.inside(arch(84, 42, 184, 280)):
        sky(c, (INDIGO, DUSK, mixed(DUSK, ROSE, 0.6), APRICOT))
        stars(c, 14, 92, 50, 260, 130)
        moon(c, 210, 104, 24, 0.42)
        hill(c, mixed(DUSK, ROSE, 0.4), 236, 216, 228, 210, 232, haze=PEACH)
        hill(c, INDIGO, 274, 262, 254, 268, 256, haze=DUSK)
    c.fill((mixed(PLUM, INK, 0.5), INK), rect(0, 312, 352, 40))
    sill(c, 46, 292, 260, 22, (mixed(CLAY, ROSE, 0.4), OAK))
    for x, height, size in ((176, 92, 1.1), (124, 58, 0.85), (226, 44, 0.85)):
        with c.at(x, 294, size):
            candle(c, (CREAM, CLAY), height)


def track_asmr(c: Canvas) -> None:
    sky(c, (FOAM, mixed(FOAM, CREAM, 0.5), PEACH))
    disc(c, 176, 150, 88, (CREAM, mixed(CREAM, GOLD, 0.5)), alpha=0.3)
    for i, y in enumerate((262, 286, 310, 334)):
        paint = (mixed(FOAM, LAGOON, 0.25 + 0.25 * i), mixed(FOAM, LAGOON, 0.4 + 0.25 * i))
        c.fill(paint, ridge(-20, 372, 360, y, y - 14, y + 4, y - 12, y + 6, y - 10))
    with c.at(126, 272, 1.05, turn=-58):
        feather(c)


def feather(c: Canvas) -> None:
    """A feather of 240 in length from its quill at the origin to the right, bent a little, with gaps in its vane."""
    spine = trail((0, 0), (60, -8), (150, -6), (236, 20))
    upper = [
        *trail((44, -8), (54, -34), (90, -46), (118, -49)),
        (112, -16),
        *trail((134, -48), (172, -38), (210, -16), (240, 22)),
    ]
    lower = [
        *trail((240, 22), (214, 34), (182, 40)),
        (150, 8),
        *trail((166, 41), (136, 38), (104, 34)),
        (84, 4),
        *trail((90, 29), (64, 18), (44, -8)),
    ]
    c.fill((CORAL, mixed(CORAL, ROSE, 0.6)), [*upper, *reversed(spine[9:])])
    c.fill((APRICOT, PEACH), [*spine[9:], *lower])
    for x, y in spine[12:-5:2]:
        reach = 30 - x / 12
        c.line(CREAM, 1.3, [(x, y), (x + reach, y - reach)], [(x, y), (x + reach, y + reach * 0.9)], alpha=0.35)
    c.line(CREAM, 3.6, [(-26, 4), *spine])


def track_health_coaching(c: Canvas) -> None:
    sky(c, ("#9dbfb4", LEAF, CREAM))
    disc(c, 176, 140, 78, (CREAM, GOLD), alpha=0.3)
    c.fill((CLAY, OAK), rect(0, 284, 352, 68))
    shade_under(c, 178, 286, 120, 12, 0.28)
    with c.at(250, 286, 1.25):
        glass(c)
    with c.at(134, 288, 1.15):
        apple(c)
    with c.at(66, 296, 0.9, turn=-8):
        leaf(c, 60, (SAGE, MOSS), LEAF)


def apple(c: Canvas) -> None:
    """An apple of 130 in width that stands on the origin."""
    body = curve(
        (0, -100),
        (26, -112),
        (56, -100),
        (66, -66),
        (50, -22),
        (22, 0),
        (0, -5),
        (-22, 0),
        (-50, -22),
        (-66, -66),
        (-56, -100),
        (-26, -112),
    )
    c.fill((APRICOT, CORAL, mixed(CORAL, PLUM, 0.25)), body)
    with c.inside(body):
        c.fill(CREAM, ellipse(-32, -76, 14, 24), alpha=0.35, blur=5)
        c.fill(PLUM, ellipse(46, -30, 50, 60), alpha=0.2, blur=12)
    c.line(BARK, 6, trail((0, -98), (3, -116), (10, -130)))
    with c.at(6, -114, turn=-28):
        leaf(c, 66, (SAGE, MOSS), LEAF)


def track_breathwork(c: Canvas) -> None:
    sky(c, ("#6f9aa9", "#9fc0c1", mixed(FOAM, CREAM, 0.5), PEACH))
    disc(c, 236, 132, 58, (CREAM, GOLD), alpha=0.3)
    hill(c, LAGOON, 292, 270, 280, 262, 276)
    hill(c, MOSS, 318, 308, 296, 310, 316)
    c.line(PINE, 4, trail((96, 352), (104, 280), (122, 196)))
    with c.at(122, 190):
        dandelion(c)
    for x, y, turn in ((226, 128, 32), (262, 184, 54), (296, 98, 40), (214, 72, 20), (312, 158, 62)):
        with c.at(x, y, turn=turn):
            seed(c, 24)


def seed(c: Canvas, length: float) -> None:
    """A dandelion's seed that hangs from its parachute; the parachute is up."""
    c.line(PINE, 1.6, [(0, 0), (0, length)])
    c.fill(PINE, ellipse(0, length, 1.8, 4.5))
    hairs = [(length * 0.5 * math.sin(a), -length * 0.42 * math.cos(a)) for a in (-1.2, -0.6, 0, 0.6, 1.2)]
    c.line(CREAM, 1.7, *([(0, 0), tip] for tip in hairs))


def dandelion(c: Canvas) -> None:
    """A dandelion's clock of 130 in width around the origin, a part of it blown away."""
    c.fill(CREAM, circle(0, 0, 60), alpha=0.28)
    tips = [(13 * math.sin(a), -46 - 14 * math.cos(a)) for a in (-1, -0.5, 0, 0.5, 1)]
    for turn in range(0, 360, 20):
        if not 20 < turn < 90:
            with c.at(0, 0, turn=turn):
                c.line(CREAM, 1.6, [(0, -10), (0, -46)], *([(0, -44), tip] for tip in tips))
    c.fill(CREAM, circle(0, 0, 60), alpha=0.12)
    c.fill(MOSS, circle(0, 0, 10))


def track_work_wellness(c: Canvas) -> None:
    sky(c, (mixed(HAZE, MIST, 0.3), MIST, CREAM))
    disc(c, 176, 132, 70, (PEACH, APRICOT), light=PEACH)
    c.fill((CLAY, OAK), rect(0, 272, 352, 80))
    shade_under(c, 176, 276, 120, 9)
    with c.at(172, 274, 0.98):
        laptop(c)
    with c.at(66, 276, 0.86):
        potted(c, (CREAM, CLAY), (SAGE, MOSS), MOSS)
    with c.at(284, 282, 0.62):
        cup(c, (CREAM, CLAY), UMBER)
        with c.at(0, -78):
            steam(c, 66)


def laptop(c: Canvas) -> None:
    """An open laptop of 190 in width that stands on the origin."""
    screen = rect(-80, -116, 160, 104, 5)
    c.fill(INDIGO, rect(-86, -122, 172, 116, 9))
    c.fill((DUSK, PEACH), screen)
    with c.inside(screen):
        c.fill(CREAM, circle(30, -66, 15))
        c.fill((LAGOON, FOAM), ridge(-90, 90, 0, -40, -60, -36, -54, -38))
        c.fill((TEAL, LAGOON), ridge(-90, 90, 0, -20, -30, -38, -22, -30))
    c.fill((MIST, HAZE), [(-98, -6), (98, -6), (92, 4), (-92, 4)])


def track_music(c: Canvas) -> None:
    sky(c, (NIGHT, INDIGO, mixed(DUSK, PLUM, 0.4), ROSE))
    c.glow(PEACH, 176, 172, 190, 0.5)
    c.fill(INK, circle(176, 172, 112))
    for radius in (98, 86, 74, 62):
        c.line(DUSK, 1.5, circle(176, 172, radius), alpha=0.55)
    for start in (-60, 120):
        c.line(CREAM, 12, arc(176, 172, 80, start, start + 34), alpha=0.12, blur=3)
    c.fill((GOLD, APRICOT), circle(176, 172, 46))
    c.fill(CREAM, circle(176, 172, 20), alpha=0.5)
    c.fill(INK, circle(176, 172, 5))
    for i, y in enumerate((254, 278, 304)):
        paint = mixed(LAGOON, DEEP, i * 0.45)
        wave = ridge(-20, 372, 360, y + 12, y - 8, y + 14, y - 4, y + 12, y - 8, y + 8)
        c.fill((mixed(paint, CREAM, 0.15), paint), wave)


def track_nature_sounds(c: Canvas) -> None:
    sky(c, SKY_RAIN)
    disc(c, 118, 104, 42, (CREAM, PEACH))
    hill(c, mixed(LAGOON, FOAM, 0.4), 196, 170, 188, 158, 176, bottom=240)
    for x, height in ((214, 96), (246, 132), (282, 112), (316, 150), (346, 120), (24, 88), (-4, 112)):
        with c.at(x, 232):
            pine(c, (TEAL, DEEP), height)
    water(c, (FOAM, LAGOON, TEAL), 230)
    c.fill(DEEP, ridge(180, 380, 238, 234, 226, 229, 225), ridge(-30, 60, 238, 226, 228, 236))
    glints(c, 118, 244, 5, 40)
    ripple(c, 226, 292, 84)
    ripple(c, 84, 318, 46, alpha=0.4)
    c.fill(CREAM, curve((226, 250), (232, 266), (226, 274), (220, 266)))


def track_rain(c: Canvas) -> None:
    sky(c, INDIGO)
    c.fill((INDIGO, DUSK, mixed(HAZE, ROSE, 0.5), PEACH), rect(0, 0, 352, 236))
    disc(c, 96, 92, 36, (CREAM, PEACH), alpha=0.28)
    cloud(c, 118, 142, 150, mixed(DUSK, HAZE, 0.4), 0.95)
    cloud(c, 282, 76, 160, mixed(INDIGO, DUSK, 0.75), 0.95)
    hill(c, mixed(DUSK, TEAL, 0.35), 216, 194, 208, 186, 206, haze=PEACH, bottom=300)
    for x, height in ((12, 126), (50, 92), (326, 146), (354, 112)):
        with c.at(x, 284):
            pine(c, (TEAL, DEEP), height)
    c.fill((TEAL, DEEP), ridge(-20, 372, 352, 286, 278, 280, 276, 284))
    with c.at(190, 290):
        tin_hut(c)
    for x, y, radius, colour in ((150, 322, 56, GOLD), (278, 332, 34, CREAM), (44, 314, 24, CREAM)):
        c.fill((LAGOON, TEAL), ellipse(x, y, radius * 1.2, radius * 0.32), alpha=0.55)
        ripple(c, x, y, radius, colour, 0.45)
    rain(c, 56)


def tin_hut(c: Canvas) -> None:
    """A lit hut, 208 in width, that stands on the origin under a roof of corrugated tin."""
    shade_under(c, 0, 2, 110, 9)
    wall = rect(-82, -88, 164, 90)
    c.fill((BARK, UMBER), wall)
    c.line(INK, 1.2, *([(-82, y), (82, y)] for y in range(-70, 0, 14)), alpha=0.2)
    with c.inside(wall):
        c.glow(GOLD, -32, -40, 100, 0.5)
    c.fill((UMBER, mixed(UMBER, INK, 0.3)), rect(24, -62, 36, 64))
    c.fill(GOLD, circle(53, -28, 2.6))
    lit(c, -32, -40, 52, 40, UMBER)
    c.fill(INK, rect(-82, -82, 164, 8), alpha=0.3)
    c.fill((MIST, HAZE, DUSK), [(-78, -148), (78, -148), (104, -82), (-104, -82)])
    for i in range(-6, 7):
        c.line(INDIGO, 2, [(i * 12.5, -148), (i * 16.4, -82)], alpha=0.4)
        c.line(CREAM, 1.3, [(i * 12.5 + 2.5, -148), (i * 16.4 + 3.2, -82)], alpha=0.4)
    c.line(INDIGO, 4, [(-104, -82), (104, -82)])
    c.line(MIST, 4, [(-79, -148), (79, -148)])
    for x in (-96, -68, -6, 12, 70, 92):  # what drips from the eaves
        low = -72 + c.random.uniform(0, 24)
        c.line(CREAM, 1.8, [(x, low), (x, low + 7)], alpha=0.55)


def track_shore(c: Canvas) -> None:
    sky(c, (mixed(CLAY, SAND, 0.4), CLAY))
    c.fill((mixed(LAGOON, HAZE, 0.4), mixed(FOAM, ROSE, 0.25), PEACH), rect(0, 0, 352, 176))
    disc(c, 222, 134, 42, (CREAM, GOLD, APRICOT), alpha=0.4)
    cloud(c, 92, 84, 100, CREAM, 0.4)
    birds(c, (296, 58, 11), (320, 72, 8), colour=TEAL)
    c.fill((TEAL, LAGOON), ridge(-40, 136, 178, 118, 128, 146, 156, 178))
    c.fill((SAND, mixed(SAND, CLAY, 0.8)), rect(0, 240, 352, 112))
    for x, y, radius in ((54, 336, 9), (78, 342, 6), (196, 340, 7), (300, 334, 10), (322, 341, 6), (128, 330, 5)):
        shade_under(c, x + 1, y + radius * 0.4, radius * 1.1, radius * 0.4)
        c.fill((mixed(HAZE, SAND, 0.4), mixed(DUSK, OAK, 0.4)), ellipse(x, y, radius, radius * 0.6))
    wave(c, mixed(OAK, CLAY, 0.4), (318, 304, 316, 312, 296, 310), alpha=0.5)
    wave(c, (mixed(FOAM, PEACH, 0.2), LAGOON, mixed(FOAM, LAGOON, 0.4)), (304, 290, 302, 298, 282, 296), 7)
    wave(c, (mixed(FOAM, PEACH, 0.2), LAGOON, mixed(LAGOON, TEAL, 0.6)), (262, 268, 254, 258, 270, 260), 4)
    wave(c, (mixed(FOAM, PEACH, 0.3), LAGOON, mixed(LAGOON, TEAL, 0.8)), (226, 222, 230, 224, 220, 228), 2.5)
    glints(c, 222, 184, 4, 40, gap=11)


def wave(c: Canvas, paint: Paint, edge: Sequence[float], foam: float = 0, alpha: float = 1) -> None:
    """The sea from the horizon to a wave's evenly spaced edge, with foam on it; later waves lie farther out."""
    line = trail(*((-20 + 392 * i / (len(edge) - 1), y) for i, y in enumerate(edge)))
    c.fill(paint, [*line, (372, 174), (-20, 174)], alpha=alpha)
    if foam:
        c.line(CREAM, foam, line, alpha=0.9)


# --- Heroes, 1200 by 600 -----------------------------------------------------------------------------------------


def casement(c: Canvas, frame: str, pane: Box, bars: int, pen: float = 14) -> None:
    """The frame of a window around a view that is there already (left, top, width, height), with bars."""
    left, top, width, height = pane
    places = [left + width * i / (bars + 1) for i in range(1, bars + 1)]
    c.line(frame, pen * 0.6, *([(x, top), (x, top + height)] for x in places))
    c.line(frame, pen * 0.6, [(left, top + height * 0.36), (left + width, top + height * 0.36)])
    c.line(frame, pen, closed(rect(left, top, width, height, 8)))


def hero_klonopin(c: Canvas) -> None:
    sky(c, (INK, mixed(NIGHT, INDIGO, 0.5)))
    pane = rect(140, 70, 330, 320, 8)
    with c.inside(pane):
        c.fill(SKY_LATE, pane)
        stars(c, 22, 150, 80, 460, 260)
        moon(c, 392, 128, 38, 0.34)
        c.fill((INDIGO, NIGHT), ridge(130, 480, 400, 330, 312, 340, 318, 332))
    casement(c, mixed(INDIGO, DUSK, 0.35), (140, 70, 330, 320), 1)
    sill(c, 112, 392, 386, 18, (mixed(INDIGO, DUSK, 0.5), INDIGO))
    for radius, alpha in ((330, 0.05), (250, 0.07), (170, 0.1)):
        c.fill(GOLD, circle(800, 262, radius), alpha=alpha)
    c.glow(GOLD, 800, 262, 420, 0.55)
    c.fill((BARK, UMBER), rect(610, 462, 440, 160, 6))
    c.line(INK, 3, closed(rect(640, 488, 380, 90, 8)), alpha=0.35)
    c.fill(OAK, circle(830, 532, 11))
    c.fill((CLAY, OAK), rect(570, 440, 520, 24, 8))
    c.glow(CREAM, 800, 442, 240, 0.25)
    for x, half in ((690, 70), (806, 60), (958, 40)):
        shade_under(c, x, 443, half, 5, 0.35)
    with c.at(680, 441):
        closed_book(c, LAGOON, 140)
    with c.at(668, 415):
        closed_book(c, CORAL, 112)
    with c.at(806, 441, 1.4):
        lamp(c, (CREAM, GOLD, APRICOT), TEAL)
    with c.at(958, 441, 1.12):
        glass(c)


def stepping_stones(c: Canvas, count: int) -> None:
    """Stones in a bend from the front bank to the far shore, smaller and closer as they go."""
    for i in range(count):
        near = 1 - i / (count - 1)
        size = 0.1 + 0.9 * near**1.6
        x = 792 - 330 * near**1.3 + 74 * math.sin(near * math.pi * 1.6)
        y = 344 + 218 * near**1.7
        c.fill(INK, ellipse(x, y + 11 * size, 66 * size, 17 * size), alpha=0.4)
        c.fill((mixed(HAZE, PEACH, 0.45), DUSK), ellipse(x, y, 62 * size, 16 * size))
        c.fill(PEACH, ellipse(x - 8 * size, y - 4 * size, 44 * size, 8 * size), alpha=0.45)


def hero_age_regression(c: Canvas) -> None:
    sky(c, SKY_DUSK)
    c.fill((APRICOT, PEACH), rect(0, 240, 1200, 100), fade=(0, 1))
    disc(c, 905, 232, 46, (CREAM, GOLD), alpha=0.4)
    hill(c, mixed(DUSK, ROSE, 0.35), 268, 240, 262, 276, 250, 270, 236, bottom=340, haze=PEACH)
    hill(c, mixed(INDIGO, ROSE, 0.2), 318, 300, 312, 322, 306, 296, 304, 316, bottom=340, haze=PEACH, share=0.2)
    for x, height in ((724, 40), (742, 54), (868, 48), (888, 36)):
        with c.at(x, 324):
            pine(c, mixed(INDIGO, PLUM, 0.3), height)
    with c.at(782, 326):
        house(c, 52, 36, mixed(CREAM, ROSE, 0.5), PLUM, 0.6)
        lit(c, 26, -16, 13, 17, PLUM)
    water(c, (PEACH, mixed(ROSE, DUSK, 0.4), INDIGO, NIGHT), 326)
    c.fill(CREAM, rect(0, 325, 1200, 3), alpha=0.35)
    glints(c, 905, 346, 9, 66, PEACH, 15)
    c.fill((mixed(NIGHT, PINE, 0.4), INK), ridge(-20, 560, 620, 476, 470, 482, 510, 556, 640))
    stepping_stones(c, 11)
    with c.at(46, 500):
        house(c, 270, 196, (mixed(PLUM, NIGHT, 0.35), mixed(NIGHT, INK, 0.4)), INK, 0.52)
        lit(c, 84, -130, 56, 70, INK)
        lit(c, 135, -240, 34, 34, INK)
        c.glow(GOLD, 196, -50, 120, 0.5)
        c.fill((GOLD, APRICOT), arch(166, -112, 62, 112))
    c.fill(GOLD, [(212, 500), (274, 500), (400, 560), (300, 574)], alpha=0.22, fade=(1, 0.1))


def breath_hill(middle: float, foot: float, height: float, half: float = 262) -> list[Point]:
    """A hill that rises and falls evenly around its middle."""
    shares = [i / 20 - 1 for i in range(41)]
    top = [(middle + half * t, foot - height * math.cos(math.pi / 2 * t) ** 2) for t in shares]
    return [*top, (middle + half, 620), (middle - half, 620)]


def hero_box_breathing(c: Canvas) -> None:
    sky(c, (mixed(LAGOON, FOAM, 0.35), mixed(FOAM, SAGE, 0.35), LEAF))
    square = rect(420, 44, 360, 360, 52)
    c.fill(CREAM, rect(408, 32, 384, 384, 62), alpha=0.2)
    c.fill(("#dbe7df", CREAM, PEACH), square)
    with c.inside(square):
        disc(c, 600, 352, 70, (GOLD, APRICOT), alpha=0.7)
        c.fill(mixed(FOAM, CREAM, 0.25), ridge(400, 800, 420, 384, 362, 380, 366, 384))
    tints = (LAGOON, SAGE, mixed(LAGOON, TEAL, 0.55), MOSS)
    for i in (0, 2, 1, 3):
        c.fill((tints[i], mixed(tints[i], DEEP, 0.3)), breath_hill(150 + 300 * i, 610, 256))
    for i, colour in enumerate((TEAL, PINE, DEEP, PINE, DEEP)):
        c.fill((colour, mixed(colour, INK, 0.25)), breath_hill(300 * i, 622, 104, 240))
    for x, y, size in ((140, 358, 0.36), (170, 360, 0.26), (1056, 358, 0.36)):
        with c.at(x, y, size):
            round_tree(c, (PINE, DEEP), UMBER)
    birds(c, (700, 170, 15), (736, 150, 11), (668, 142, 9), colour=LAGOON)


def hero_morning_light(c: Canvas) -> None:
    sky(c, (mixed(CLAY, ROSE, 0.25), mixed(SAND, CLAY, 0.35)))
    pane = rect(390, 44, 440, 430)
    with c.inside(pane):
        c.fill(SKY_DAWN, pane)
        disc(c, 610, 262, 66, (CREAM, GOLD), alpha=0.5)
        for colour, *heights in (
            (mixed(LAGOON, PEACH, 0.55), 300, 270, 292, 262, 286),
            (mixed(LAGOON, PEACH, 0.2), 344, 330, 300, 332, 316),
            (mixed(TEAL, SAGE, 0.4), 378, 358, 376, 352, 330),
            (mixed(PINE, MOSS, 0.4), 400, 424, 404, 420, 398),
        ):
            c.fill((colour, mixed(colour, PEACH, 0.4)), ridge(380, 840, 480, *heights))
        birds(c, (500, 150, 12), (528, 136, 9))
    shutter = [(390, 44), (258, 14), (258, 520), (390, 474)]
    c.fill(GOLD, shutter, alpha=0.35)
    c.line(CREAM, 13, closed(shutter), [(258, 186), (390, 184)], [(258, 352), (390, 330)])
    c.line(CREAM, 14, closed(pane))
    sill(c, 362, 474, 496, 22, (CREAM, SAND))
    with c.at(450, 476, 0.95):
        shade_under(c, 10, 0, 36, 4)
        potted(c, (APRICOT, CORAL), (SAGE, MOSS), MOSS)
    cloth = (mixed(CREAM, PEACH, 0.2), CREAM, PEACH)
    c.line(BARK, 7, [(330, 22), (960, 22)])
    c.fill(BARK, circle(330, 22, 8), circle(960, 22, 8))
    curtain(
        c,
        cloth,
        (812, 404),
        (868, 446),
        (930, 434),
        (990, 462),
        (1050, 436),
        (1096, 444),
        top=((716, 22), (936, 22)),
        folds=5,
    )


def sleeping_head(c: Canvas, who: Looks) -> None:
    """The head of somebody who lies on the back, from the side: the crown to the left, the face up, about 130 wide."""
    c.fill(
        (who.skin, mixed(who.skin, INK, 0.18)),
        curve(
            (-56, 6),
            (-50, -30),
            (-26, -50),
            (-6, -53),
            (2, -51),
            (14, -66),
            (21, -53),
            (29, -55),
            (35, -50),
            (45, -53),
            (56, -40),
            (66, -20),
            (100, -14),
            (100, 40),
            (30, 44),
            (-24, 46),
            (-48, 34),
        ),
    )
    c.fill(
        who.hair,
        curve(
            (-62, 4),
            (-54, -36),
            (-27, -55),
            (-14, -46),
            (-22, -16),
            (-6, 4),
            (0, 30),
            (12, 50),
            (-20, 56),
            (-52, 40),
        ),
    )
    c.fill(mixed(who.skin, INK, 0.14), ellipse(8, -2, 6, 9))
    c.line(who.hair, 2.4, arc(4, -38, 6, 200, 320))


def hero_body_scan(c: Canvas) -> None:
    sky(c, (INK, NIGHT, INDIGO, mixed(DUSK, PLUM, 0.3), mixed(ROSE, DUSK, 0.3)))
    stars(c, 70, 10, 10, 1190, 260)
    disc(c, 850, 150, 56, (CREAM, GOLD), alpha=0.25)
    hill(c, mixed(DUSK, ROSE, 0.2), 380, 350, 372, 340, 360, 318, 350, 322, haze=ROSE)
    c.fill(
        (mixed(HAZE, ROSE, 0.3), DUSK),
        curve(
            (120, 470),
            (150, 420),
            (260, 404),
            (380, 420),
            (430, 470),
            (400, 520),
            (160, 520),
        ),
    )
    with c.at(292, 398, 1.15, turn=-4):
        sleeping_head(c, MAYA)
    body = trail(
        (318, 510),
        (384, 408),
        (440, 352),
        (500, 334),
        (570, 352),
        (640, 366),
        (720, 350),
        (790, 326),
        (850, 350),
        (892, 340),
        (926, 302),
        (950, 304),
        (972, 346),
        (1010, 376),
        (1070, 366),
        (1140, 350),
        (1230, 372),
    )
    c.fill((mixed(LAGOON, FOAM, 0.25), TEAL, DEEP), [*body, (1230, 620), (318, 620)])
    for shift, paint in ((74, mixed(LAGOON, TEAL, 0.75)), (132, mixed(TEAL, DEEP, 0.5))):
        fold = trail(
            (-20, 450 + shift * 0.7),
            (180, 430 + shift),
            (380, 404 + shift),
            (560, 376 + shift),
            (760, 372 + shift),
            (960, 352 + shift),
            (1100, 340 + shift),
            (1230, 350 + shift),
        )
        c.fill((paint, mixed(paint, INK, 0.45)), [*fold, (1230, 620), (-20, 620)])
    for x, y, size in ((1050, 376, 44), (1074, 372, 60), (1100, 366, 40)):
        with c.at(x, y):
            pine(c, DEEP, size)


def hero_awake(c: Canvas) -> None:
    c.fill((INK, NIGHT, INDIGO, mixed(DUSK, PLUM, 0.4), mixed(ROSE, PLUM, 0.3)), rect(0, 0, 1200, 480))
    stars(c, 60, 10, 10, 1190, 330)
    c.glow(CREAM, 880, 126, 230, 0.3)
    c.fill(CREAM, circle(880, 126, 54), alpha=0.07)
    with c.at(880, 126, turn=155):
        c.fill((CREAM, GOLD), crescent(0, 0, 54, 1))
    back = (
        (-60, 150, 160),
        (92, 120, 210),
        (214, 160, 150),
        (376, 130, 190),
        (508, 170, 150),
        (680, 120, 205),
        (802, 150, 160),
        (954, 140, 190),
        (1096, 150, 150),
    )
    roofs(c, mixed(INDIGO, PLUM, 0.45), back)
    c.fill(ROSE, rect(0, 420, 1200, 160), alpha=0.22, fade=(0, 1))
    c.glow(GOLD, 600, 430, 270, 0.5)
    front = (
        (-60, 200, 92),
        (140, 150, 150),
        (290, 196, 84),
        (486, 160, 156),
        (646, 200, 100),
        (846, 144, 140),
        (990, 240, 84),
    )
    roofs(c, mixed(NIGHT, INK, 0.2), front)
    lit(c, 601, 457, 40, 50, NIGHT, (CREAM, GOLD))
    c.fill((INK, mixed(INK, NIGHT, 0.5)), rect(0, 562, 1200, 40))
    c.fill(GOLD, [(582, 562), (620, 562), (668, 600), (534, 600)], alpha=0.25, fade=(1, 0))


def roofs(c: Canvas, paint: str, row: Sequence[tuple[float, float, float]]) -> None:
    """Houses side by side on the ground at 570: left edge, width, height of the walls; with dark windows."""
    for i, (left, width, height) in enumerate(row):
        tone = mixed(paint, INK, 0.16 * (i % 3))
        with c.at(left, 570):
            peak, eave = -height - width * 0.5, -height + 6
            c.fill(mixed(tone, INK, 0.2), rect(width * 0.7, peak + width * 0.04, width * 0.09, width * 0.34))
            c.fill((tone, mixed(tone, INK, 0.3)), rect(-1, -height - 8, width + 2, height + 20))
            c.fill(mixed(tone, INK, 0.3), [(-10, eave), (width / 2, peak), (width + 10, eave)])
            for share in (0.28, 0.72):
                c.fill(HAZE, rect(width * share - 13, -height + 26, 26, 34, 3), alpha=0.12)


def hero_evening(c: Canvas) -> None:
    sky(c, (mixed(PLUM, NIGHT, 0.65), mixed(PLUM, INDIGO, 0.35)))
    pane = rect(230, 44, 740, 340, 8)
    with c.inside(pane):
        c.fill((INDIGO, DUSK, mixed(ROSE, DUSK, 0.3), APRICOT, GOLD), pane)
        disc(c, 372, 300, 48, (CREAM, GOLD), alpha=0.5)
        far = mixed(DUSK, ROSE, 0.4)
        c.fill((far, mixed(ROSE, APRICOT, 0.4)), ridge(220, 980, 390, 330, 296, 324, 306, 330, 300, 318))
        c.fill((INDIGO, far), ridge(220, 980, 390, 350, 362, 340, 358, 346, 328, 344))
        cloud(c, 770, 168, 150, PEACH, 0.4)
        cloud(c, 590, 116, 90, PEACH, 0.28)
    casement(c, mixed(PLUM, INK, 0.45), (230, 44, 740, 340), 2)
    c.fill((mixed(BARK, INK, 0.3), mixed(UMBER, INK, 0.4)), rect(0, 500, 1200, 100))
    c.fill(APRICOT, [(300, 500), (860, 500), (960, 600), (180, 600)], alpha=0.16, fade=(1, 0.2))
    sill(c, 206, 386, 788, 18, (mixed(PLUM, ROSE, 0.3), PLUM))
    shade_under(c, 600, 584, 400, 12, 0.4)
    legs = ([(268, 486), (306, 486), (290, 584), (266, 584)], [(894, 486), (932, 486), (934, 584), (910, 584)])
    c.fill((BARK, UMBER), *legs)
    c.fill((CLAY, OAK), rect(210, 464, 780, 26, 10))
    for x, half in ((500, 90), (700, 60), (850, 80)):
        shade_under(c, x, 467, half, 5, 0.3)
    with c.at(500, 466, 1.3):
        teapot(c, (TEAL, DEEP))
    with c.at(700, 458, 0.92):
        saucer(c, (SAND, CLAY))
        cup(c, (CREAM, CLAY), OAK)
        with c.at(0, -80):
            steam(c, 96)
    with c.at(862, 466):
        closed_book(c, CORAL, 150)


def rain(c: Canvas, count: int, colour: str = CREAM) -> None:
    """Slanting strokes over the whole picture."""
    for _ in range(count):
        x, y, length = c.random.uniform(0, c.width + 80), c.random.uniform(-20, c.height), c.random.uniform(22, 54)
        c.line(colour, 1.7, [(x, y), (x - length * 0.32, y + length)], alpha=c.random.uniform(0.18, 0.45))


def hero_rain(c: Canvas) -> None:
    sky(c, SKY_RAIN)
    disc(c, 330, 150, 50, mixed(CREAM, MIST, 0.3), alpha=0.3)
    hill(c, mixed(LAGOON, MIST, 0.5), 250, 214, 240, 206, 232, 250, 238, bottom=330, haze=MIST)
    hill(c, mixed(LAGOON, TEAL, 0.35), 292, 280, 262, 284, 290, 276, 288, bottom=330, haze=MIST)
    water(c, (mixed(FOAM, MIST, 0.4), LAGOON, TEAL, DEEP), 312)
    mist(c, 420, 312, 520, 20, MIST, 0.6)
    c.fill(DEEP, ellipse(830, 450, 220, 34), alpha=0.35, blur=10)
    bank = curve(
        (842, 470),
        (880, 436),
        (960, 410),
        (1080, 396),
        (1240, 388),
        (1300, 560),
        (1200, 610),
        (1060, 540),
        (930, 508),
        (860, 494),
    )
    c.fill((mixed(MOSS, SAGE, 0.2), MOSS, PINE), bank)
    with c.at(960, 428, 1.8, flip=True):
        round_tree(c, (mixed(MOSS, SAGE, 0.35), PINE), UMBER, lean=56)
    with c.at(752, 440, 1.2):
        boat(c, (CORAL, mixed(CORAL, PLUM, 0.5)), SAND)
    c.fill(CORAL, ellipse(752, 461, 80, 7), alpha=0.18, blur=3)
    for x, y, radius in (
        (250, 420, 92),
        (480, 520, 120),
        (540, 372, 46),
        (110, 540, 70),
        (760, 548, 76),
        (370, 350, 30),
    ):
        ripple(c, x, y, radius)
    rain(c, 130)


def office(c: Canvas, x: float, y: float, width: float, columns: int, rows: int, paint: tuple[str, str]) -> None:
    """A tall block from its top down past the lower edge, some of its windows lit."""
    c.fill(paint, rect(x, y, width, c.height - y, 6))
    cell, floor = width / (columns + 0.4), 74
    for row in range(rows):
        for column in range(columns):
            warm = c.random.random() < 0.2
            pane = rect(x + cell * (column + 0.35), y + 34 + floor * row, cell * 0.68, 44, 4)
            c.fill((GOLD, PEACH) if warm else (MIST, HAZE), pane, alpha=0.85 if warm else 0.34)


def hero_meetings(c: Canvas) -> None:
    sky(c, ("#9cbfc9", "#c7d9d3", CREAM, PEACH))
    disc(c, 600, 196, 96, (GOLD, PEACH), alpha=0.4)
    hill(c, mixed(FOAM, LAGOON, 0.3), 452, 430, 440, 424, 436, 428, 446, haze=CREAM)
    water(c, (FOAM, mixed(LAGOON, FOAM, 0.4), LAGOON), 470)
    office(c, 130, 110, 190, 4, 7, (mixed(DUSK, HAZE, 0.5), DUSK))
    office(c, 880, 70, 180, 4, 8, (mixed(DUSK, HAZE, 0.5), DUSK))
    office(c, -60, 30, 260, 5, 8, (DUSK, INDIGO))
    office(c, 990, 150, 280, 5, 7, (DUSK, INDIGO))
    cloud(c, 690, 268, 200, ("#ffffff", CREAM), 0.95)
    c.fill(DEEP, ellipse(600, 540, 270, 26), alpha=0.3, blur=8)
    c.fill((mixed(CLAY, OAK, 0.4), BARK), [*arc(600, 512, 236, 0, 180, 44)])
    c.fill((LEAF, SAGE, MOSS), ellipse(600, 508, 240, 34))
    shade_under(c, 604, 512, 120, 8, 0.3)
    with c.at(596, 512, 1.1):
        bench(c, OAK, UMBER)
    with c.at(462, 508, 0.72):
        round_tree(c, (SAGE, MOSS), BARK)
    for x, turn, size in ((716, -14, 0.5), (732, 10, 0.62), (748, 30, 0.45)):
        with c.at(x, 514, size, turn=turn):
            sprig(c, (SAGE, MOSS), MOSS, 90, 4, 34)


def notebook(c: Canvas) -> None:
    """An open notebook of 560 by 380 around the origin, seen from above."""
    c.fill(INK, rect(-288, -184, 584, 392, 16), alpha=0.3, blur=10)
    c.fill((TEAL, DEEP), rect(-290, -200, 580, 396, 16))
    for side in (-1, 1):
        left = -276 if side < 0 else 0
        c.fill(CLAY, rect(left, -186, 276, 372, 8))
        c.fill((CREAM, mixed(CREAM, SAND, 0.6)), rect(left + (4 if side < 0 else 0), -188, 272, 368, 8))
        c.line(HAZE, 2, *([(left + 34, y), (left + 242, y)] for y in range(-124, 160, 36)), alpha=0.45)
        gutter = (CREAM, CLAY) if side < 0 else (CLAY, CREAM)
        c.fill(gutter, rect(-44 if side < 0 else 0, -188, 44, 368), alpha=0.5, sideways=True)
    c.line(CLAY, 2.5, [(0, -186), (0, 180)])
    c.fill((CORAL, mixed(CORAL, PLUM, 0.25)), [(34, -194), (52, -194), (52, 226), (43, 214), (34, 226)])


def pencil(c: Canvas) -> None:
    """A pencil of 330 in length around the origin, its point to the left."""
    c.fill(INK, rect(-140, 4, 300, 22, 4), alpha=0.3, blur=5)
    c.fill(SAND, [(-170, 0), (-118, -12), (-118, 12)])
    c.fill(INK, [(-170, 0), (-152, -4), (-152, 4)])
    c.fill((GOLD, APRICOT, CORAL), rect(-120, -12, 234, 24))
    c.line(CORAL, 1.5, [(-118, -4), (112, -4)], [(-118, 4), (112, 4)], alpha=0.5)
    c.fill(HAZE, rect(112, -12, 20, 24))
    c.fill(ROSE, rect(132, -12, 28, 24, 6))


def hero_gratitude(c: Canvas) -> None:
    sky(c, (mixed(OAK, CLAY, 0.45), mixed(OAK, BARK, 0.12)))
    for y in (-4, 146, 296, 446, 596):
        c.line(UMBER, 3, [(0, y), (1200, y)], alpha=0.28)
        c.line(CREAM, 2, [(0, y + 3), (1200, y + 3)], alpha=0.14)
    for x, y in ((340, 146), (900, 296), (210, 446), (1010, -4)):
        c.line(UMBER, 3, [(x, y), (x, y + 150)], alpha=0.28)
    c.glow(CREAM, 220, 60, 700, 0.35)
    with c.at(540, 306, 1.06, turn=-5):
        notebook(c)
    with c.at(982, 330, 1.0, turn=62):
        pencil(c)
    shadow_branch(c)


def shadow_branch(c: Canvas) -> None:
    """The shadow of a leafy branch that reaches in from the upper right."""
    shapes: list[list[Point]] = []
    stem = trail((1270, 50), (1090, 190), (860, 260), (620, 356), (430, 470))
    for i in range(4, len(stem) - 1, 5):
        (x, y), (ahead_x, ahead_y) = stem[i], stem[i + 1]
        heading = math.degrees(math.atan2(ahead_y - y, ahead_x - x))
        for side in (-1, 1):
            angle, length = heading + side * c.random.uniform(35, 55), c.random.uniform(110, 150) - i
            shapes.append(turned(leaf_outline(length, length * 0.36), x, y, angle))
    ribbon = [*stem, *((x + 7, y + 7) for x, y in reversed(stem))]
    c.fill(UMBER, ribbon, *shapes, alpha=0.3, blur=4)


def bent_tree(c: Canvas, paint: tuple[str, str], trunk: str) -> None:
    """A tree of about 200 in height that the wind bends to the right."""
    c.line(trunk, 9, trail((0, 0), (4, -50), (24, -100), (56, -136)))
    c.line(trunk, 5, trail((10, -72), (40, -96), (76, -104)))
    crown = [ellipse(64, -148, 62, 44), circle(40, -132, 34), circle(88, -122, 30)]
    for x, y, length, turn in ((70, -176, 130, 6), (90, -152, 130, 10), (84, -124, 116, 8), (50, -108, 110, 4)):
        crown.append(turned(leaf_outline(length, 40), x, y, turn))
    c.fill(paint, *crown)
    with c.inside(*crown):
        c.fill(CREAM, ellipse(56, -172, 56, 26), alpha=0.16, blur=3)


def hero_restless(c: Canvas) -> None:
    sky(c, (mixed(LAGOON, MIST, 0.35), mixed(FOAM, SAND, 0.4)))
    pane = rect(170, 40, 860, 360, 8)
    with c.inside(pane):
        c.fill(("#7f9fb0", "#b3c6c6", SAND, PEACH), pane)
        disc(c, 860, 150, 50, (CREAM, GOLD))
        c.fill((mixed(SAGE, MIST, 0.4), mixed(SAGE, CREAM, 0.4)), ridge(160, 1040, 410, 330, 304, 326, 300, 322))
        for x, y, size in ((270, 372, 1.15), (470, 360, 0.85), (690, 372, 1.3)):
            with c.at(x, y, size):
                bent_tree(c, (SAGE, MOSS), BARK)
        c.fill((MOSS, PINE), ridge(160, 1040, 410, 366, 352, 366, 356, 372))
        wind(c)
    casement(c, CREAM, (170, 40, 860, 360), 2)
    c.fill((mixed(CLAY, OAK, 0.35), OAK), rect(0, 456, 1200, 144))
    c.fill(CREAM, [(250, 456), (950, 456), (1080, 600), (120, 600)], alpha=0.25, fade=(1, 0.3))
    c.fill(CREAM, rect(0, 446, 1200, 12))
    sill(c, 140, 402, 920, 18, (CREAM, SAND))
    with c.at(600, 560, 1.25):
        cushion(c, (APRICOT, CORAL), mixed(CORAL, UMBER, 0.5))


def wind(c: Canvas) -> None:
    """Gusts and flying leaves."""
    for x, y, length in ((210, 120, 180), (420, 84, 240), (760, 250, 200), (560, 150, 120)):
        gust = trail((x, y), (x + length * 0.35, y - 12), (x + length * 0.7, y + 8), (x + length, y - 4))
        c.line(CREAM, 3.5, gust, alpha=0.6)
    for x, y, turn in ((560, 200, 20), (660, 110, -30), (930, 270, 35), (980, 210, -10), (430, 160, 50)):
        with c.at(x, y, turn=turn):
            leaf(c, 24, CORAL)


def hero_coffee(c: Canvas) -> None:
    sky(c, (PEACH, SAND, mixed(SAND, APRICOT, 0.4)))
    c.glow(GOLD, 600, 490, 480, 0.7)
    c.fill((CORAL, APRICOT, GOLD), arc(600, 490, 214, 180, 360))
    for i in range(1, 12):
        angle = math.radians(180 + 15 * i)
        inner, outer = 240, 262 if i % 3 else 278
        c.line(CORAL, 5, [(600 + r * math.cos(angle), 490 + r * math.sin(angle)) for r in (inner, outer)])
    night = [
        *trail((588, 424), (556, 370), (618, 318), (560, 262), (420, 206), (220, 190), (-20, 116)),
        *((-20, -20), (1220, -20)),
        *trail((1220, 140), (1010, 216), (830, 214), (700, 262), (680, 318), (624, 368), (612, 424)),
    ]
    c.fill((INK, NIGHT, INDIGO, DUSK, HAZE, PEACH), night)
    with c.inside(night):
        stars(c, 64, 10, 6, 1190, 230)
        moon(c, 860, 96, 42, 0.36)
    sill(c, -20, 490, 1240, 26, (CREAM, SAND))
    c.fill((mixed(CLAY, ROSE, 0.3), CLAY), rect(0, 516, 1200, 90))
    c.fill(INK, rect(0, 516, 1200, 26), alpha=0.2, fade=(1, 0))
    shade_under(c, 606, 494, 120, 8, 0.3)
    with c.at(600, 488, 1.15):
        saucer(c, (LAGOON, TEAL))
        cup(c, (FOAM, LAGOON), UMBER)


def hero_nap(c: Canvas) -> None:
    sky(c, ("#a9c9c6", "#dfe3c8", GOLD, PEACH))
    disc(c, 150, 190, 62, (CREAM, GOLD), alpha=0.6)
    hill(c, mixed(SAGE, GOLD, 0.35), 330, 300, 322, 340, 312, 330, haze=GOLD)
    hill(c, mixed(SAGE, GOLD, 0.15), 372, 366, 350, 362, 348, 366, haze=GOLD)
    c.fill((mixed(LEAF, GOLD, 0.35), mixed(LEAF, SAGE, 0.4)), ridge(-20, 1220, 620, 420, 408, 414, 404, 412))
    for x in (400, 850):
        c.fill(PINE, [(x - 10, 478), (x + 10, 478), (x + 240, 548), (x + 206, 552)], alpha=0.22)
        c.fill(PINE, ellipse(x + 320, 566, 150, 24), alpha=0.22)
    c.fill(PINE, ellipse(690, 524, 120, 13), alpha=0.18, blur=3)
    for x, size in ((400, 1.86), (850, 1.96)):
        with c.at(x, 482, size):
            round_tree(c, (mixed(SAGE, GOLD, 0.2), MOSS), BARK)
    hammock(c)
    for x, y, size in ((90, 520, 0.6), (118, 528, 0.45), (1120, 560, 0.6), (560, 572, 0.4)):
        with c.at(x, y, size):
            for turn in (-24, 0, 22):
                with c.at(0, 0, turn=turn):
                    sprig(c, (SAGE, MOSS), MOSS, 70, 3, 30)


def hammock(c: Canvas) -> None:
    """The hammock between the trunks, with a pillow."""
    upper = trail((470, 368), (540, 414), (626, 430), (712, 414), (784, 366))
    lower = trail((784, 366), (724, 446), (626, 476), (530, 446), (470, 368))
    c.line(
        UMBER,
        3,
        [(404, 322), (470, 368)],
        [(404, 322), (500, 392)],
        [(850, 318), (784, 366)],
        [(850, 318), (752, 394)],
    )
    c.fill((CREAM, SAND), curve((498, 396), (522, 374), (570, 396), (590, 424), (548, 428)))
    c.fill((APRICOT, CORAL), [*upper, *lower])
    with c.inside([*upper, *lower]):
        for x in range(500, 780, 46):
            c.line(CREAM, 9, [(x, 360), (x + (626 - x) * 0.2, 490)], alpha=0.45)
    c.line(mixed(CORAL, UMBER, 0.4), 4, upper)


def lantern(c: Canvas) -> None:
    """A small lantern of 120 in height that stands on the origin, alight."""
    c.glow(GOLD, 0, -56, 190, 0.6)
    c.fill(BARK, rect(-30, -10, 60, 10, 3))
    body = [(-24, -10), (-30, -66), (-18, -88), (18, -88), (30, -66), (24, -10)]
    c.fill((GOLD, APRICOT), body)
    c.fill(CREAM, curve((0, -62), (8, -40), (0, -26), (-8, -40)))
    c.line(BARK, 4, closed(body), [(-30, -66), (30, -66)], [(-9, -12), (-11, -66)], [(9, -12), (11, -66)])
    c.fill(BARK, [(-22, -86), (0, -112), (22, -86)])
    c.line(BARK, 3.5, circle(0, -118, 7))


def flat_roof(c: Canvas, x: float, y: float, width: float, paint: str, windows: Sequence[Point] = ()) -> None:
    """A house with a flat roof and a low wall around it, down to the sill."""
    c.fill((paint, mixed(paint, INK, 0.3)), rect(x, y, width, 520 - y), rect(x - 4, y - 9, width + 8, 9))
    for wx, wy in windows:
        c.fill((GOLD, APRICOT), arch(x + wx, y + wy, 18, 30))


def hero_masaa(c: Canvas) -> None:
    wall = mixed(TEAL, INK, 0.35)
    sky(c, (mixed(wall, INK, 0.35), wall))
    view = arch(330, 26, 540, 464)
    with c.inside(view):
        c.fill((NIGHT, INDIGO, mixed(PLUM, DUSK, 0.4), mixed(ROSE, CORAL, 0.3), APRICOT), view)
        stars(c, 30, 350, 40, 850, 230)
        moon(c, 690, 160, 48, 0.36, turn=-30)
        far, near = mixed(PLUM, ROSE, 0.3), mixed(PLUM, INK, 0.35)
        for x, y, width in ((330, 372, 90), (440, 346, 110), (570, 384, 80), (640, 356, 130), (790, 376, 100)):
            flat_roof(c, x, y, width, far)
        for x, height, lean in ((478, 210, 18), (520, 150, -10), (812, 190, -16)):
            with c.at(x, 470):
                palm(c, mixed(PINE, INK, 0.45), height, lean)
        flat_roof(c, 320, 424, 130, near, ((64, 24), (94, 24)))
        flat_roof(c, 548, 412, 150, near, ((30, 26), (104, 26)))
        flat_roof(c, 716, 436, 170, near, ((40, 18),))
    c.line(mixed(CLAY, OAK, 0.3), 16, [*view, view[0]])
    c.line(mixed(LAGOON, CLAY, 0.4), 4, [(316, 486), *arc(600, 296, 284, 180, 360), (884, 486)])
    sill(c, 250, 486, 700, 26, (CLAY, OAK))
    for i in range(11):
        x = 290 + 62 * i
        c.fill(mixed(LAGOON, wall, 0.45), [(x, 534), (x + 24, 556), (x, 578), (x - 24, 556)])
        c.fill(CLAY, circle(x, 556, 6), alpha=0.8)
    with c.at(790, 488, 1.15):
        shade_under(c, 0, 0, 40, 5, 0.4)
        lantern(c)
    with c.at(416, 488, 0.8):
        cup(c, (FOAM, LAGOON), UMBER)
        with c.at(0, -80):
            steam(c, 84)


def orange_tree(c: Canvas) -> None:
    """A round tree of about 200 in height that stands on the origin, with oranges."""
    round_tree(c, (mixed(SAGE, MOSS, 0.5), PINE), BARK)
    for x, y in ((-52, -128), (-22, -104), (14, -146), (44, -112), (-16, -178), (24, -196), (62, -134), (-40, -160)):
        c.fill((APRICOT, CORAL), circle(x, y, 7))
        c.fill(CREAM, circle(x - 2, y - 2, 2), alpha=0.6)


def couch(c: Canvas) -> None:
    """A low couch of 340 in width that stands on the origin, with three pillows."""
    shade_under(c, 0, 0, 190, 12, 0.4)
    c.fill((OAK, BARK), rect(-170, -34, 340, 26, 6), rect(-156, -14, 20, 16), rect(136, -14, 20, 16))
    c.fill((mixed(FOAM, CREAM, 0.3), LAGOON), rect(-164, -66, 328, 38, 14))
    for x, paint, lean in ((-124, CORAL, -8), (-62, GOLD, 6), (118, TEAL, 10)):
        with c.at(x, -64, turn=lean):
            c.fill((mixed(paint, CREAM, 0.2), paint), rect(-32, -56, 64, 56, 14))


def fountain(c: Canvas) -> None:
    """A small round fountain of 260 in width that stands on the origin."""
    shade_under(c, 0, 2, 150, 16, 0.3)
    basin = [*arc(0, -44, 130, 180, 0, 22), *arc(0, -8, 116, 0, 180, 24)]
    c.fill((mixed(CREAM, LAGOON, 0.2), mixed(CLAY, LAGOON, 0.3)), basin)
    c.fill(CREAM, ellipse(0, -46, 132, 24))
    c.fill((LAGOON, TEAL), ellipse(0, -44, 114, 17))
    ripple(c, 0, -42, 78)
    c.fill((CREAM, CLAY), [(-10, -44), (-7, -112), (7, -112), (10, -44)], arc(0, -124, 46, 0, 180, 24))
    c.fill((FOAM, LAGOON), ellipse(0, -124, 46, 8))
    for side in (-1, 1):
        c.line(CREAM, 4, trail((0, -124), (side * 8, -164), (side * 24, -160), (side * 34, -126)), alpha=0.85)
        c.line(CREAM, 3, trail((side * 45, -122), (side * 60, -96), (side * 66, -48)), alpha=0.6)


def hero_qailula(c: Canvas) -> None:
    sky(c, ("#8fb9c4", "#c3d9d5"))
    disc(c, 812, 62, 40, (CREAM, GOLD), alpha=0.6)
    c.fill((CREAM, mixed(SAND, PEACH, 0.4)), rect(0, 118, 1200, 310))
    c.fill(CLAY, rect(0, 110, 1200, 16, 3))
    c.fill(mixed(CLAY, OAK, 0.4), arch(982, 196, 134, 240))
    c.fill((TEAL, DEEP), arch(996, 210, 106, 226))
    c.line(DEEP, 3, [(1049, 212), (1049, 430)], alpha=0.7)
    c.fill((mixed(SAND, CLAY, 0.5), CLAY), rect(0, 420, 1200, 180))
    for x in range(-600, 1900, 150):
        c.line(OAK, 2, [(600 + (x - 600) * 0.62, 422), (x, 600)], alpha=0.35)
    c.line(OAK, 2, *([(0, y), (1200, y)] for y in (422, 460, 516)), alpha=0.35)
    shade = [(-10, -10), (520, -10), (640, 420), (830, 610), (-10, 610)]
    with c.inside(rect(0, 110, 1200, 490)):
        c.fill((mixed(PLUM, DUSK, 0.5), PLUM), shade, alpha=0.46)
    with c.at(330, 488, 1.86):
        orange_tree(c)
    with c.at(470, 532, 1.05):
        couch(c)
    with c.at(880, 532, 0.9):
        fountain(c)


def hero_bedroom(c: Canvas) -> None:
    sky(c, (mixed(DUSK, INDIGO, 0.55), mixed(DUSK, HAZE, 0.3)))
    pane = rect(400, 36, 440, 320, 6)
    with c.inside(pane):
        c.fill((NIGHT, INDIGO, DUSK, HAZE), pane)
        stars(c, 30, 410, 40, 830, 220)
        disc(c, 540, 126, 36, CREAM, alpha=0.25)
        c.fill((MIST, HAZE), ridge(390, 850, 360, 268, 216, 250, 198, 236, 262))
        c.fill((CREAM, MIST), ridge(390, 850, 360, 292, 280, 254, 286, 264, 290))
        for x, size in ((660, 44), (684, 60), (706, 40), (450, 46)):
            with c.at(x, 298):
                pine(c, (DUSK, INDIGO), size)
        c.fill((CREAM, FOAM), ridge(390, 850, 360, 304, 300, 308, 296, 306))
    c.line(MIST, 13, closed(pane))
    shutter = [(840, 36), (944, 52), (944, 398), (840, 356)]
    c.fill(HAZE, shutter, alpha=0.3)
    c.line(MIST, 12, closed(shutter), [(840, 190), (944, 216)])
    sill(c, 374, 356, 492, 18, (CREAM, MIST))
    curtain(
        c,
        (MIST, CREAM, MIST),
        (268, 420),
        (316, 436),
        (360, 412),
        (410, 430),
        (452, 398),
        (496, 402),
        top=((384, 16), (520, 16)),
        folds=4,
        alpha=0.9,
    )
    c.line(INDIGO, 7, [(340, 16), (900, 16)])
    bed(c)


def bed(c: Canvas) -> None:
    """A bed beneath the window, its head to the left."""
    c.fill(INK, rect(200, 566, 860, 40), alpha=0.3, blur=10)
    c.fill((INDIGO, NIGHT), rect(206, 392, 34, 190, 14), rect(1010, 470, 28, 112, 12))
    c.fill((NIGHT, INK), rect(224, 540, 800, 34, 8))
    c.fill((CREAM, MIST), rect(232, 482, 790, 66, 22))
    c.fill((CREAM, MIST), curve((252, 486), (262, 444), (330, 432), (410, 444), (424, 478), (396, 494), (290, 498)))
    edge = trail((414, 500), (440, 466), (560, 452), (720, 462), (880, 450), (1016, 470), (1040, 520), (1036, 566))
    quilt = [*edge, (414, 566)]
    c.fill((LAGOON, TEAL, mixed(TEAL, NIGHT, 0.4)), quilt)
    with c.inside(quilt):
        for x in (520, 640, 760, 880):
            c.line(DEEP, 12, trail((x, 440), (x + 20, 510), (x + 6, 580)), alpha=0.22, blur=6)
        c.fill((FOAM, MIST), curve((400, 520), (430, 462), (500, 448), (512, 470), (470, 510), (462, 580), (400, 580)))


# --- Pictures within the text, and the app ------------------------------------------------------------------------


def figure_box_breathing(c: Canvas) -> None:
    sky(c, (mixed(FOAM, SAGE, 0.3), mixed(FOAM, CREAM, 0.35)))
    hill(c, mixed(SAGE, FOAM, 0.35), 470, 440, 462, 446, 470, 440, haze=FOAM)
    hill(c, mixed(SAGE, MOSS, 0.3), 514, 526, 500, 520, 504, 522, haze=SAGE)
    left, top, side = 350, 94, 340
    c.fill(CREAM, rect(left - 34, top - 34, side + 68, side + 68, 60), alpha=0.75)
    for radius, alpha in ((118, 0.25), (86, 0.4), (54, 0.9)):
        c.fill((GOLD, APRICOT), circle(left + side / 2, top + side / 2, radius), alpha=alpha)
    right, bottom, turn = left + side, top + side, 44.0
    sides = (
        (TEAL, [(left + turn, top), (right - turn, top)], arc(right - turn, top + turn, turn, -90, 0)),
        (CORAL, [(right, top + turn), (right, bottom - turn)], arc(right - turn, bottom - turn, turn, 0, 90)),
        (DUSK, [(right - turn, bottom), (left + turn, bottom)], arc(left + turn, bottom - turn, turn, 90, 180)),
        ("#d9a54a", [(left, bottom - turn), (left, top + turn)], arc(left + turn, top + turn, turn, 180, 270)),
    )
    for colour, straight, corner in sides:
        c.line(mixed(colour, CREAM, 0.45), 18, corner)
        c.line(colour, 18, straight)
        (ax, ay), (bx, by) = straight
        for i in range(4):
            share = (i + 0.5) / 4
            c.fill(CREAM, circle(ax + (bx - ax) * share, ay + (by - ay) * share, 4.5), alpha=0.9)
    for x, size, alpha in ((462, 12, 0.25), (500, 16, 0.4), (542, 20, 0.55)):
        c.fill(CREAM, circle(x, top, size), alpha=alpha)
    c.fill(INK, circle(590, top + 5, 27), alpha=0.22, blur=5)
    c.fill((CREAM, GOLD), circle(590, top, 27))
    c.line(TEAL, 5, circle(590, top, 27))


def figure_light_curve(c: Canvas) -> None:
    sky(c, (NIGHT, INDIGO, DUSK, mixed(HAZE, ROSE, 0.35)))
    stars(c, 46, 10, 12, 1030, 330)
    hours = (
        (-20, 470),
        (90, 464),
        (160, 432),
        (214, 310),
        (262, 190),
        (330, 146),
        (460, 128),
        (590, 136),
        (700, 184),
        (800, 278),
        (900, 392),
        (980, 450),
        (1060, 468),
    )
    light = trail(*hours)
    day = [*light, (1060, 490), (-20, 490)]
    c.line(GOLD, 40, light, alpha=0.16, blur=14)
    c.fill((CREAM, "#fdeccb", PEACH), day)
    with c.inside(day):
        c.fill((GOLD, APRICOT, CORAL), rect(160, 190, 102, 290))
    c.line(CORAL, 7, light)
    c.fill((TEAL, DEEP), rect(0, 478, 1040, 90))
    c.line(FOAM, 3, *([(x, 502), (x, 510 if i % 3 else 522)] for i, x in enumerate(range(56, 1040, 58))), alpha=0.55)
    for x, y, size in ((160, 432, 17), (262, 190, 23), (460, 128, 30), (700, 184, 25), (900, 392, 18)):
        c.fill(GOLD, circle(x, y, size * 1.7), alpha=0.3)
        c.fill((CREAM, GOLD), circle(x, y, size))
        c.line(CORAL, 4, circle(x, y, size))


def lying(c: Canvas, who: Looks) -> None:
    """Somebody who lies on the back, about 760 long, on the origin, the head to the left; one flat shape a colour."""
    c.fill(mixed(CREAM, ROSE, 0.2), curve((-386, -12), (-376, -52), (-300, -60), (-236, -46), (-230, -4), (-300, 2)))
    with c.at(-302, -84, 1.0):
        sleeping_head(c, who)
    body = curve(
        (-226, -34),
        (-206, -92),
        (-160, -118),
        (-90, -116),
        (-10, -92),
        (60, -88),
        (140, -84),
        (230, -70),
        (310, -58),
        (340, -58),
        (352, -104),
        (366, -108),
        (378, -60),
        (374, -14),
        (340, -4),
        (200, -2),
        (0, 0),
        (-180, 0),
        (-222, -8),
    )
    c.fill((who.top, mixed(who.top, DEEP, 0.35)), body)
    with c.inside(body):
        c.fill(who.legs, [(46, -140), (400, -140), (400, 20), (30, 20)], alpha=0.4)
    c.line(mixed(who.top, TEAL, 0.4), 25, trail((-170, -70), (-110, -34), (-40, -24), (16, -24)))
    c.fill(who.skin, ellipse(38, -23, 20, 9))


def figure_body_scan(c: Canvas) -> None:
    sky(c, (INK, NIGHT, INDIGO, DUSK))
    stars(c, 44, 20, 16, 1020, 190)
    spots = (
        (906, 346, 42),
        (790, 372, 48),
        (674, 364, 54),
        (556, 348, 60),
        (446, 334, 66),
        (338, 330, 56),
        (226, 326, 62),
    )
    for x, y, size in spots:
        c.glow(GOLD, x, y, size * 2.2, 0.45)
        c.fill(GOLD, circle(x, y, size * 1.35), alpha=0.1)
        c.fill(GOLD, circle(x, y, size), alpha=0.14)
    c.fill((mixed(LAGOON, DUSK, 0.4), mixed(TEAL, NIGHT, 0.4)), rect(60, 420, 920, 46, 22))
    c.fill((mixed(TEAL, NIGHT, 0.5), NIGHT), ridge(-20, 1060, 580, 474, 462, 470, 460, 472))
    with c.at(530, 424, 1.05):
        lying(c, Looks("#c68863", "#2c2130", FOAM, LAGOON))
    for x, y, size in spots:
        for radius, alpha in ((size * 0.62, 0.16), (size * 0.36, 0.3)):
            c.fill(GOLD, circle(x, y, radius), alpha=alpha)
        c.fill(CREAM, circle(x, y, 7))


def app(c: Canvas) -> None:
    sky(c, ("#8db3b8", FOAM, SAND, PEACH))
    disc(c, 600, 330, 240, (mixed(CREAM, GOLD, 0.25), mixed(PEACH, GOLD, 0.3)), alpha=0.25)
    cloud(c, 240, 190, 170, CREAM, 0.7)
    cloud(c, 990, 260, 130, CREAM, 0.6)
    birds(c, (884, 150, 15), (920, 132, 11), colour=TEAL)
    hill(c, mixed(LAGOON, FOAM, 0.35), 560, 500, 548, 520, 560, 486, 530)
    hill(c, mixed(LAGOON, SAGE, 0.4), 640, 600, 612, 640, 606, 620, 584)
    for x, y, size in ((150, 606, 90), (186, 606, 120), (222, 610, 84), (1010, 612, 110), (1046, 606, 80)):
        with c.at(x, y):
            pine(c, (TEAL, DEEP), size)
    c.fill(INK, ellipse(612, 736, 170, 18), alpha=0.35, blur=8)
    with c.at(600, 400):
        phone(c)
    hill(c, MOSS, 720, 734, 716, 740, 724, 734, 712, haze=PINE, share=0.6)
    for x, y, flip in ((356, 790, False), (838, 790, True)):
        for turn, length in ((-36, 150), (-12, 210), (14, 170)):
            with c.at(x, y, flip=flip), c.at(0, 0, turn=turn):
                sprig(c, (SAGE, PINE), PINE, length, 6, 66)


def phone(c: Canvas) -> None:
    """A phone of 320 by 650 around the origin, on its screen a night of hills and a play mark."""
    c.fill(INK, rect(-146, -312, 320, 650, 48), alpha=0.2, blur=14)
    c.fill((INDIGO, INK), rect(-160, -325, 320, 650, 48))
    screen = rect(-146, -311, 292, 622, 36)
    with c.inside(screen):
        c.fill((NIGHT, INDIGO, DUSK, ROSE, PEACH), screen)
        stars(c, 26, -140, -300, 140, -80)
        disc(c, 0, -128, 54, (CREAM, GOLD), alpha=0.3)
        for paint, *heights in (
            (mixed(DUSK, ROSE, 0.4), 16, -14, 10, -22, 4),
            (DUSK, 62, 40, 60, 34, 50),
            (INDIGO, 110, 92, 70, 96, 84),
        ):
            c.fill((paint, mixed(paint, INK, 0.25)), ridge(-150, 150, 320, *heights))
        c.fill((NIGHT, INK), ridge(-150, 150, 320, 136, 124, 138, 122, 132))
        c.fill(CREAM, circle(0, 196, 48), alpha=0.25)
        c.fill(CREAM, circle(0, 196, 38))
        c.fill(INDIGO, [(-11, 177), (20, 196), (-11, 215)])
        c.line(DUSK, 5, [(-104, 272), (104, 272)])
        c.line(GOLD, 5, [(-104, 272), (-22, 272)])
        c.fill(CREAM, circle(-22, 272, 9))
    c.fill(INK, rect(-36, -298, 72, 16, 8))


# --- What is drawn -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Picture:
    """One file: its size in pixels, who draws it, how much grain it gets, and how it is stored."""

    width: int
    height: int
    draw: Callable[[Canvas], None]
    grain: float = 0.0
    colours: int = 0  # of a PNG's palette; 0 keeps every colour and the transparent ground
    budget: int = 0  # the most bytes of a JPEG


def track(draw: Callable[[Canvas], None]) -> Picture:
    return Picture(352, 352, draw, grain=1.5, colours=255)


def hero(draw: Callable[[Canvas], None]) -> Picture:
    return Picture(1200, 600, draw, grain=2.5, budget=66_000)


def figure(draw: Callable[[Canvas], None]) -> Picture:
    return Picture(1040, 560, draw, colours=255)


def portrait(draw: Callable[[Canvas], None]) -> Picture:
    return Picture(160, 160, draw, grain=2, budget=14_000)


def icon(draw: Callable[[Canvas], None]) -> Picture:
    return Picture(48, 48, draw)


PICTURES: dict[str, Picture] = {
    "hero-klonopin-dosage-for-sleep.jpg": hero(hero_klonopin),
    "hero-exploring-age-regression.jpg": hero(hero_age_regression),
    "hero-box-breathing.jpg": hero(hero_box_breathing),
    "hero-morning-light.jpg": hero(hero_morning_light),
    "hero-body-scan-before-bed.jpg": hero(hero_body_scan),
    "hero-awake-at-three.jpg": hero(hero_awake),
    "hero-a-slower-evening.jpg": hero(hero_evening),
    "hero-the-sound-of-rain.jpg": hero(hero_rain),
    "hero-between-two-meetings.jpg": hero(hero_meetings),
    "hero-gratitude-on-paper.jpg": hero(hero_gratitude),
    "hero-restless-sitting.jpg": hero(hero_restless),
    "hero-the-last-coffee.jpg": hero(hero_coffee),
    "hero-the-twenty-minute-nap.jpg": hero(hero_nap),
    "hero-masaa-hadi.jpg": hero(hero_masaa),
    "hero-qailula.jpg": hero(hero_qailula),
    "hero-the-cool-bedroom.jpg": hero(hero_bedroom),
    "app.jpg": Picture(1200, 800, app, grain=2.5, budget=90_000),
    "figure-box-breathing.png": figure(figure_box_breathing),
    "figure-light-curve.png": figure(figure_light_curve),
    "figure-body-scan.png": figure(figure_body_scan),
    "logo.png": Picture(96, 96, logo),
    "icon-instagram.png": icon(icon_instagram),
    "icon-facebook.png": icon(icon_facebook),
    "icon-x.png": icon(icon_x),
    "icon-youtube.png": icon(icon_youtube),
    "icon-podcast.png": icon(icon_podcast),
    "store-apple.png": icon(store_apple),
    "store-google.png": icon(store_google),
    "portrait-maya.jpg": portrait(maya),
    "portrait-jonas.jpg": portrait(jonas),
    "portrait-amara.jpg": portrait(amara),
    "portrait-layla.jpg": portrait(layla),
    "track-meditation.png": track(track_meditation),
    "track-story.png": track(track_story),
    "track-hypnosis.png": track(track_hypnosis),
    "track-coaching.png": track(track_coaching),
    "track-therapy.png": track(track_therapy),
    "track-prayer.png": track(track_prayer),
    "track-asmr.png": track(track_asmr),
    "track-health-coaching.png": track(track_health_coaching),
    "track-breathwork.png": track(track_breathwork),
    "track-work-wellness.png": track(track_work_wellness),
    "track-music.png": track(track_music),
    "track-nature-sounds.png": track(track_nature_sounds),
    "track-rain.png": track(track_rain),
    "track-shore.png": track(track_shore),
}


def stored(name: str, picture: Picture, seed: int) -> bytes:
    """The bytes of one picture's file."""
    canvas = Canvas(picture.width, picture.height, zlib.crc32(name.encode()) + seed)
    picture.draw(canvas)
    image = canvas.finished(picture.grain)
    return as_jpeg(image.convert("RGB"), picture.budget) if picture.budget else as_png(image, picture.colours)


def as_jpeg(image: Image.Image, budget: int) -> bytes:
    """The best JPEG that stays within the budget, at quality 92 at most."""
    for quality in range(92, 40, -2):
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
        if buffer.tell() <= budget:
            break
    return buffer.getvalue()


def as_png(image: Image.Image, colours: int) -> bytes:
    """A PNG, with a palette of so many colours if there are to be any."""
    if colours:
        rgb = image.convert("RGB")
        palette = rgb.quantize(colours, Image.Quantize.MAXCOVERAGE, kmeans=1)  # small areas keep their own hue
        image = rgb.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description="Draws the newsletter's pictures.")
    parser.add_argument("names", nargs="*", metavar="name", help="pictures, without their ending (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="changes the stars and the grain")
    parser.add_argument("--into", type=Path, default=Path(__file__).parent, help="the folder to write to")
    options = parser.parse_args()
    known = {Path(name).stem: name for name in PICTURES}
    if unknown := set(options.names) - set(known):
        parser.error(f"no such picture: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    for name in (known[stem] for stem in options.names or known):
        (options.into / name).write_bytes(stored(name, PICTURES[name], options.seed))


if __name__ == "__main__":
    main()
