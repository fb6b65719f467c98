// Which page comes first in a search. A heading that is the query, or has it in it, counts more than words in a text;
// pages that explain count more than those about one standard, one decision or one example.
var Scorer = {
  score: ([page, title, anchor, description, score]) => {
    const query = (new URLSearchParams(location.search).get("q") || "").trim().toLowerCase();
    const heading = title.split(" > ").pop().toLowerCase();
    const exact = heading === query ? 100 : heading.includes(query) ? 25 : 0;
    const less = { decisions: 0.4, notebooks: 0.5, catalogue: 0.6, api: 0.7, ways: 0.7 }[page.split("/")[0]] || 1;
    return exact + score * less;
  },
  // the figures of Sphinx
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
