"""The report of an evaluation as one self-contained HTML file (extra ``report``)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from attrs import frozen

from junheng._data import CountyKey
from junheng._extras import load
from junheng._files import as_path, write_bytes
from junheng._progress import Progress, reporting
from junheng._text import printable
from junheng.errors import InputError, check_language
from junheng.planning import Plan
from junheng.planning.shortfalls import county_totals
from junheng.reports.page.clauses import problems_of, provenance_of
from junheng.reports.page.contents import Headings
from junheng.reports.page.county import county_view
from junheng.reports.page.drawing import Drawing
from junheng.reports.page.plans import county_plan, lacking_of, plan_is_of, province_plan
from junheng.reports.page.province import province_view
from junheng.reports.page.words import ReportWords
from junheng.reports.page.worth_a_look import WorthALook
from junheng.results import Evaluation, check_evaluation
from junheng.results.explain import find_county
from junheng.results.reasons import part_reasons
from junheng.words import Language, message, word

_Lacking = Mapping[int, list[dict[str, Any]]]

#: Counties of a report of several that are shown one by one, and pictures a county has at most.
DETAILED, PICTURES, PICTURES_OF_MANY = 12, 16, 3
#: Pictures of what a plan changes that a county has at most.
PLANNED, PLANNED_OF_MANY = 4, 2


def html_report(
    ev: Evaluation,
    *,
    county: CountyKey | None = None,
    language: Language = "zh",
    plan: Plan | None = None,
    plausibility: bool = True,
    progress: Progress = None,
) -> str:
    """Return the report of an evaluation as one HTML page: verdict, shortfalls, pictures, schools, clauses.

    Style and pictures are inside the page; it needs no network and no script. For several counties it gives counts, a
    ranking, a table, and the details of up to twelve counties.

    Parameters
    ----------
    ev : Evaluation
        The result of :func:`junheng.evaluate`.
    county : str, int or tuple, optional
        County name as spelled in the table (a tuple if ``by`` has several columns). Default: all.
    language : {"zh", "en"}
        Language of the page.
    plan : Plan, optional
        The result of :func:`junheng.plan` for this evaluation: the page then shows what to add, the cost, the changes
        by school, and the indicators that change most before and after. Without a plan it shows the total shortfalls.
    plausibility : bool
        Whether to show the figures worth a look (see :func:`junheng.plausibility`).
    progress : callable or bool, optional
        Called with the steps done and their number: one for each county shown in detail, and one for the summary of
        several. Default: a progress bar on a terminal if it takes long; ``False``: none.

    Returns
    -------
    str
        The page. The same evaluation gives the same page.

    Raises
    ------
    InputError
        If the county or language is unknown, the plan is of another evaluation, or jinja2 is missing.

    Examples
    --------
    >>> import junheng as jh
    >>> from junheng.reports import html_report
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=5), "cn-quality-balance-2017")
    >>> page = html_report(ev, language="en")
    >>> page.startswith("<!DOCTYPE html>"), "http" in page
    (True, False)
    """
    check_evaluation(ev)
    text = ReportWords(check_language(language))
    chosen = find_county(ev.data, county)
    if plan is not None and not plan_is_of(plan, ev.data):
        raise InputError(message("reports.error.plan_of_another"))
    unusual = WorthALook(ev, chosen, text, plausibility)
    page = _Page(ev, plan, text, Drawing(text), _templates(), Headings(), part_reasons(ev.data, language), unusual)
    steps = 1 if len(chosen) == 1 else min(len(chosen), DETAILED) + 1
    with reporting(steps, text("progress"), progress) as done:
        content = page.one_county(chosen[0], done) if len(chosen) == 1 else page.several(chosen, done)
        return printable(page.render(content))


def write_report(
    ev: Evaluation,
    path: str | os.PathLike[str],
    *,
    county: CountyKey | None = None,
    language: Language = "zh",
    plan: Plan | None = None,
    plausibility: bool = True,
    progress: Progress = None,
) -> Path:
    """Write the page of :func:`html_report` to a file.

    Parameters
    ----------
    ev : Evaluation
        The result of :func:`junheng.evaluate`.
    path : str or path
        The file, such as ``"report.html"``. An existing file is replaced once the page is complete.
    county : str, int or tuple, optional
        As in :func:`html_report`.
    language : {"zh", "en"}
        Language of the page.
    plan : Plan, optional
        As in :func:`html_report`.
    plausibility : bool
        As in :func:`html_report`.
    progress : callable or bool, optional
        As in :func:`html_report`.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        As :func:`html_report`, and if the file name does not end in ``.html`` or ``.htm``.
    OutputFileError
        If the file cannot be written. An existing file is unchanged.

    Examples
    --------
    >>> import tempfile, junheng as jh
    >>> from pathlib import Path
    >>> from junheng.reports import write_report
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=5), "cn-quality-balance-2017")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(ev, Path(folder) / "report.html").name
    'report.html'
    """
    target = as_path(path)
    if target.suffix.lower() not in (".html", ".htm"):
        raise InputError(message("reports.error.not_html", file=target.name))
    page = html_report(ev, county=county, language=language, plan=plan, plausibility=plausibility, progress=progress)
    write_bytes(target, page.encode("utf-8"))
    return target


@cache
def _templates() -> Any:
    jinja2 = load("jinja2", message("reports.error.jinja2"))

    def template(name: str) -> str:
        return files("junheng.reports.page").joinpath("templates", name).read_text(encoding="utf-8")

    # names from the table are escaped: a school may be called <script>
    options = {"autoescape": True, "undefined": jinja2.StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    return jinja2.Environment(loader=jinja2.FunctionLoader(template), **options)


@frozen
class _Page:
    """The content of a page."""

    ev: Evaluation
    plan: Plan | None
    text: ReportWords
    draw: Drawing
    templates: Any
    head: Headings
    reasons: list[str]
    """Why each part of each county has its verdict."""
    unusual: WorthALook

    def one_county(self, c: int, done: Callable[[int], None]) -> dict[str, Any]:
        """Return what the template of a page takes, for one county."""
        view = self._county(c, self._lacking([c]), PICTURES, PLANNED)
        sections = self._rendered("county.html", c=view, level=2)
        done(1)
        return {
            "heading": view["name"],
            "verdict": view["verdict"],
            "sentence": view["sentence"],
            "rules": view["rules"],
            "sections": sections,
            "problems": view["problems"],
        }

    def several(self, counties: list[int], done: Callable[[int], None]) -> dict[str, Any]:
        """Return what the template of a page takes, for several counties, with details of the worst."""
        d, text = self.ev.data, self.text
        view = province_view(d, counties, text, self.draw, DETAILED)
        order = view["order"]
        view["plan"] = None if self.plan is None else province_plan(d, counties, self.plan, order, text)
        view["worth_a_look"] = self.unusual.of_several()
        done(1)
        shown, left = order[:DETAILED], order[DETAILED:]
        lacking = self._lacking(shown)
        details = []
        for i, c in enumerate(shown):
            one = self._county(c, lacking, PICTURES_OF_MANY, PLANNED_OF_MANY)
            details.append((one, self._rendered("county.html", c=one, level=4)))
            done(i + 2)
        more = text("more", n=len(left), county=d.county_words[0][1][left[0]]) if left else ""
        sections = self._rendered("province.html", v=view, details=details, more=more)
        return {
            "heading": text("several", n=len(counties)),
            "verdict": None,
            "sentence": view["sentence"],
            "rules": "",
            "sections": sections,
            "problems": problems_of(d, None, text),
        }

    def render(self, content: Mapping[str, Any]) -> str:
        """Return the page; its sections come first, so that the table of contents has all their headings."""
        text, std = self.text, self.ev.standard
        label = getattr(std.label, text.language)
        end = self._rendered(
            "end.html",
            problems=content["problems"],
            not_unusual=self.unusual.nothing(),
            provenance=provenance_of(self.ev, text),
        )
        return self._rendered(
            "page.html",
            language=text.language,
            style=files("junheng.reports.page").joinpath("report.css").read_text(encoding="utf-8"),
            standard=text("standard", label=label, number=word("number", std.number, text.language)),
            title=text("title", what=label, county=content["heading"]),
            contents=self.head.entries,
            end=end,
            **content,
        )

    def _rendered(self, template: str, **content: Any) -> str:
        return str(self.templates.get_template(template).render(t=self.text, head=self.head, **content))

    def _county(
        self, c: int, lacking: Mapping[int, list[dict[str, Any]]], pictures: int, planned: int
    ) -> dict[str, Any]:
        d = self.ev.data
        alone = len(self.unusual.counties) == 1
        view = county_view(d, c, self.reasons, self.text, self.draw, pictures, alone=alone)
        view["worth_a_look"] = self.unusual.of_county(c, alone=alone)
        if self.plan is None:
            return view | {"plan": None, "lacking": lacking_of(lacking.get(c, []), self.text)}
        return view | {"plan": county_plan(self.plan, c, self.text, self.draw, planned), "lacking": []}

    def _lacking(self, counties: list[int]) -> _Lacking:
        """Return the total shortfalls of counties; a plan replaces them."""
        return {} if self.plan is not None else county_totals(self.ev, counties)
