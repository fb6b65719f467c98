"""Pictures for READMEs and pages: the matrix and the first screen of a report, in each language, of a synthetic county.

``python docs/_ext/shots.py`` draws them anew into ``docs/_static/``. It needs the extras ``plots`` and ``report``, a
Chinese font, and Chromium for the report. The same machine draws the same bytes. Sphinx takes ``report.zh_CN.png`` for
``report.png`` on Chinese pages.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib
import pandas as pd
from PIL import Image

import junheng as jh
from junheng.reports import plots
from junheng.words import Language

STATIC = Path(__file__).resolve().parents[1] / "_static"
STANDARD = "cn-quality-balance-2017"
#: Size of the report's picture in pixels, and colours of every picture: few, so that the files are small.
SCREEN, COLOURS = (960, 900), 96
#: What schools are called in English, before their number.
KINDS = {"primary": "Primary School", "junior": "Middle School", "nine_year": "Nine-year School"}
OTHER_KIND = "Teaching Point"


def county(language: Language) -> jh.Evaluation[pd.DataFrame]:
    """Return the evaluation of an invented county, with names in the language."""
    name = {"zh": "示例县", "en": "County A"}[language]
    schools = jh.synthetic.county(seed=3, n_schools=24, resourcing=1.1, items=True, name=name)
    if language == "en":
        number = schools["school"].str.extract(r"第(\d+)", expand=False)
        schools["school"] = schools["kind"].map(KINDS).fillna(OTHER_KIND) + " " + number
    return jh.evaluate(schools, STANDARD, county_facts=jh.synthetic.county_facts(schools))


def matrix(ev: jh.Evaluation[pd.DataFrame], language: Language, path: Path) -> None:
    """Draw the primary schools of a county by indicators."""
    axes = plots.matrix(ev, stage="primary", language=language)
    axes.figure.savefig(path, dpi=120, bbox_inches="tight", pad_inches=0.15, metadata={"Software": None})


def report(ev: jh.Evaluation[pd.DataFrame], language: Language, path: Path) -> None:
    """Take a picture of the first screen of a report."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("the picture of a report needs Chromium")
    with tempfile.TemporaryDirectory() as folder:
        page = jh.reports.write_report(ev, Path(folder) / "report.html", language=language)
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        size = f"--window-size={SCREEN[0]},{SCREEN[1]}"
        subprocess.run(
            [browser, *options, size, f"--screenshot={path}", page.as_uri()], check=True, capture_output=True
        )


def shrink(path: Path) -> None:
    """Keep few colours, so that a file is small."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def main(folder: Path = STATIC) -> None:
    """Draw every picture."""
    matplotlib.use("agg")
    names: dict[Language, str] = {"zh": "{}.zh_CN.png", "en": "{}.png"}
    for language, name in names.items():
        ev = county(language)
        for draw in (matrix, report):
            path = folder / name.format(draw.__name__)
            draw(ev, language, path)
            shrink(path)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
