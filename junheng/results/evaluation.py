"""The result of an evaluation: frames built on first access, explanations, JSON."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Generic

import attrs
from attrs import field, frozen

from junheng._data import CountyKey, SchoolKey, Stage
from junheng._frames import FrameT
from junheng._public import public_names
from junheng.errors import InputError, check_language
from junheng.judging.judgement import Judgement
from junheng.results.adequacy import adequacy
from junheng.results.card import card, data_warnings
from junheng.results.explain import explain
from junheng.results.frames import Frames, id_records
from junheng.results.one_school import explain_school
from junheng.results.provenance import labelled
from junheng.results.summary import summary
from junheng.schools.editing import Changes
from junheng.standards.model import Standard
from junheng.words import Language, message

__all__ = ["Evaluation", "check_evaluation"]


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class Evaluation(Generic[FrameT]):
    """All figures, verdicts and reasons of one table under one standard; made by :func:`junheng.evaluate`.

    Frames are tidy and long, in the library of the input, and built on first access. Ids are English words;
    :meth:`relabel` replaces headers and ids by Chinese or English labels.

    Attributes
    ----------
    language : str or None
        Language of the labels; None for ids.
    """

    data: Judgement = field(repr=False)
    _provenance: Mapping[str, Any] = field(alias="provenance")
    language: Language | None = None
    # how to judge another table in the same way; results know nothing of evaluating
    again: Callable[[Any], Evaluation[FrameT]] | None = field(default=None, repr=False, eq=False)

    def __dir__(self) -> list[str]:
        return public_names(self, "data", "again", "header")

    @property
    def standard(self) -> Standard:
        """The standard applied."""
        return self.data.standard

    @cached_property
    def provenance(self) -> Mapping[str, Any]:
        """Version, standard and digest, options, counts of rows, warnings; keys and words are labels if relabelled.

        No timestamp: same input, same bytes.
        """
        if self.language is None:
            return self._provenance
        return labelled(self._provenance, self.standard, self.language)

    def __repr__(self) -> str:
        p = self._provenance
        line = (
            f"<Evaluation of {self.data.n_counties} counties, {p['sections_counted']} schools and stages "
            f"under {self.standard.id}>"
        )
        noted = data_warnings(self.data, self.language or "en")
        return f"{line}\n{noted}" if noted else line

    # ------------------------------------------------------------------------------------- frames

    @cached_property
    def _frames(self) -> Frames[FrameT]:
        return Frames(self.data, self.language)

    @cached_property
    def schools(self) -> FrameT:
        """One row per school, stage and indicator: value, requirement, floor, verdict and reason."""
        return self._frames.schools()

    @cached_property
    def school_verdicts(self) -> FrameT:
        """One row per school and stage: number of indicators met, and whether the school complies."""
        return self._frames.school_verdicts()

    @cached_property
    def indicators(self) -> FrameT:
        """One row per county, stage and indicator: mean, deviation, coefficient, limit, verdict, counts.

        The composite has a row of its own if the standard limits it. The verdict is empty if the standard sets no
        limit.
        """
        return self._frames.indicators()

    @cached_property
    def items(self) -> FrameT:
        """One row per county and item: value, requirement, verdict, counts, clause, source and standing."""
        return self._frames.items()

    @cached_property
    def item_schools(self) -> FrameT:
        """Schools (and stages) that fail a condition of an item, or for which it is undetermined."""
        return self._frames.item_schools()

    @cached_property
    def verdicts(self) -> FrameT:
        """One row per county and part, and one for the overall verdict, with the reason in a sentence."""
        return self._frames.verdicts()

    @cached_property
    def county_indicators(self) -> FrameT:
        """Enrolment, retention, progression and funds of every county, from its facts; empty if not given."""
        return self._frames.county_indicators()

    @cached_property
    def grades(self) -> FrameT:
        """Numbers of schools by inspection grade: each item B1 to B13, and the conclusion.

        One row per county, graded column and grade: ``n_schools``, and ``share`` of the schools that have a grade.
        Empty if the table has no such columns. Grades lead to no verdict: the rule was not found.
        """
        return self._frames.grades()

    @cached_property
    def left_out(self) -> FrameT:
        """Schools and stages that are not counted, with the reason and what they are left out of.

        ``left_out_of`` is ``all``; or, under a standard that separates the two, ``basic_standard`` (of schools) or
        ``coefficient``.
        """
        return self._frames.left_out()

    @cached_property
    def facts(self) -> FrameT:
        """One row per county and fact that was given: value (yes is 1, no is 0), unit and reference."""
        return self._frames.facts()

    @cached_property
    def problems(self) -> FrameT:
        """Problems of the table that did not stop the evaluation, as listed by :func:`junheng.check_schools`."""
        return self._frames.problems()

    def header(self, name: str) -> str:
        """Return the label of a column in the language of the evaluation."""
        return self._frames.header(name)

    # ------------------------------------------------------------------------------------- words

    def explain(
        self,
        county: CountyKey | None = None,
        *,
        school: SchoolKey | None = None,
        stage: Stage | None = None,
        part: str | None = None,
        language: Language | None = None,
    ) -> str:
        """Explain the verdicts of counties, or of one school: rule, schools, numbers and clause.

        Parameters
        ----------
        county : str, int or tuple, optional
            County name as spelled in the table (a tuple if ``by`` has several columns). Default: all.
        school : str or int, optional
            Name or code of a school: only this school, with all its indicators. Pass the county too if several schools
            have that name.
        stage : {"primary", "junior"} or a Chinese word (小学, 初中), optional
            Only this stage. Default: both.
        part : str, optional
            Only this part of the standard: its id (``resources``) or label (资源配置). Default: all, and what is beside
            them. Ignored if ``school`` is given.
        language : {"en", "zh"}, optional
            Default: the language of :meth:`relabel`, or English.

        Returns
        -------
        str
            Plain text, one line per finding.

        Raises
        ------
        InputError
            If the county or school was not evaluated (similar names are suggested), several schools have the name, or
            the stage, part or language is unknown.

        Examples
        --------
        >>> import junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> print(ev.explain(language="zh").splitlines()[0])
        示例县 / 2025 · 义务教育优质均衡发展县（教督〔2017〕6号）
        >>> print(ev.explain(school="示例县第4小学", language="zh").splitlines()[2])
          每百名学生拥有高于规定学历教师数：4.4393 人/百名学生，标准≥4.2 — 达标（第六条）
        """
        lang = check_language(self.language or "en" if language is None else language)
        if school is not None:
            return explain_school(self.data, school, county, stage, lang)
        return explain(self.data, county, stage, part, lang)

    def summary(self) -> FrameT:
        """Return one row per county and part: the verdict, what fails, and how many schools fall short.

        Returns
        -------
        frame of the library of the input
            The columns of ``by``; ``part`` and its ``verdict``; ``n_unmet`` and ``n_undetermined`` items, for the
            overall verdict also parts; ``unmet``: which fail; ``n_schools_short``: schools, each counted once, that
            make an item of the part (overall: any item) fail, missing where no item is about single schools.

        Examples
        --------
        >>> import junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> ev.summary()[["part", "verdict", "unmet", "n_schools_short"]].values.tolist()[0]
        ['resources', 'unmet', 'schools-comply (primary); schools-comply (junior)', 27]
        """
        frame: FrameT = summary(self._frames)
        return frame

    def adequacy(self) -> FrameT:
        r"""Return, for every threshold of the standard, how near the students of each county are to it.

        .. math:: A = \frac{1}{P_N} \sum_i P_i \min\left(\frac{X_i}{t_i},\,1\right)

        the adequacy index of Odden and Picus (:func:`junheng.adequacy_index`), over the schools that are judged;
        integrated schools are split as in the evaluation.

        Returns
        -------
        frame of the library of the input
            One row per county, stage and indicator with a threshold: the columns of ``by``; ``stage``, ``indicator``,
            ``op``, ``required`` (missing if it depends on the school); ``n_schools``, of which ``n_met``, ``n_unmet``
            and ``n_undetermined``; ``students``; ``share_adequate``, the share of students in schools that meet the
            threshold; ``adequacy_index``; ``clause``. Share and index are missing if a school is undetermined, unless
            the evaluation omits missing values. The index is missing for a threshold of "at most": it is defined for
            what there should be more of.

        References
        ----------
        Odden and Picus (2000), School Finance: A Policy Perspective.

        Examples
        --------
        >>> import junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> area = ev.adequacy().query("indicator == 'teaching_area_per_student'")
        >>> area[["stage", "required", "share_adequate", "adequacy_index"]].round(4).values.tolist()
        [['primary', 4.5, 0.7009, 0.9658], ['junior', 5.8, 0.8283, 0.9752]]
        """
        frame: FrameT = adequacy(self._frames)
        return frame

    def to_html(
        self, path: str | os.PathLike[str], *, county: CountyKey | None = None, language: Language | None = None
    ) -> Path:
        """Write the report as one HTML page; :func:`junheng.reports.write_report` has more options.

        Parameters
        ----------
        path : str or path
            The file, such as ``"report.html"``. An existing file is replaced once the page is complete.
        county : str, int or tuple, optional
            County name as spelled in the table. Default: all.
        language : {"zh", "en"}, optional
            Default: the language of :meth:`relabel`, or Chinese.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        InputError, OutputFileError
            As :func:`junheng.reports.write_report`.

        Examples
        --------
        >>> import tempfile, junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=5), "cn-quality-balance-2017")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ev.to_html(f"{folder}/报告.html").name
        '报告.html'
        """
        from junheng.reports import write_report

        written: Path = write_report(self, path, county=county, language=language or self.language or "zh")
        return written

    def to_excel(self, path: str | os.PathLike[str], *, language: Language | None = None) -> Path:
        """Write all results as one workbook, by :func:`junheng.reports.write_results`.

        Parameters
        ----------
        path : str or path
            The workbook (.xlsx). An existing file is replaced once the workbook is complete.
        language : {"zh", "en"}, optional
            Default: the language of :meth:`relabel`, or Chinese.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        InputError, OutputFileError
            As :func:`junheng.reports.write_results`.

        Examples
        --------
        >>> import tempfile, junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=5), "cn-quality-balance-2017")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ev.to_excel(f"{folder}/结果.xlsx").name
        '结果.xlsx'
        """
        from junheng.reports import write_results

        written: Path = write_results(self, path, language=language or self.language or "zh")
        return written

    def relabel(self, language: Language | None) -> Evaluation[FrameT]:
        """Return the same evaluation with labels instead of ids, in one language: all frames and the provenance.

        Parameters
        ----------
        language : {"zh", "en"} or None
            Language of the labels; None for ids.

        Returns
        -------
        Evaluation
            The same figures with other words.

        Raises
        ------
        InputError
            If there are no labels in that language.

        Examples
        --------
        >>> import junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> list(ev.relabel("zh").verdicts.columns)
        ['县（市、区）', '年度', '部分', '结论', '说明']
        """
        return attrs.evolve(self, language=None if language is None else check_language(language))

    def apply(self, changes: Changes) -> Evaluation[FrameT]:
        """Evaluate the same schools after some changes.

        Figures are added as decimals, so that a school raised exactly to a threshold meets it. The table given to
        :func:`junheng.evaluate` is not modified.

        Parameters
        ----------
        changes : frame, change or list of them
            A frame with ``column`` and ``change`` (added to the figure; negative to take away) and either ``row``
            (position in the table) or the school (``school`` or ``school_code``, with county, year and stage if
            needed); other columns are ignored. Or one of :mod:`junheng.changes`: ``Add``, ``Enrolment``, ``Cohorts``,
            ``Merge``, ``Open``, ``Close``. Or a list of these, applied in order; rows always refer to the current
            table.

        Returns
        -------
        Evaluation
            Under the same standard, options and county facts. ``provenance["changes"]`` has the number of cells changed
            and a digest, once for every call; :func:`junheng.changes.applied` lists the cells.

        Raises
        ------
        InputDataError
            If a change cannot be made (unknown or ambiguous school, unknown column, a value that is missing or would
            become negative); every problem is listed.
        InputError
            If ``changes`` has the wrong type.

        Examples
        --------
        >>> import junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> rooms = jh.changes.Add("multimedia_classrooms", 12, school="示例县第1小学")
        >>> fewer = jh.changes.Enrolment(factor=0.95, stage="primary")
        >>> ev.apply([rooms, fewer]).provenance["changes"][0]["cells"]
        42
        """
        from junheng.changes import change_table

        if self.again is None:
            raise InputError(message("results.made_elsewhere"))
        changed = change_table(self.data, changes)
        new = self.again(changed.frame)
        before = list(self._provenance.get("changes", ()))
        provenance = {**new.provenance, "changes": [*before, changed.provenance()]}
        return attrs.evolve(new, provenance=provenance, language=self.language)

    def to_dict(self, *, schools: bool = True) -> dict[str, Any]:
        """Return the results as dicts, lists, strings, numbers, booleans and None: strict JSON without NaN.

        The frames :attr:`facts` and :attr:`county_indicators` are not included.

        Keys and ids are the same in every language, for programs; :meth:`relabel` decides the language of sentences:
        reasons of verdicts, findings of items, messages of problems.

        Parameters
        ----------
        schools : bool
            Include the figures of each school, which take most of the space.

        Returns
        -------
        dict
            ``provenance``, ``standard``, ``verdicts``, ``items``, ``indicators``, ``left_out``, ``grades``,
            ``problems`` and, if ``schools`` is true, ``school_verdicts``, ``schools`` and ``item_schools``: each a
            list of rows.

        Examples
        --------
        >>> import json, junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> json.loads(json.dumps(ev.to_dict(), allow_nan=False))["verdicts"][0]["verdict"]
        'unmet'
        """
        std = self.standard
        names = ["verdicts", "items", "indicators", "left_out", "grades", "problems"]
        if schools:
            names += ["school_verdicts", "schools", "item_schools"]
        return {
            "provenance": dict(self._provenance),
            "standard": {
                "id": std.id,
                "label": {"zh": std.label.zh, "en": std.label.en},
                "document": std.document,
                "number": std.number,
            },
            **{name: id_records(self.data, name, self.language) for name in names},
        }

    def certificate(self, county: CountyKey | None = None) -> dict[str, Any]:
        """Return a certificate: the rules, every figure used as typed, and every verdict that follows from them.

        Anybody can check it without this library, with ``junheng/verify.py`` alone.

        Parameters
        ----------
        county : str, int or tuple, optional
            County name as spelled in the table (a tuple if ``by`` has several columns). Default: all.

        Returns
        -------
        dict
            Strict JSON: dicts, lists, strings, numbers, booleans and None.

        Raises
        ------
        InputError
            If the county was not evaluated (similar names are suggested).

        See Also
        --------
        junheng.verify_certificate : check a certificate.

        Examples
        --------
        >>> import junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> certificate = ev.certificate()
        >>> certificate["standard"]["id"], jh.verify_certificate(certificate)
        ('cn-quality-balance-2017', [])
        """
        from junheng.certificate import certificate

        return certificate(self.data, self.provenance, county)

    def _repr_html_(self) -> str:
        return card(self.data, self.language or "en")


def check_evaluation(ev: object) -> None:
    """Refuse what is not an evaluation, where one is asked for."""
    if not isinstance(ev, Evaluation):
        raise InputError(message("results.not_an_evaluation", kind=type(ev).__name__))
