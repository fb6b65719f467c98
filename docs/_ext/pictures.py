"""``{picture}``: the drawings of the documentation, made from the package's own figures and set into the page as SVG.

Each function below draws one picture, with the words of the site's language (``words.toml``). Colours are classes, so
that pictures follow the light and the dark theme.
"""

from collections.abc import Callable
from html import escape
from typing import Any

import pandas as pd
from bilingual import Words, site_language
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import junheng as jh

WIDTH = 480


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "middle") -> str:
    """Write words at a place."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def box(x: float, y: float, w: float, h: float, kind: str, radius: float = 4) -> str:
    """Draw a box."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="{radius}" class="{kind}"/>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str = "line", more: str = "") -> str:
    """Draw a line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}" {more}/>'


def arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    """Draw an arrow, straight down or up, or slanting."""
    return line(x1, y1, x2, y2, "line", 'marker-end="url(#tip)"')


def svg(height: float, title: str, *parts: str) -> str:
    """Put the parts together."""
    tip = (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 8 4 0 8z" class="tip"/></marker></defs>'
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>{tip}{"".join(parts)}</svg>'
    )


def job(w: Words) -> str:
    """What goes in and what comes out."""
    parts = [
        box(20, 10, 200, 52, "a"),
        text(120, 32, w("job.schools"), "strong"),
        text(120, 51, w("job.schools_as"), "small"),
        box(236, 10, 234, 52, "b"),
        text(353, 32, w("job.standard"), "strong"),
        text(353, 51, w("job.standard_has"), "small"),
        arrow(120, 62, 180, 95),
        arrow(353, 62, 300, 95),
        box(90, 98, 300, 52, "c"),
        text(240, 120, w("job.evaluate"), "strong"),
        text(240, 139, w("job.steps"), "small"),
        arrow(150, 150, 85, 184),
        arrow(240, 150, 240, 184),
        arrow(330, 150, 395, 184),
    ]
    for x, name in ((10, "school"), (168, "county"), (326, "part")):
        parts += [
            box(x, 187, 144, 50, "d"),
            text(x + 72, 208, w(f"job.{name}"), "strong"),
            text(x + 72, 227, w(f"job.{name}_has"), "small"),
        ]
    return svg(245, w("job.title"), *parts)


def coefficient(w: Words) -> str:
    """Five schools: as wide as their enrolment, as high as their books per student."""
    students, books = [45, 37, 89, 76, 55], [279, 137, 935, 160, 402]
    each = jh.per_student(books, students)
    mean = jh.weighted_mean(each, weights=students)
    value = jh.difference_coefficient(each, weights=students)
    left, right, top, bottom = 44, 470, 56, 226
    wide = (right - left) / sum(students)
    high = (bottom - top) / 11.0
    parts = []
    for tick in (0, 5, 10):
        y = bottom - tick * high
        parts += [line(left, y, right, y, "grid"), text(left - 7, y + 4, str(tick), "small", "end")]
    x = float(left)
    for i, (p, v) in enumerate(zip(students, each.tolist(), strict=True), 1):
        parts += [
            box(x + 1, bottom - v * high, p * wide - 2, v * high, "a", 0),
            text(x + p * wide / 2, bottom - v * high - 6, f"{v:.2f}", "strong"),
            text(x + p * wide / 2, bottom + 17, w("coefficient.school", n=i), "small"),
            text(x + p * wide / 2, bottom + 33, str(p), "small"),
        ]
        x += p * wide
    y = bottom - mean * high
    said = w("coefficient.mean", books=sum(books), students=sum(students), mean=f"{mean:.2f}")
    parts += [
        line(left, y, right, y, "mean"),
        line(right - 196, 37, right - 172, 37, "mean"),
        text(right, 41, said, "mark", "end"),
        text(left, 18, w("coefficient.books"), "small", "start"),
        text(right, bottom + 50, w("coefficient.width", students=sum(students)), "small", "end"),
        text(right, 18, w("coefficient.value", value=f"{value:.4f}"), "strong", "end"),
    ]
    return svg(286, w("coefficient.title"), *parts)


def split(w: Words) -> str:
    """A nine-year school's books divided by weighted enrolment."""
    primary, junior, books = 166, 210, 23226
    weighted = f"{junior * 1.1:.0f}"
    school = {"county": ["A"], "school": ["九年一贯制学校"], "kind": ["nine_year"], "books": [books]}
    school |= {"students_primary": [primary], "students_junior": [junior]}
    done = jh.split_stages(pd.DataFrame(school), "cn-basic-balance-2012")
    own = done["books"].tolist()
    left, width = 20, 440
    cut = width * own[0] / books
    parts = [
        box(left, 8, width, 34, "c"),
        text(240, 30, w("split.school", books=f"{books:,}".replace(",", " ")), "strong"),
    ]
    stages = (
        ("primary", "a", primary, f"{primary} × 1 = {primary}", own[0], left, cut),
        ("junior", "b", junior, f"{junior} × 1.1 = {weighted}", own[1], left + cut, width - cut),
    )
    for stage, kind, students, product, share, x, wide in stages:
        middle, gap = x + wide / 2, 2 if stage == "junior" else 0
        parts += [
            text(middle, 68, w(f"split.{stage}", product=product), "small"),
            arrow(middle, 76, middle, 98),
            box(x + gap, 100, wide - 2, 44, kind),
            text(middle, 119, w("split.books", n=f"{share:.2f}"), "strong"),
            text(middle, 136, f"{share / books:.1%}", "small"),
            text(middle, 170, w("split.students", n=students), "small"),
            text(middle, 194, w("split.each", n=f"{share / students:.2f}"), "mark"),
        ]
    parts += [
        text(240, 228, w("split.only_books"), "small"),
        text(240, 246, w("split.as_they_are", primary=primary, junior=junior, weighted=weighted), "small"),
    ]
    return svg(262, w("split.title", primary=primary, junior=junior), *parts)


