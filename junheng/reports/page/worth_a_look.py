"""The section on figures worth a look (private)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from attrs import frozen

from junheng._arrays import Ints
from junheng.plausibility.figures import place_columns
from junheng.plausibility.findings import KINDS, Finding
from junheng.plausibility.search import find
from junheng.reports._findings import kind_label, kinds_text, place_text, weight
from junheng.reports.page.words import ReportWords
from junheng.results import Evaluation
from junheng.words import key_text, sentences

#: Findings of a county, findings of one school, and counties that are listed before the rest is only counted.
LISTED, OF_SCHOOL, COUNTIES = 20, 3, 50
ALPHA = 0.05


@frozen(eq=False, slots=False)
class WorthALook:
    """The figures worth a look of the counties of a page."""

    ev: Evaluation
    counties: Sequence[int]
    text: ReportWords
    wanted: bool

    def of_county(self, c: int, *, alone: bool) -> dict[str, Any] | None:
        """Return the section of a county, None if nothing was found there; what findings mean is said once a page."""
        found = self._by_county.get(c, [])
        if not found:
            return None
        said, language = self._words, self.text.language
        shown = _heaviest(found)
        more = len(found) - len(shown)
        schools = len({f.school for f in found if f.school is not None})
        return {
            "head": said["head"],
            "lead": said["county"].format(n=len(found), schools=schools, kinds=kinds_text(found, language)),
            "counted": False,
            "heads": [said[key] for key in ("column_school", "column_kind", "column_evidence")],
            "rows": [(self._name(f), kind_label(f.kind, language), f.evidence.text(language)) for f in shown],
            "more": said["more"].format(n=more) if more else "",
            "notes": self._notes() if alone else [],
        }

    def _name(self, finding: Finding) -> str:
        """Name the school and stage of a finding."""
        name = finding.school or self._words["whole_county"]
        if finding.stage is None:
            return name
        return self.text("left_out_name", school=name, stage=self.text.label("stage", finding.stage))

    def of_several(self) -> dict[str, Any] | None:
        """Return the section of several counties, None if nothing was found in any."""
        found, said, language = self._by_county, self._words, self.text.language
        if not found:
            return None
        some = [c for c in self.counties if c in found]
        shown = sorted(some, key=lambda c: -len(found[c]))[:COUNTIES]
        n, more = sum(len(of) for of in found.values()), len(some) - len(shown)
        return {
            "head": said["head"],
            "lead": said["several"].format(n=n, some=len(some), counties=len(self.counties)),
            "counted": True,
            "heads": [said[key] for key in ("column_county", "column_n", "column_kinds")],
            "rows": [(self.ev.data.county_name(c), len(found[c]), kinds_text(found[c], language)) for c in shown],
            "more": said["more_counties"].format(n=more) if more else "",
            "notes": self._notes(),
        }

    def nothing(self) -> str:
        """Say what was looked at where nothing was found; nothing if it was found, or not looked for."""
        if not self.wanted or self._by_county:
            return ""
        if self._changed:
            return self._words["changed"]
        kinds = self.text.join([kind_label(kind, self.text.language) for kind in KINDS])
        return self._words["nothing"].format(n=self._schools, kinds=kinds)

    # -- what is found

    @property
    def _words(self) -> Mapping[str, str]:
        return sentences("worklist.page", self.text.language)

    def _notes(self) -> list[str]:
        said = sentences("worklist.summary", self.text.language)
        return [self._words["no_accusation"], said["chance"].format(alpha=f"{ALPHA:g}")]

    @cached_property
    def _changed(self) -> bool:
        """Whether the figures are not those that were reported: what-if changes were made."""
        return bool(self.ev.relabel(None).provenance.get("changes"))

    @cached_property
    def _places(self) -> list[str]:
        """The county of each county and year, without the year."""
        d = self.ev.data
        words = [w for name, w in d.county_words if name != "year"]
        return [place_text(w[c] for w in words) for c in range(d.n_counties)]

    @cached_property
    def _rows(self) -> Ints:
        """The rows of the counties of the page, in all their years: what is found never depends on others."""
        d, mine = self.ev.data, {self._places[c] for c in self.counties}
        at = np.array([place in mine for place in self._places], dtype=bool)
        return np.unique(d.sections.rows[at[d.county]])

    @property
    def _schools(self) -> int:
        table = self.ev.data.sections.schools
        return int(np.unique(table.codes(table.school_column)[0][self._rows]).size)

    @cached_property
    def _by_county(self) -> dict[int, list[Finding]]:
        """The findings of each county of the page; those about several years stand with the last."""
        if not self.wanted or self._changed or not self._rows.size:
            return {}
        table = self.ev.data.sections.schools
        frame = table.frame if self._rows.size == table.rows else table.frame.take(self._rows)
        _, found = find(frame.to_native(), by=place_columns(table), standard=self.ev.standard, alpha=ALPHA)
        years = self.ev.data.sections.counties.years
        at: dict[tuple[str, Any], int] = {}
        for c in sorted(self.counties, key=lambda c: years[c] if years.size and years[c] == years[c] else 0):
            year = key_text(years[c]) if years.size and years[c] == years[c] else None
            at[self._places[c], year] = at[self._places[c], None] = c
        out: dict[int, list[Finding]] = {}
        for finding in found:
            year = None if finding.year is None else key_text(finding.year)
            key = place_text(finding.place), year
            if key in at:
                out.setdefault(at[key], []).append(finding)
        return out


def _heaviest(found: Sequence[Finding]) -> list[Finding]:
    """Return the findings that are listed: one wrong figure of a school may show in many of its ratios."""
    listed: list[Finding] = []
    of_school: Counter[str | None] = Counter()
    for finding in sorted(found, key=weight):
        of_school[finding.school] += 1
        if len(listed) < LISTED and of_school[finding.school] <= OF_SCHOOL:
            listed.append(finding)
    return listed
