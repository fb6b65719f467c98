"""The built sites as a reader sees them: ``JUNHENG_SITE=FOLDER`` names what ``docs/build.py`` made; .ci/run does so."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import browser
import pytest

SITE = Path(os.environ.get("JUNHENG_SITE", ""))
pytestmark = [
    pytest.mark.skipif("JUNHENG_SITE" not in os.environ, reason="JUNHENG_SITE does not name a built site"),
    pytest.mark.skipif(browser.installed() is None, reason="no chromium to open the pages with"),
]
#: What is typed into the search, and the page that must be among the first three.
SEARCHES = (
    ("zh", "基尼", "measures.html"),
    ("zh", "麻江", "catalogue/cn-gz-majiang-2023.html"),
    ("zh", "生均", "catalogue/indicators.html"),
    ("zh", "达标", "concepts.html"),
    ("zh", "差异系数", "concepts.html"),
    ("zh", "专任教师", "data-dictionary.html"),
    ("zh", "体育运动场馆", "catalogue/indicators.html"),
    ("zh", "缺什么", "planning.html"),
    ("zh", "申报", "declaration.html"),
    ("zh", "山东", "catalogue/cn-sd-basic-balance-2013.html"),
    ("zh", "安装", "quickstart.html"),
    ("en", "gini", "measures.html"),
    ("en", "missing data", "concepts.html"),
    ("en", "shortfalls", "planning.html"),
    ("en", "plan", "howto-plan.html"),
    ("en", "costs", "planning.html"),
    ("en", "install", "quickstart.html"),
    ("en", "Shandong", "catalogue/cn-sd-basic-balance-2013.html"),
    ("en", "evaluate", "api/evaluation.html"),
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    with browser.Browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.mark.parametrize(("site", "words", "wanted"), SEARCHES)
def test_a_search_finds_the_page(page: browser.Browser, site: str, words: str, wanted: str) -> None:
    page.open(f"{(SITE / site / 'search.html').as_uri()}?q={quote(words)}")
    # results are shown one after the other, the best first
    page.wait("document.querySelectorAll('ul.search > li > a').length >= 3")
    found = page.value("[...document.querySelectorAll('ul.search > li > a')].slice(0, 3).map(a => a.href)")
    pages = [address.partition("#")[0].partition("?")[0] for address in found]
    assert (SITE / site / wanted).resolve().as_uri() in pages, pages


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("site", ["zh", "en"])
def test_no_page_scrolls_sideways_and_every_page_has_its_other_language(
    page: browser.Browser, site: str, width: int
) -> None:
    page.resize(width)
    wrong = []
    for path in sorted((SITE / site).rglob("*.html")):
        page.open(path.as_uri())
        wide = page.value("document.documentElement.scrollWidth")
        # what is cut off: wider than its box, in nothing that scrolls
        cut = page.value(CUT)
        if wide > width or cut:
            wrong.append((path.relative_to(SITE).as_posix(), wide, cut))
        other = page.value("document.querySelector('.other-language a')?.href")
        if other is None or not Path(other.removeprefix("file://")).is_file():
            wrong.append((path.relative_to(SITE).as_posix(), "no other language", other))
    assert not wrong, "\n".join(map(str, wrong))


CUT = """[...document.querySelectorAll('article table, article pre, article img, article svg')].filter(e => {
  const right = e.getBoundingClientRect().right;
  if (right <= document.documentElement.clientWidth + 1) return false;
  for (let box = e; box && box.tagName != 'ARTICLE'; box = box.parentElement)
    if (['auto', 'scroll'].includes(getComputedStyle(box).overflowX)) return false;
  return true;
}).map(e => e.tagName + ' ' + e.textContent.slice(0, 40))"""
