"""Reading a page as a browser would."""

import re
from html.parser import HTMLParser
from itertools import pairwise

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """A page read strictly: every element closed in order, every id once, every link inside the page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.loads: list[str] = []
        self.words: list[str] = []
        self.tags: list[str] = []
        #: Every element with its attributes, and what is read in it.
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self.inside: list[list[str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        read: list[str] = []
        self.elements.append((tag, {k: v or "" for k, v in attrs}, read))
        for name, value in attrs:
            assert not name.startswith("on"), f"<{tag} {name}>"
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "xlink:href", "data", "action", "poster", "srcset"):
                (self.targets if (value or "").startswith("#") else self.loads).append(value or "")
        if tag not in VOID:
            self.open.append(tag)
            self.inside.append(read)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()
            self.inside.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()
        self.inside.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)
            for read in self.inside:
                read.append(data)

    def find(self, tag: str, **wanted: str) -> list[tuple[dict[str, str], str]]:
        """Attributes and text of the elements of a tag that have some attributes (``class_`` is ``class``)."""
        return [
            (attrs, " ".join("".join(read).split()))
            for name, attrs, read in self.elements
            if name == tag and all(attrs.get(k.rstrip("_").replace("_", "-")) == v for k, v in wanted.items())
        ]

    @property
    def text(self) -> str:
        """What is read."""
        return " ".join(" ".join(self.words).split())


def checked(text: str) -> Page:
    page = Page(text)
    assert page.loads == [] and len(set(page.ids)) == len(page.ids)
    assert {t[1:] for t in page.targets} <= set(page.ids)
    assert not re.search(r"https?:|url\((?!#)|@import", text.replace("\n", ""))
    assert page.tags.count("script") == 1 and "<html lang=" in text
    assert not re.search(r"\bnan\b|\bNone\b|\[\]|Undefined|\{\w*\}", page.text)
    check_structure(page)
    return page


def check_structure(page: Page) -> None:
    """Check what readers without a mouse, or without sight, depend on."""
    levels = [int(t[1]) for t in page.tags if re.fullmatch("h[1-6]", t)]
    assert levels[0] == 1 and levels.count(1) == 1 and all(b - a <= 1 for a, b in pairwise(levels)), levels
    (nav,) = page.find("nav")
    heads = {attrs["id"]: text for attrs, text in page.find("h2")}
    assert nav[0]["aria-labelledby"] == "contents" and next(iter(heads)) == "contents"
    listed = [(a["href"][1:], text) for a, text in page.find("a") if a["href"][1:] in heads]
    assert listed == [(name, text) for name, text in heads.items() if name != "contents"]
    assert page.find("a", class_="skip", href="#main") and page.find("main", id="main")
    ids = {attrs["id"]: " ".join("".join(read).split()) for _, attrs, read in page.elements if "id" in attrs}
    assert "img" not in page.tags
    for attrs, _ in page.find("svg"):
        assert attrs["role"] == "img" and ids[attrs["aria-labelledby"]]
        assert len(ids[attrs["aria-describedby"]]) > len(ids[attrs["aria-labelledby"]]), ids[attrs["aria-describedby"]]
    assert all(attrs.get("scope") in ("col", "row", "rowgroup") for attrs, _ in page.find("th"))
    regions = page.find("div", class_="scroll")
    assert len(regions) == page.tags.count("table")
    assert all(a["role"] == "region" and a["tabindex"] == "0" and a["aria-label"] for a, _ in regions)
    assert page.tags.count("details") == page.tags.count("summary")