def bracket(w: Words) -> str:
    """A norm by size of school: met, unmet, and what lies between two sizes."""
    t = jh.load_standard("cn-sd-school-conditions-2008").threshold("land_area_per_student", stage="primary")
    sizes, values = list(t.classes), [float(v) for v in t.values]  # noqa: PD011
    left, right, top, bottom, low, high = 44, 470, 34, 226, 18.0, 28.0

    def x(c: float) -> float:
        return left + (c - 10) / (40 - 10) * (right - left)

    def y(v: float) -> float:
        return bottom - (v - low) / (high - low) * (bottom - top)

    parts = []
    for c1, c2, a, b in zip(sizes, sizes[1:], values, values[1:], strict=False):
        strict, lax = max(a, b), min(a, b)
        parts += [
            box(x(c1), top, x(c2) - x(c1), y(strict) - top, "met", 0),
            box(x(c1), y(strict), x(c2) - x(c1), y(lax) - y(strict), "open", 0),
            box(x(c1), y(lax), x(c2) - x(c1), bottom - y(lax), "unmet", 0),
        ]
    points = " ".join(f"{x(c):.1f},{y(v):.1f}" for c, v in zip(sizes, values, strict=True))
    parts.append(f'<polyline points="{points}" class="dashed"/>')
    for c, v in zip(sizes, values, strict=True):
        parts += [
            f'<circle cx="{x(c):.1f}" cy="{y(v):.1f}" r="4" class="dot"/>',
            text(x(c) + 6, y(v) - 7, f"{v:g}", "strong", "start"),
            text(x(c), bottom + 17, str(c), "small"),
        ]
    for v in (20, 25):
        parts.append(text(left - 7, y(v) + 4, str(v), "small", "end"))
    parts += [
        text(left, 18, w("bracket.land"), "small", "start"),
        text(right, bottom + 34, w("bracket.classes"), "small", "end"),
        text(x(32), top + 30, w.label("verdict", "met"), "strong"),
        text(x(32), bottom - 14, w.label("verdict", "unmet"), "strong"),
        box(left, bottom + 24, 14, 12, "open", 0),
        text(left + 20, bottom + 34, w.label("verdict", "undetermined"), "small", "start"),
    ]
    return svg(268, w("bracket.title"), *parts)


def house(w: Words) -> str:
    """Which module may import which: a floor imports from the floors below it."""
    floors = [
        ("cli", "cli", "d"),
        ("reports", "reports", "d"),
        ("planning · engines · monitoring · changes", "planning", "c"),
        ("evaluation", "evaluation", "c"),
        ("results", "results", "c"),
        ("judging", "judging", "c"),
        ("facts · reading · synthetic", "facts", "d"),
        ("schools", "schools", "d"),
    ]
    parts, y = [], 6.0
    for i, (head, name, kind) in enumerate(floors):
        if i:
            parts.append(arrow(240, y - 16, 240, y - 3))
        parts += [box(60, y, 360, 40, kind), text(240, y + 17, head, "code")]
        parts.append(text(240, y + 33, w(f"house.{name}"), "small"))
        y += 56
    for x, name, kind in ((60, "indicators", "a"), (250, "standards", "b")):
        parts += [
            arrow(240, y - 16, x + 85, y - 3),
            box(x, y, 170, 40, kind),
            text(x + 85, y + 17, name, "code"),
            text(x + 85, y + 33, w(f"house.{name}"), "small"),
            arrow(x + 85, y + 40, x + 85, y + 53),
        ]
    y += 56
    parts += [
        box(10, y, 460, 40, "d"),
        text(240, y + 17, "_frames  _arrays  errors  words  _data", "code"),
        text(240, y + 33, w("house.tools"), "small"),
        text(240, y + 62, w("house.never"), "mark"),
    ]
    return svg(y + 72, w("house.title"), *parts)


PICTURES: dict[str, Callable[[Words], str]] = {f.__name__: f for f in (job, coefficient, split, bracket, house)}


class Picture(SphinxDirective):
    """Set a picture into the page; the content is its caption."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the figure."""
        figure = nodes.container(classes=["picture"])
        drawn = PICTURES[self.arguments[0]](Words(site_language(self.config.language)))
        figure += nodes.raw("", drawn, format="html")
        if self.content:
            caption = nodes.container(classes=["caption"])
            self.state.nested_parse(self.content, self.content_offset, caption)
            figure += caption
        return [figure]


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx about the directive."""
    app.add_directive("picture", Picture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
