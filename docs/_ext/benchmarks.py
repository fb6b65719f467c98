"""``{benchmarks}``: the recorded results of ``benchmarks/run.py``, as a table and a plot.

``{benchmarks} table kernel``     a table of a part: contestants down, sizes across; errors, if they were measured
``{benchmarks} slopes``           how the time of every public function grows
``{benchmarks} plot evaluate``    time against rows, both on logarithmic scales
``{benchmarks} machine``          what it was run on

The options ``variant`` and ``names`` (separated by commas) choose some.
"""

import io
import json
import math
import re
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from bilingual import Words, site_language
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results.json"
#: Seen well on a light and on a dark page.
COLOURS = ("#c2410c", "#2f7fc1", "#2a9d5c", "#8a63d2", "#c58a00", "#c0407a", "#5f6b7a", "#0f9d9d", "#9c6b4f", "#888888")
#: A contest on so many times fewer rows than others of its size is not about that size.
SMALLER = 10


@cache
def results() -> dict[str, Any]:
    """Return what was recorded."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {"results": [], "environment": {}}


def chosen(part: str, variant: str | None) -> list[dict[str, Any]]:
    """Return the contests of a part."""
    return [r for r in results()["results"] if r["part"] == part and variant in (None, r["variant"])]


def milliseconds(ms: float) -> str:
    """Write a time so that three digits count."""
    if ms >= 10_000:
        return f"{ms / 1000:,.1f} s"
    return f"{ms:,.0f} ms" if ms >= 100 else f"{ms:.2g} ms" if ms < 10 else f"{ms:.1f} ms"


def cell(w: Words, line: dict[str, Any] | None, base: str) -> str:
    """Write time, ratio and memory."""
    if line is None:
        return f"<td class=short>{missing(w)}</td>"
    if "median_ms" not in line:
        return f"<td class=short>{escape(w.contest(line['note']))}</td>"
    text = milliseconds(line["median_ms"])
    times = line.get("times_base")
    if times is not None and line["name"] != base:
        text += f" <small>× {times:.2g}</small>" if times < 100 else f" <small>× {times:,.0f}</small>"
    if line.get("peak_mb") is not None:
        text += f"<br><small>{line['peak_mb']:,.0f} MB</small>"
    return f"<td class=short>{text}</td>"


def missing(w: Words) -> str:
    """Say that there is no figure because nothing was run."""
    return f"<small>{w('benchmarks.not_run')}</small>"


def tables(w: Words, found: list[dict[str, Any]]) -> str:
    """Return a part as HTML tables: what was timed on one county while another size ran has a table of its own."""
    most: dict[str, int] = {}
    for r in found:
        most[r["size"]] = max(most.get(r["size"], 0), r["rows"])
    alone = [r for r in found if r["rows"] and r["rows"] < most[r["size"]] / SMALLER]
    rest = [r for r in found if r not in alone]
    return table(w, rest) + (table(w, [{**r, "size": "county"} for r in alone]) if alone else "")


def table(w: Words, found: list[dict[str, Any]]) -> str:
    """Return contests as an HTML table."""
    sizes = list(dict.fromkeys(r["size"] for r in found))
    rows_of = {s: max(r["rows"] for r in found if r["size"] == s) for s in sizes}
    heads = [f"{w(f'benchmarks.{s}')}<br><small>{w('benchmarks.rows', n=f'{rows_of[s]:,}')}</small>" for s in sizes]
    # what reads no table, such as an import, has only a time
    timed = f"<th>{w('benchmarks.time')}</th>"
    head = "".join(f"<th>{text}</th>" if rows_of[s] else timed for s, text in zip(sizes, heads, strict=True))
    errors = any("error" in line for r in found for line in r["lines"])
    if errors:
        head += f"<th>{w('benchmarks.error')}</th><th>{w('benchmarks.error_hard')}</th>"
    across = len(sizes) + 1 + 2 * errors
    body = []
    for variant in dict.fromkeys(r["variant"] for r in found):
        own = {r["size"]: r for r in found if r["variant"] == variant}
        if variant:
            body.append(f"<tr><th colspan={across}>{escape(w.contest(variant))}</th></tr>")
        labels: dict[str, str] = {}
        for r in own.values():
            labels |= {line["name"]: w.contest(re.sub(r" \(on .*\)", " *", line["label"])) for line in r["lines"]}
        for name, label in labels.items():
            cells = []
            for s in sizes:
                lines = {line["name"]: line for line in own[s]["lines"]} if s in own else {}
                cells.append(cell(w, lines.get(name), own[s]["base"] if s in own else ""))
            if errors:
                cells += errors_of(w, name, own.values())
            strong = any(name == r["base"] for r in own.values())
            shown = f"<b>{escape(label)}</b>" if strong else escape(label)
            body.append(f"<tr><td>{shown}</td>{''.join(cells)}</tr>")
    return (
        '<div class="table-wrapper output-table"><table class="docutils">'
        f"<thead><tr><th></th>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def errors_of(w: Words, name: str, own: Iterable[dict[str, Any]]) -> list[str]:
    """Write the relative errors of a line, which do not depend on the size."""
    lines = [line for r in own for line in r["lines"] if line["name"] == name and "error" in line]
    if not lines:
        return ["<td class=short></td>"] * 2
    return [f"<td class=short>{relative(w, lines[0][key])}</td>" for key in ("error", "error_hard")]


def relative(w: Words, error: float) -> str:
    """Write an error in powers of ten; below the last digit there is none."""
    if math.isinf(error):
        return w("benchmarks.no_digit")
    return "0" if error == 0 else f"{error:.0e}".replace("e-0", "e-")


def slopes(w: Words) -> str:
    """Return how the time of every public function grows, as an HTML table."""
    body = []
    for line in results().get("slopes", []):
        # what stands in brackets says in which case
        named = re.sub(r"(?<= \()[^)]+", lambda case: w.contest(case[0]), line["name"])
        name = named + (" *" if line.get("tenth") else "")
        seconds = [f"<td class=short>{milliseconds(1000 * t)}</td>" for t in line.get("seconds", [])]
        cells = seconds + [f"<td class=short>{missing(w)}</td>"] * (4 - len(seconds))
        slope = f"{line['slope']:.2f}" if "slope" in line else escape(w.contest(line["note"]))
        body.append(f"<tr><td>{escape(name)}</td>{''.join(cells)}<td class=short>{slope}</td></tr>")
    several = [w("benchmarks.provinces", n=n) for n in (3, 10)]
    heads = ("", w("benchmarks.province"), *several, w("benchmarks.nation"), w("benchmarks.slope"))
    head = "".join(f"<th>{h}</th>" for h in heads)
    return (
        '<div class="table-wrapper output-table"><table class="docutils">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def plot(w: Words, found: list[dict[str, Any]], names: list[str] | None) -> str:
    """Return time against rows as SVG."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib.figure import Figure

    from junheng.reports.plots._canvas import families

    lines: dict[str, list[tuple[int, float]]] = {}
    for r in sorted(found, key=lambda r: r["rows"]):
        for line in r["lines"]:
            if "median_ms" in line and (names is None or line["name"] in names):
                lines.setdefault(w.contest(line["label"]), []).append((r["rows"], line["median_ms"] / 1000))
    grey = "#808080"
    settings: dict[str, Any] = {"svg.fonttype": "none", "svg.hashsalt": "junheng", "font.size": 10}
    # the browser has its own fonts; those here say how much room the words take
    if family := families("".join([*lines, w("benchmarks.x"), w("benchmarks.y")]))[0]:
        settings["font.family"] = family
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=(6.4, 3.6 + 0.2 * len(lines)), layout="constrained")
        axes = figure.add_subplot()
        ends = []
        for i, (label, points) in enumerate(lines.items()):
            x, y = zip(*points, strict=True)
            axes.plot(x, y, marker="o", ms=4, lw=1.6, color=COLOURS[i % len(COLOURS)], label=label)
            ends.append((y[-1], i))
        axes.set(xscale="log", yscale="log", xlabel=w("benchmarks.x"), ylabel=w("benchmarks.y"))
        axes.grid(True, which="major", color=grey, alpha=0.3, lw=0.6)
        for spine in axes.spines.values():
            spine.set_color(grey)
        axes.tick_params(colors=grey, which="both")
        axes.xaxis.label.set_color(grey)
        axes.yaxis.label.set_color(grey)
        # in the order of their ends, so that the eye goes straight across
        handles, labels = axes.get_legend_handles_labels()
        order = [i for _, i in sorted(ends, reverse=True)]
        figure.legend(
            [handles[i] for i in order], [labels[i] for i in order], loc="outside lower left", frameon=False,
            labelcolor=grey, fontsize=9,
        )  # fmt: skip
        sink = io.StringIO()
        figure.savefig(sink, format="svg", transparent=True, metadata={"Date": None})
    drawn = sink.getvalue()
    return drawn[drawn.index("<svg") :]


