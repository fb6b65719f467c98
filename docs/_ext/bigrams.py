"""Search in Chinese without a dictionary: the index holds every two neighbouring characters, beside Latin words.

A query is taken apart in the same way, and a page must have all its pairs: 差异系数 asks for 差异, 异系 and 系数.
"""

import re
from typing import Any

from sphinx.search.en import SearchEnglish

#: A run of Chinese characters, or a word in other letters.
RUN = re.compile(r"[\u3400-\u9fff]+|[^\W\u3400-\u9fff]+")
SPLITTER = r"""
function splitQuery(query) {
  const out = [];
  for (const run of query.match(/[\u3400-\u9fff]+|[^\s\p{P}\p{S}\u3400-\u9fff]+/gu) || []) {
    if (!/[\u3400-\u9fff]/.test(run) || run.length < 2) { out.push(run); continue; }
    for (let i = 0; i + 1 < run.length; i++) out.push(run.slice(i, i + 2));
  }
  return out;
}
"""


class _Bigrams(SearchEnglish):
    js_splitter_code = SPLITTER

    def split(self, input: str) -> list[str]:
        """Return Latin words, and pairs of Chinese characters."""
        out = []
        for run in RUN.findall(input):
            chinese = "\u3400" <= run[0] <= "\u9fff" and len(run) > 1
            out += [run[i : i + 2] for i in range(len(run) - 1)] if chinese else [run]
        return out


class SearchInEnglishPages(_Bigrams):
    """English pages have the official Chinese terms in them."""

    lang = "en"


class SearchInChinesePages(_Bigrams):
    """Chinese pages have code and names in them."""

    lang = "zh"  # its Latin words are reduced to their stems as in English


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx about the languages."""
    app.add_search_language(SearchInEnglishPages)
    app.add_search_language(SearchInChinesePages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
