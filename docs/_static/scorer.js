// Which page comes first in a search. Sphinx counts words of headings three times as much as words of a text; the rest is here.
// A page counts double if it says what words mean, and half if it is about one thing: one standard, decision, example
// or function. What has the query in its name, a page or a function, comes before what only mentions it.
var Scorer = {
  score: ([page, title, anchor, description, score, file, kind]) => {
    const query = (new URLSearchParams(location.search).get("q") || "").trim().toLowerCase();
    const name = title.toLowerCase();
    // a section is listed as "page > section", a function as "package.function"
    const named = kind === "object" ? name.split(".").pop() === query : !name.includes(" > ") && name.includes(query);
    const meanings = ["concepts", "data-dictionary", "measures", "catalogue/indicators"];
    const lists = ["catalogue/facts", "catalogue/standards"];
    const one = /^(api|catalogue|decisions|notebooks|ways)\b/.test(page) && !lists.includes(page);
    return (score + (named ? 30 : 0)) * (meanings.includes(page) ? 2 : one ? 0.5 : 1);
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
