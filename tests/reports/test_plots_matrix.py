"""The matrix: every cell is what was found, every row and figure is there, and everyone can tell the cells apart."""

from io import BytesIO
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from drawn import SIGHT, crowded, lab, latin, linear, matplotlib, needs_chinese, said
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from small_tables import BASIC, GOOD, QUALITY, SHANDONG, STANDARDS, frame, junior, school

import junheng as jh
from junheng.reports import plots
from junheng.reports.plots import _canvas, _cells, _counties
from junheng.reports.plots._matrix import draw_matrix

FACES = {face: kind for kind, (face, _, _) in _cells.CELLS.items() if face != "none" and kind != "unmet"}
MARKS = {marker: kind for kind, (_, marker, _) in _cells.CELLS.items() if marker and kind != "unmet"}


# ------------------------------------------------------------------------------------------ what is drawn


def plain(text: str) -> str:
    return "".join(text.split())


def heads(ax: Any) -> dict[str, float]:
    """Where each column stands: words that run upward, the last of which is beside the cells."""
    return {plain(t.get_text()): t.get_position()[0] for t in ax.texts if t.get_rotation() == 90}


def rows(ax: Any, left: float = 0.0) -> dict[str, float]:
    """Where each row stands: names at the left edge."""
    return {t.get_text(): t.get_position()[1] for t in ax.texts if t.get_position()[0] == left and t.get_ha() == "left"}


def beside(ax: Any, y: float) -> str:
    (text,) = [t.get_text() for t in ax.texts if t.get_position()[1] == y and t.get_ha() == "right"]
    return text


def cell(ax: Any, x: float, y: float, wide: float) -> tuple[str, str]:
    """Return what the colour and what the mark of a cell say."""
    hit = [p for p in ax.patches if isinstance(p, PathPatch) and p.get_path().contains_point((x - 0.4 * wide, y))]
    (face,) = [FACES[matplotlib.colors.to_hex(p.get_facecolor()).upper()] for p in hit] or [""]
    marked = [
        MARKS[line.get_marker()]
        for line in ax.lines
        if line.get_marker() in MARKS
        for a, b in line.get_xydata()
        if abs(a - x) < wide / 2 and abs(b - y) < 1
    ]
    assert len(marked) <= 1
    return face, "".join(marked)


def wide(ax: Any) -> float:
    at = sorted(heads(ax).values())
    return at[1] - at[0]


def expected(row: pd.Series) -> tuple[str, str]:
    if not row["counted"]:
        return "", "out"
    if row["verdict"] != "unmet":
        return ("met", "") if row["verdict"] == "met" else ("", "open")
    kind = {"met": "floor", "unmet": "below"}.get(row["floor_verdict"], "open" if pd.notna(row["floor"]) else "below")
    return ("" if kind == "open" else kind), kind


def short_name(name: str) -> str:
    return name.removeprefix("County ").strip()


@pytest.mark.parametrize(("seed", "stage"), [(0, "primary"), (1, "junior"), (2, "primary")])
def test_every_cell_is_the_verdict_on_a_school_and_an_indicator(seed: int, stage: str) -> None:
    ev = jh.evaluate(latin(jh.synthetic.county(seed=seed, n_schools=24, missing=0.05)), QUALITY)
    ax = plots.matrix(ev, stage=stage)
    at, columns, width = rows(ax), heads(ax), wide(ax)
    labels = {plain(str(i.en)): i.id for i in ev.data.indicators}
    table = ev.schools.query("stage == @stage")
    seen = set()
    for row in table.to_dict("records"):
        head = next(h for h, id_ in labels.items() if id_ == row["indicator"])
        drawn = cell(ax, columns[head], at[row["school"]], width)
        assert drawn == expected(pd.Series(row)), (row["school"], row["indicator"])
        seen.add(drawn[1])
    assert {"", "floor"} < seen
    for row in ev.school_verdicts.query("stage == @stage and counted").to_dict("records"):
        assert beside(ax, at[row["school"]]) == f"{row['n_met']}/{row['n_indicators']}"


