"""How the documentation is built: offline, everything that can be generated is, and every warning counts."""

import os
import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from junheng.reports.plots._canvas import font_for

project = "junheng 均衡"
author = "The junheng developers"
# which language is built, only docs/build.py says this early
copyright = "2026，junheng 开发者" if os.environ.get("JUNHENG_LANGUAGE") == "zh" else "2026, the junheng developers"
release = version = version_of("junheng")
language = "en"

# pages are written in English; docs/locale has them in Chinese
locale_dirs = ["locale"]
gettext_compact = False
gettext_location = False
gettext_uuid = False

extensions = [
    "myst_nb",  # brings myst_parser
    "numpydoc",
    "sphinx.ext.autodoc",
    "benchmarks",  # these ten live in _ext
    "bigrams",
    "catalogue",
    "gallery",
    "mathml",
    "names",
    "pictures",
    "readme",
    "run",
    "typeset",
]
exclude_patterns = ["_build", "_ext", "jupyter_execute", "locale", "catalogue/_*.md"]
templates_path = ["_templates"]

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# notebooks are kept without outputs and run here; without a font their Chinese pictures cannot be drawn
nb_execution_mode = "auto" if font_for("汉") else "off"
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_merge_streams = True

autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "furo"
html_title = "junheng 均衡"
html_static_path = ["_static"]
html_css_files = ["junheng.css"]
html_math_renderer = "mathml"
html_search_scorer = str(Path(__file__).parent / "_static" / "scorer.js")
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "top_of_page_buttons": ["view"],  # the same page in the other language, see _templates
    "light_css_variables": {"color-brand-primary": "#9a3412", "color-brand-content": "#9a3412"},
    "dark_css_variables": {"color-brand-primary": "#fdba74", "color-brand-content": "#fdba74"},
}
