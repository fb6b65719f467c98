"""The county a form is of: its schools, and what several tables say of them (private)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Ints
from junheng._data import STAGES
from junheng.reports.declarations.cells import form_data
from junheng.reports.declarations.model import Column
from junheng.results.reasons import number
from junheng.schools import ALL_STAGES
from junheng.schools.opening import open_table
from junheng.schools.sections import Sections
from junheng.schools.vocabulary import INTEGRATED
from junheng.standards import Standard
from junheng.words import word

if TYPE_CHECKING:
    from junheng.results import Evaluation, Judgement


@frozen(eq=False, slots=False, kw_only=True)
class FormCounty:
    """One county of an evaluation, with its rows read once more by themselves.

    Columns that no rule rests on (classes, owners, grades) may have cells that cannot be used; reading them again
    leaves the evaluation as it is.
    """

    ev: Evaluation
    index: int
    """Position of the county in the evaluation."""
    at: Ints
    """The sections of the county."""
    sub: Sections
    """The same, of a table that has no other county."""

    @classmethod
    def read(cls, ev: Evaluation, index: int) -> FormCounty:
        """Read the rows of a county."""
        s = ev.data.sections
        at = np.flatnonzero(ev.data.county == index)
        rows, position = np.unique(s.rows[at], return_inverse=True)
        fresh = open_table(s.reading.table.take(rows).to_native(), by=list(ev.data.by))
        return cls(ev=ev, index=index, at=at, sub=s.part(at, fresh, position.reshape(-1).astype(np.int64)))

    @property
    def d(self) -> Judgement:
        """All that was found."""
        return self.ev.data

    @property
    def std(self) -> Standard:
        """The standard judged by."""
        return self.ev.standard

    @cached_property
    def names(self) -> list[str]:
        """Name of every section of the county, with its stage where the school has several."""
        plain = school_names(self.d, self.at)
        out = []
        for name, kind, stage in zip(plain, self.sub.kind.tolist(), self.sub.stage.tolist(), strict=True):
            out.append(f"{name}（{word('stage', ALL_STAGES[stage], 'zh')}部）" if kind in INTEGRATED else name)
        return out

    @cached_property
    def owners(self) -> list[int | None]:
        """Owner code of every section, None where the table does not say."""
        codes = {k: int(v) for k, v in form_data()["owner_codes"].items()}
        reading = self.sub.reading
        said = reading.category("owner_type")[self.sub.rows]
        private = reading.ownership[self.sub.rows] == "private"
        return [
            codes[o] if o is not None else codes["private"] if p else None
            for o, p in zip(said.tolist(), private.tolist(), strict=True)
        ]

    def counted(self, stage: int) -> Ints:
        """Return the sections of a stage that count, as positions in the county."""
        return np.flatnonzero(self.sub.counted & (self.sub.stage == stage))

    @property
    def not_ordinary(self) -> NDArray[np.bool_]:
        """Which sections are of special and vocational schools."""
        return np.isin(self.sub.kind.astype(str), ("special", "vocational"))

    @property
    def decimals(self) -> int | None:
        """How many decimals of a school's figure are printed."""
        return None if self.std.printing is None else self.std.printing.school_value

    def indicator_columns(self, spec: Mapping[str, Any], first: int = 1) -> tuple[Column, ...]:
        """Return a column for each indicator, with the codes of the form where they are known."""
        coded = spec.get("codes") or "first_code" in spec
        return tuple(
            Column(id=ind.id, label=ind.zh, code=f"L{first + j}" if coded else "")
            for j, ind in enumerate(self.d.indicators)
        )

    def unit_notes(self, counted: NDArray[np.bool_]) -> list[str]:
        """Say how many schools stand behind the figures of each stage."""
        out = []
        for s, stage in enumerate(STAGES):
            mine = self.sub.stage == s
            n, students = int((counted & mine).sum()), self.sub.students[counted & mine]
            said = f"{word('stage', stage, 'zh')}：计入{n}所（部），在校生{number(float(np.nansum(students)))}人"
            gaps = int(np.isnan(students).sum())
            if gaps:
                said += f"（{gaps}所（部）缺学生数）"
            left = int((~counted & mine & ~self.not_ordinary).sum())
            out.append(said + (f"；不计入{left}个单位，见“不计入单位”" if left else "") + "。")
        return out

    def kept_out(self) -> list[str]:
        """Say which schools a table of schools leaves out, and of which it is not known who runs them."""
        sub = self.sub
        gone = ~sub.counted & (sub.stage < len(STAGES)) & ~self.not_ordinary
        out = [f"{int(gone.sum())}所（部）不列入本表，见“不计入单位”。"] if gone.any() else []
        unknown = sum(self.owners[i] is None for i in np.flatnonzero(sub.counted).tolist())
        if unknown:
            out.append(f"{unknown}所（部）未提供举办者类型，无法判断是否由本县举办，均已列入。")
        return out

    def footer(self, spec: Mapping[str, Any]) -> list[str]:
        """Count schools, sections of integrated schools, and teaching points."""
        out = []
        for s, stage in enumerate(STAGES):
            kinds = [self.sub.kind[i] for i in self.counted(s).tolist()]
            students = [float(self.sub.students[i]) for i in self.counted(s).tolist()]
            name = word("stage", stage, "zh")
            part = sum(k in INTEGRATED for k in kinds)
            unknown = sum(k is None for k in kinds)
            said = f"{name}共{len(kinds)}所（部）"
            counts = [f"独立{name}{sum(k == stage for k in kinds)}所", f"一贯制学校、完全中学的{name}部{part}个"]
            limit = spec.get("points_from")
            points = [n for k, n in zip(kinds, students, strict=True) if k == "teaching_point"]
            if limit is not None and s == 0:
                counts.append(f"{limit}人及以上教学点{sum(n >= limit for n in points)}个")
                below = sum(not n >= limit for n in points)
                if below:
                    counts.append(f"不足{limit}人或人数不详的教学点{below}个")
            if unknown:
                counts.append(f"未注明学校类型{unknown}所（部）")
            known = {stage, "teaching_point", *INTEGRATED, None}
            other = sum(k not in known for k in kinds) + (len(points) if s else 0)
            if other:
                counts.append(f"其他类型学校{other}所（部）")
            out.append(f"{said}：{'，'.join(counts)}。")
        return out


def school_names(d: Judgement, sections: Ints) -> list[str]:
    """Return the name of the school of each section, its code where the name is missing."""
    reading = d.sections.reading
    out: list[str] = [""] * sections.size
    for column in ("school_code", "school"):
        if column in reading.has:
            codes, words = reading.codes(column)
            mine = codes[d.sections.rows[sections]].tolist()
            words = list(words)
            out = [str(words[c]) if c >= 0 else known for c, known in zip(mine, out, strict=True)]
    return out
