"""``{gallery}``: a grid of all pictures of the package, drawn in the language of the build.

A page lists ``{drawing}`` directives inside one ``{gallery}``. The argument of a ``{drawing}`` is the code that draws,
which is run and shown; the content says what the picture answers. The build warns if a public picture is missing.

The language is that of the site (``spoken.py``): the code that readers see is the same in every language.
"""

import ast
import base64
import html
import io
from functools import cache, partial
from typing import Any

import pandas as pd
import spoken
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import junheng as jh
from junheng.reports import html_report, plots

logger = logging.getLogger(__name__)
#: Pixels of a thumbnail, drawn twice as fine as it is shown.
WIDTH = 680
#: The report is drawn by the browser; it is no function of ``plots``.
REPORT = "html_report"


def wanted() -> set[str]:
    """Return the names that a gallery must have."""
    return {*plots.__all__, REPORT}


def name_of(code: str) -> str:
    """Return the name of the function that the code calls: ``plots.matrix(ev)`` calls ``matrix``."""
    call = ast.parse(code, mode="eval").body
    if not isinstance(call, ast.Call):
        raise ValueError(f"not a call: {code}")
    return call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)


@cache
def data(words: str) -> dict[str, Any]:
    """Return what the pictures are drawn from; in English the schools and counties have English names."""
    quality, basic = "cn-quality-balance-2017", "cn-basic-balance-2012"
    county = jh.synthetic.county(seed=0)
    ev = jh.evaluate(_named(county, words), quality)
    lifted = jh.synthetic.county(seed=1, n_schools=60, heaping=True, tamper="lifted")
    counties = jh.synthetic.province(seed=0, n_counties=15, inequality=2.2)
    years = jh.synthetic.nation(seed=2, years=5, n_counties=3)
    costs = dict.fromkeys(jh.shortfall_totals(ev)["column"], 1)
    return {
        "plots": plots,
        REPORT: html_report,
        "ev": ev,
        "lifted": jh.evaluate(_named(lifted, words), quality),
        "counties": jh.evaluate(_named(counties, words), basic),
        "years": jh.evaluate(_named(years, words), basic),
        "plan": jh.plan(ev, unit_costs=costs, move_costs={"pe_art_teachers": 0.1}, nodes=0),
    }


def _named(schools: pd.DataFrame, words: str) -> pd.DataFrame:
    if words != "en":
        return schools
    # 示例县, or 第1县, 第2县 and so on
    county = "County " + schools["county"].str.strip("第县").replace("示例", "A")
    return schools.assign(county=county, school="School " + schools["school_code"].str[-3:])


def drawn(code: str) -> str:
    """Run the code, and return its picture for a page."""
    names = data(spoken.LANGUAGE)
    if name_of(code) == REPORT:
        # without being asked, the report is Chinese on either site
        names = names | {REPORT: partial(html_report, language=spoken.LANGUAGE)}
        page = html.escape(eval(code, names), quote=True)
        return f'<iframe title="{REPORT}" sandbox tabindex="-1" scrolling="no" srcdoc="{page}"></iframe>'
    figure = eval(code, names).figure
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=WIDTH / figure.get_size_inches()[0])
    src = base64.b64encode(picture.getvalue()).decode()
    return f'<img alt="{name_of(code)}" src="data:image/png;base64,{src}">'


class Gallery(SphinxDirective):
    """A grid of drawings, in which none is missing."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the grid."""
        grid = nodes.container(classes=["gallery"])
        self.state.nested_parse(self.content, self.content_offset, grid)
        here = {card["drawing"] for card in grid.findall(nodes.container) if "drawing" in card}
        if missing := sorted(wanted() - here):
            logger.warning("missing in the gallery: %s", ", ".join(missing), location=self.get_location())
        return [grid]


class Drawing(SphinxDirective):
    """A picture, its name, what it answers, and the code that draws it."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the card."""
        code = " ".join(self.arguments[0].split())
        card = nodes.container(classes=["card"], drawing=name_of(code))
        picture = "" if spoken.only_messages() else drawn(code)
        card += nodes.raw("", f'<div class="thumbnail">{picture}</div>', format="html", classes=["no-search"])
        card += nodes.paragraph("", "", nodes.literal("", name_of(code)), classes=["name"], translatable=False)
        self.state.nested_parse(self.content, self.content_offset, card)
        block = nodes.literal_block(code, code, language="python")
        self.set_source_info(block)
        card += block
        return [card]


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx about the directives."""
    app.add_directive("gallery", Gallery)
    app.add_directive("drawing", Drawing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
