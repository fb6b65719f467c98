"""Every sample of the shared data has its right value: what its folder says, in one table."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from limited_children import Outcome, read_in_children

import junheng as jh

NATIONAL = "cn-quality-balance-2017"
FOUR = ("东街小学", "西街小学", "南街小学", "城关中学")


@attrs.frozen
class Sample:
    """What a file must be: its schools and some of its values, the problems that name a cell, the verdict."""

    #: Names of the schools; None if the file is refused, for a reason that says these words.
    schools: tuple[str, ...] | None = None
    says: tuple[str, ...] = ()
    values: Mapping[str, tuple[Any, ...]] = attrs.field(factory=dict)
    #: Codes of problems, and the cells they name.
    named: tuple[tuple[str, str | None], ...] = ()
    left_out: tuple[tuple[int, str], ...] = ()
    #: The verdict on resources, of the cells that can be read.
    resources: str | None = None


def county(*named: tuple[str, str | None], resources: str = "unmet", **more: Any) -> Sample:
    """The county of the reference."""
    values = {"county": ("甲县",) * 4, "students": (800.0, 600.0, 400.0, 1000.0), **more.pop("values", {})}
    return Sample(schools=FOUR, named=named, values=values, resources=resources, **more)


THREE = FOUR[:3]


def small(*named: tuple[str, str | None], schools: tuple[str, ...] = THREE, **values: tuple[Any, ...]) -> Sample:
    """A table of three schools, too small for a verdict."""
    return Sample(schools=schools, named=named, values=values)


EQUIPMENT = (1_800_000.0,)
SAMPLES: dict[str, Sample] = {
    "f00_reference.csv": county(),
    "f01_zero_width_county.csv": county(("invisible_characters", "A3")),
    "f02_cross_in_flag.csv": county(resources="met"),
    "f03_school_dropped_as_explanation.csv": county(
        *(("text_in_number", f"{c}3") for c in "EFGHIJKL"),
        resources="undetermined",
        values={"students": (800.0, None, 400.0, 1000.0)},
    ),
    "f04_footnote_digit.csv": county(("footnote_mark", "E2")),
    "f05_unit_row_labelled.xlsx": small(land_area_m2=(16_000.0,), equipment_value_cny=EQUIPMENT),
    "f05b_unit_row_unlabelled.xlsx": small(land_area_m2=(16_000.0,), equipment_value_cny=EQUIPMENT),
    "f06_unit_and_remark_0.xlsx": small(("unclear_header", "E1"), equipment_value_cny=EQUIPMENT),
    "f06_unit_and_remark_1.xlsx": small(("unclear_header", "E1"), equipment_value_cny=EQUIPMENT),
    "f07_remark_on_key_0.csv": county(("unclear_header", "B1")),
    "f07_remark_on_key_1.csv": county(("unclear_header", "D1")),
    "f07_remark_on_key_2.csv": county(("unclear_header", "A1")),
    "f08_merged.ods": small(("merged_cell", "D2"), county=("甲县",) * 3, students=(None, None, 400.0)),
    "f08_merged.xlsx": small(("merged_cell", "D2"), county=("甲县",) * 3, students=(None, None, 400.0)),
    "f09_xlsx_named.xls": county(("file_format", None)),
    "f11_total_without_label.csv": county(("total_row", "B5"), left_out=((5, "total"),)),
    # its headers are traditional; a mapping reads it, see test_text_files.py
    "f13_big5.csv": Sample(says=("Big5", "縣市名稱")),
    "f14_place_headings.csv": Sample(
        schools=THREE, values={"equipment_value_cny": EQUIPMENT}, left_out=((2, "heading"), (5, "heading"))
    ),
    "f15_plain.xls": small(schools=("一小", "二小", "三小")),
    "f15_protected.xls": Sample(says=("password-protected",)),
    "f18_fullwidth_commas.csv": county(),
}

#: What the one sentence on a hostile file says.
HOSTILE = {
    "c26.xlsx": "no sheet has a cell 'E99999999999999999999'",
    "corner_rows.xlsx": "they reach as far as E1048576; delete",
    "h7.xls": "they reach as far as ALW1011; delete",
    "lostre2.xlsx": "damaged or truncated",
    "rowre.xlsx": "damaged or truncated",
    "sst_count.xlsx": "declares far more texts than it can hold",
}


def folder(shared_data: Path, name: str) -> Path:
    found = shared_data / name
    if not found.is_dir():
        pytest.skip(f"the samples are not here: {found} does not exist")
    return found


def plain(values: Any) -> tuple[Any, ...]:
    return tuple(None if v != v else v for v in values)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_read_right_or_refused(name: str, shared_data: Path) -> None:
    path, right = folder(shared_data, "field-2026-11") / name, SAMPLES[name]
    if right.schools is None:
        with pytest.raises(jh.InputError) as caught:
            jh.read_schools(path)
        assert all(words in str(caught.value) for words in right.says)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jh.ReadingWarning)
        report = jh.describe_file(path)
        schools = jh.read_schools(path, on_error="missing")
    assert plain(schools["school"]) == right.schools
    for column, values in right.values.items():
        assert plain(schools[column])[: len(values)] == values, column
    found = {(p["code"], p["cell"]) for p in jh.results.records(report.problems)}
    # the area with or without indoor sports is named in each of these files
    found -= {(code, cell) for code, cell in found if code == "indoor_sports_unclear"}
    assert found == set(right.named)
    assert [(r["row"], r["reason"]) for r in jh.results.records(report.left_out)] == list(right.left_out)
    if right.resources is not None:
        verdicts = jh.evaluate(schools, NATIONAL).verdicts
        assert verdicts.loc[verdicts["part"] == "resources", "verdict"].tolist() == [right.resources]


@pytest.mark.parametrize(
    "name", [n for n, s in SAMPLES.items() if any(code == "text_in_number" for code, _ in s.named)]
)
def test_cells_that_cannot_be_read_stop_an_evaluation(name: str, shared_data: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jh.ReadingWarning)
        schools = jh.read_schools(folder(shared_data, "field-2026-11") / name)
    with pytest.raises(jh.InputDataError) as caught:
        jh.evaluate(schools, NATIONAL)
    assert all(f"!{cell} " in str(caught.value) for _, cell in SAMPLES[name].named)


@pytest.fixture(scope="module")
def hostile(shared_data: Path) -> dict[str, Outcome]:
    paths = [folder(shared_data, "hostile-2026-11") / name for name in HOSTILE]
    return dict(zip(HOSTILE, read_in_children(paths), strict=True))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="children with limits need POSIX")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_sample_ends_in_one_sentence(name: str, hostile: dict[str, Outcome]) -> None:
    one = hostile[name]
    assert one.how == "refused" and HOSTILE[name] in one.said and "\n" not in one.said
    assert one.megabytes <= 300 and one.seconds <= 2.0


def test_no_sample_is_forgotten(shared_data: Path) -> None:
    for name, known in (("field-2026-11", SAMPLES), ("hostile-2026-11", HOSTILE)):
        files = {p.name for p in folder(shared_data, name).iterdir() if p.suffix != ".md"}
        assert files == set(known)