@settings(max_examples=12)
@given(
    areas=st.lists(st.sampled_from([3000.0, 2249.0, 1912.5, 1900.0, 0.0, None]), min_size=1, max_size=6),
    sports=st.lists(st.sampled_from([5500.0, 3700.0, 100.0, None]), min_size=6, max_size=6),
    kept=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_any_mixture_of_verdicts_is_drawn(
    areas: list[float | None], sports: list[float | None], kept: list[bool]
) -> None:
    table = [
        school(f"S{i}", county="A", teaching_area_m2=a, sports_area_m2=s, included="是" if k else "否")
        for i, (a, s, k) in enumerate(zip(areas, sports, kept, strict=False))
    ]
    ev = jh.evaluate(frame(*table), QUALITY)
    if not any(kept[: len(areas)]):
        with pytest.raises(jh.InputError, match="no primary school"):
            plots.matrix(ev)
        return
    ax = plots.matrix(ev)
    at, columns = rows(ax), heads(ax)
    for row in ev.schools.query("stage == 'primary'").to_dict("records"):
        head = plain(str(next(i.en for i in ev.data.indicators if i.id == row["indicator"])))
        assert cell(ax, columns[head], at[row["school"]], wide(ax)) == expected(pd.Series(row))


def test_schools_stand_by_verdict_and_by_how_much_they_miss() -> None:
    ev = jh.evaluate(latin(jh.synthetic.county(seed=0, n_schools=30, missing=0.03)), QUALITY)
    ax = plots.matrix(ev, stage="primary")
    at = rows(ax)
    table = ev.school_verdicts.query("stage == 'primary'")
    order = {"unmet": 0, "undetermined": 1, "met": 2}
    table = table.assign(
        group=table["verdict"].astype(str).map(order).where(table["counted"], 3), y=table["school"].map(at)
    )
    wanted = table.sort_values("y")
    keys = list(zip(wanted["group"], -wanted["n_unmet"].where(wanted["counted"], 0), strict=True))
    assert keys == sorted(keys)
    for verdict, group in order.items():
        n = int((table["group"] == group).sum())
        first = table.loc[table["group"] == group, "y"].min()
        assert (f"{verdict} ({n})" in at) == (n > 0)
        assert n == 0 or at[f"{verdict} ({n})"] < first
    left = int((~table["counted"]).sum())
    assert left and f"does not count ({left})" in at


def test_below_stand_the_share_of_schools_and_the_coefficient_against_its_limit() -> None:
    ev = jh.evaluate(latin(jh.synthetic.county(seed=5, n_schools=8, inequality=2.0)), QUALITY)
    ax = plots.matrix(ev, stage="primary")
    columns, width = heads(ax), wide(ax)
    table = ev.indicators.query("stage == 'primary' and indicator != 'composite'").set_index("indicator")
    schools = ev.schools.query("stage == 'primary' and counted")
    (label,) = [y for text, y in rows(ax).items() if plain(text).startswith("coefficient,limit0.5")]
    limits = [s for c in ax.collections for s in c.get_segments() if s[0][0] == s[1][0] and s[0][1] > label - 20]
    seen = set()
    for i in ev.data.indicators:
        x, row = columns[plain(str(i.en))], table.loc[i.id]
        texts = [t.get_text() for t in ax.texts if t.get_position()[0] == x and t.get_ha() == "center"]
        mine = schools.query("indicator == @i.id")["verdict"]
        share = 100 * (mine == "met").mean()
        assert texts == [f"{share:.0f}%", _canvas.short(row["coefficient"], row["limit"])]
        ends = [b for p in ax.patches for b in boxes(p) if abs(b[0] - (x - width / 2)) < 1e-6 and b[2] > label - 8]
        ((left, right, _, _),) = ends
        assert right - left == pytest.approx(min(1, row["coefficient"] / row["limit"] * 2 / 3) * width)
        assert any(abs(s[0][0] - (x - width / 2 + width * 2 / 3)) < 1e-6 for s in limits)
        seen.add(row["verdict"])
    assert seen == {"met", "unmet"}


def boxes(patch: Any) -> list[tuple[float, float, float, float]]:
    corners = patch.get_path().vertices.reshape(-1, 5, 2)
    return [(c[0, 0], c[1, 0], c[0, 1], c[2, 1]) for c in corners]


def test_a_share_is_never_rounded_to_all_or_none() -> None:
    assert [_counties.share(a, b) for a, b in ((0, 3), (1, 900), (899, 900), (9, 9), (2, 3), (0, 0))] == [
        "0%", "1%", "99%", "100%", "67%", "–",
    ]  # fmt: skip


def test_both_stages_are_side_by_side_or_one_above_the_other() -> None:
    small = jh.evaluate(frame(*(school(f"S{i}", county="A") for i in range(3)), junior("J", county="A")), QUALITY)
    ax = plots.matrix(small)
    assert {"primary", "junior", "S0", "J"} <= set(rows(ax))
    large = jh.evaluate(latin(jh.synthetic.county(seed=0, n_schools=60)), QUALITY)
    ax = plots.matrix(large)
    found = {t.get_text(): t.get_position()[0] for t in ax.texts if t.get_text() in ("primary", "junior")}
    assert found["primary"] == 0 < found["junior"]
    names = [t.get_text() for t in ax.texts if t.get_text().startswith("School ")]
    assert len(names) == len(large.school_verdicts)


def test_one_stage_only_needs_no_title_of_its_own() -> None:
    ax = plots.matrix(jh.evaluate(frame(school("S", county="A")), QUALITY))
    assert "primary" not in rows(ax) and "S" in rows(ax) and "met (7)" in said(ax)


def test_requirements_without_a_floor_are_met_or_not() -> None:
    ev = jh.evaluate(latin(jh.synthetic.county(seed=0, n_schools=6)), SHANDONG)
    with _canvas.setting(width=344.0):
        titles = [text for text in rows(plots.matrix(ev)) if text.startswith(("primary", "junior"))]
    assert titles == ["primary", "junior (1/2)", "junior (2/2)"]  # 38 indicators in two bands
    ax = plots.matrix(ev)
    assert any(x.startswith("unmet (") for x in said(ax)) and not any("floor" in x for x in said(ax))


def test_where_there_is_no_room_the_worst_are_named() -> None:
    ev = jh.evaluate(latin(jh.synthetic.county(seed=0, n_schools=150)), QUALITY)
    with _canvas.setting(width=344.0, size=11.5):
        ax = draw_matrix(ev.data, [0], [0], "en", tallest=840.0)
    named = [t.get_text() for t in ax.texts if t.get_text().startswith("School ")]
    n = len(ev.school_verdicts.query("stage == 'primary'"))
    assert 10 < len(named) < 80 and f"rows without a name: {n - len(named)}" in said(ax)
    verdicts = ev.school_verdicts.query("stage == 'primary'").set_index("school")["verdict"]
    assert (verdicts[named] == "unmet").all()
    drawn = sum(b[3] - b[2] for p in ax.patches for b in boxes(p))
    assert drawn > 0 and ax.get_ylim()[0] <= 840.0


# ---------------------------------------------------------------------------------------- several counties


@pytest.fixture(scope="module")
def province() -> jh.Evaluation:
    table = latin(jh.synthetic.province(seed=3, n_counties=9, inequality=1.5, conditions=False))
    table.loc[table["county"] == "County 2", "sports_area_m2"] = None
    return jh.evaluate(table, QUALITY)


def test_a_bar_is_a_coefficient_against_its_limit(province: jh.Evaluation) -> None:
    ax = plots.matrix(province, stage="junior")
    at, columns, width = rows(ax), heads(ax), wide(ax)
    labels = {i.id: plain(str(i.en)) for i in province.data.indicators}
    table = province.indicators.query("stage == 'junior' and indicator in @labels")
    for row in table.to_dict("records"):
        x, y = columns[labels[row["indicator"]]], at[row["county"]]
        mine = [b for p in ax.patches for b in boxes(p) if b[0] == pytest.approx(x - width / 2) and b[2] < y < b[3]]
        face, mark = cell(ax, x, y, width)
        if np.isnan(row["coefficient"]):
            assert mine == [] and mark == "open"
            continue
        ((left, right, _, _),) = mine
        assert right - left == pytest.approx(min(1, row["coefficient"] / row["limit"] * 2 / 3) * width)
        assert (face, mark) == (("below", "below") if row["verdict"] == "unmet" else ("met", ""))
    counts = province.school_verdicts.query("stage == 'junior' and counted").groupby("county")["verdict"]
    for county, verdicts in counts:
        assert beside(ax, at[county]) == f"{(verdicts == 'met').sum()}/{len(verdicts)}"


def test_counties_with_the_most_over_the_limit_come_first(province: jh.Evaluation) -> None:
    ax = plots.matrix(province, stage="primary")
    at = rows(ax)
    over = province.indicators.query("stage == 'primary' and verdict == 'unmet'").groupby("county").size()
    counties = sorted((c for c in at if c.startswith("County ")), key=at.__getitem__)
    assert len(counties) == 9
    n_over = [int(over.get(c, 0)) for c in counties]
    ranks = [0 if n else 1 if c == "County 2" else 2 for n, c in zip(n_over, counties, strict=True)]
    assert list(zip(ranks, [-n for n in n_over], strict=True)) == sorted(zip(ranks, [-n for n in n_over], strict=True))
    assert f"some over the limit ({ranks.count(0)})" in at


def test_of_very_many_counties_the_worst_are_drawn_and_all_are_counted(
    province: jh.Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = plots.matrix(province, stage="primary")
    monkeypatch.setattr(_counties, "MOST", 3)
    ax = plots.matrix(province, stage="primary")
    names = [x for x in rows(ax) if x.startswith("County ")]
    assert names == [x for x in rows(everyone) if x.startswith("County ")][:3]
    assert "only the worst 3 are drawn; the last row also counts the other 6" in said(ax)
    shares = [[t.get_text() for t in one.texts if t.get_text().endswith("%")] for one in (ax, everyone)]
    assert shares[0] == shares[1] and len(shares[0]) == 7


def test_years_of_a_county_are_in_order() -> None:
    ev = jh.evaluate(latin(jh.synthetic.nation(seed=1, years=3, n_counties=2)), BASIC)
    ax = plots.matrix(ev, county="County 2", stage="primary")
    years = [x for x in sorted(rows(ax), key=rows(ax).__getitem__) if x.startswith("20")]
    assert years == sorted(years) and len(years) == 3
    assert "no limit set; the largest fills its cell (24)" in said(ax)
    whole = plots.matrix(ev, stage="primary")
    assert sum(x.startswith("County") for x in rows(whole)) == 6


def test_a_county_without_the_stage_does_not_count() -> None:
    ev = jh.evaluate(frame(school(county="A"), junior(county="A"), school(county="B")), QUALITY)
    ax = plots.matrix(ev, stage="junior")
    assert "no school of this stage (1)" in rows(ax) and "does not count (7)" in said(ax)


def test_counties_without_a_school_in_any_coefficient_have_nothing_to_draw() -> None:
    table = frame(*(school(county=c, in_basic_standard="是", in_coefficient="否") for c in "AB"))
    with pytest.raises(jh.InputError, match="defines no difference coefficients"):
        plots.matrix(jh.evaluate(table, BASIC))


# --------------------------------------------------------------------------------------------- nothing to show


def test_where_there_is_nothing_to_show_it_is_said_what_to_do() -> None:
    one = frame(school(county="A"))
    with pytest.raises(jh.InputError, match=r"sets no thresholds .*plots\.coefficients"):
        plots.matrix(jh.evaluate(one, BASIC))
    with pytest.raises(jh.InputError, match="no junior school of A"):
        plots.matrix(jh.evaluate(one, QUALITY), stage="junior")
    with pytest.raises(jh.InputError, match="one county with county="):
        plots.matrix(jh.evaluate(jh.synthetic.province(seed=0, n_counties=2), SHANDONG))
    with pytest.raises(jh.InputError, match="no county 'C'"):
        plots.matrix(jh.evaluate(one, QUALITY), county="C")
    with pytest.raises(jh.InputError, match="stage must be"):
        plots.matrix(jh.evaluate(one, QUALITY), stage="senior")


# ------------------------------------------------------------------------------------------------ how it looks


@pytest.mark.parametrize("sight", [*SIGHT, "grey"])
def test_cells_are_told_apart_by_everyone(sight: str) -> None:
    """Cells with a colour differ in it, whatever a reader sees of it; all differ in the mark, too."""

    def seen(kind: str) -> np.ndarray:
        face = _cells.CELLS[kind][0]
        light = linear("#FFFFFF" if face == "none" else face)
        if sight == "grey":
            return np.array([lab(light)[0], 0.0, 0.0])
        return lab(np.clip(SIGHT[sight] @ light, 0, 1))

    for a, b in combinations(("met", "floor", "below", "open"), 2):
        assert np.linalg.norm(seen(a) - seen(b)) > 12, (a, b)  # 2 is what an eye just sees
    marks = [_cells.CELLS[k][1] for k in ("met", "floor", "below", "open", "out")]
    assert len(set(marks)) == len(marks)


def luminance(colour: str) -> float:
    return float(np.array([0.2126, 0.7152, 0.0722]) @ linear(colour))


def test_a_mark_stands_out_from_its_cell() -> None:
    for kind, (face, marker, colour) in _cells.CELLS.items():
        if marker:
            low, high = sorted((luminance("#FFFFFF" if face == "none" else face), luminance(colour)))
            assert (high + 0.05) / (low + 0.05) >= 3, kind


@needs_chinese
@pytest.mark.parametrize(
    ("n_schools", "language", "width"), [(5, "zh", 344.0), (5, "en", 518.0), (60, "zh", 518.0), (40, "en", 344.0)]
)
def test_no_text_covers_another_or_is_cut(n_schools: int, language: Any, width: float) -> None:
    ev = jh.evaluate(jh.synthetic.county(seed=3, n_schools=n_schools, missing=0.02), QUALITY)
    with _canvas.setting(width=width):
        assert crowded(plots.matrix(ev, language=language)) == []


@needs_chinese
def test_no_text_of_counties_covers_another_and_words_are_in_one_language() -> None:
    ev = jh.evaluate(jh.synthetic.province(seed=0, n_counties=30, conditions=False), QUALITY)
    ax = plots.matrix(ev, language="zh")
    assert crowded(ax) == []
    texts = [t.get_text() for t in ax.texts] + said(ax) + [ax.get_title(loc="left")]
    assert not any(c.isascii() and c.isalpha() for text in texts for c in text)


@needs_chinese
def test_the_name_of_the_county_is_left_out_where_all_names_begin_with_it() -> None:
    rows_ = [school(f"甲县{x}", county="甲县") for x in ("一小", "二小")]
    assert {"一小", "二小"} <= set(rows(plots.matrix(jh.evaluate(frame(*rows_), QUALITY))))
    mixed = [*rows_, school("实验小学", county="甲县")]
    assert {"甲县一小", "实验小学"} <= set(rows(plots.matrix(jh.evaluate(frame(*mixed), QUALITY))))


@needs_chinese
@pytest.mark.parametrize("name", ["$x_1$ 小学", "<b>一小</b>", "a\\b", "{x}"])
def test_odd_names_are_written_as_they_are(name: str) -> None:
    ax = plots.matrix(jh.evaluate(frame(school(name, county=name), school("b", county=name)), QUALITY))
    ax.figure.canvas.draw()
    assert name in rows(ax) and not any(t.get_parse_math() for t in ax.texts)


def test_axes_given_are_drawn_on_and_come_back() -> None:
    ev = jh.evaluate(latin(jh.synthetic.county(seed=0, n_schools=60)), QUALITY)
    given_axes = Figure(figsize=(6, 4)).add_subplot()
    ax = plots.matrix(ev, stage="primary", ax=given_axes)
    assert ax is given_axes
    named = [t for t in ax.texts if t.get_text().startswith("School ")]
    n = len(ev.school_verdicts.query("stage == 'primary'"))
    assert f"rows without a name: {n - len(named)}" in said(ax)


@pytest.mark.parametrize("standard", STANDARDS)
def test_the_same_evaluation_gives_the_same_bytes(standard: str) -> None:
    table = latin(jh.synthetic.province(seed=0, n_counties=2))
    county = None if standard != SHANDONG else "County 1"

    def drawn() -> bytes:
        file = BytesIO()
        with matplotlib.rc_context({"svg.hashsalt": "x"}):
            plots.matrix(jh.evaluate(table, standard), county=county).figure.savefig(
                file, format="svg", metadata={"Date": None}
            )
        return file.getvalue()

    assert drawn() == drawn()


def test_few_artists_draw_many_cells() -> None:
    ev = jh.evaluate(latin(jh.synthetic.county(seed=0, n_schools=150)), QUALITY)
    ax = plots.matrix(ev, stage="primary")
    n = len(ev.school_verdicts.query("stage == 'primary'"))
    assert len(ax.patches) + len(ax.lines) <= 24 and len(ax.texts) < 2 * n + 60


def test_a_good_school_is_met_throughout() -> None:
    assert GOOD and cell_kinds(plots.matrix(jh.evaluate(frame(school("S", county="A")), QUALITY))) == {"met"}


def cell_kinds(ax: Any) -> set[str]:
    at, columns = rows(ax)["S"], list(heads(ax).values())[:7]
    return {cell(ax, x, at, wide(ax))[0] for x in columns}