class Benchmarks(SphinxDirective):
    """Show recorded results."""

    required_arguments = 1
    optional_arguments = 1
    option_spec = {"variant": directives.unchanged, "names": directives.unchanged}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Return the table, the plot or the machine."""
        self.env.note_dependency(str(RESULTS))
        w, what = Words(site_language(self.config.language)), self.arguments[0]
        if what == "machine":
            return [nodes.paragraph("", machine(w))]
        if what == "slopes" and results().get("slopes"):
            return [nodes.raw("", slopes(w), format="html", classes=["no-search"])]
        found = chosen(self.arguments[-1], self.options.get("variant"))
        if not found:
            return [nodes.paragraph("", w("benchmarks.nothing"))]
        if what == "table":
            return [nodes.raw("", tables(w, found), format="html", classes=["no-search"])]
        names = self.options.get("names")
        drawn = plot(w, found, None if names is None else [n.strip() for n in names.split(",")])
        return [nodes.raw("", f'<div class="plot">{drawn}</div>', format="html", classes=["no-search"])]


def machine(w: Words) -> str:
    """Say what the results were measured on."""
    env = results()["environment"]
    if not env:
        return w("benchmarks.nothing")
    there = w.listed(f"{name} {v}" for name, v in env["versions"].items() if v != "not installed")
    loads = [env.get(when) or [w("benchmarks.unknown")] for when in ("load", "load_after")]
    known = {name: env[name] for name in ("cores", "machine", "system", "python")}
    return w("benchmarks.machine", **known, versions=there, before=loads[0][0], after=loads[1][0])


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx about the directive."""
    app.add_directive("benchmarks", Benchmarks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
