"""Reading a page as a browser would."""

import re
from html.parser import HTMLParser

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
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), f"<{tag} {name}>"
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "xlink:href", "data", "action", "poster", "srcset"):
                (self.targets if (value or "").startswith("#") else self.loads).append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

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
    return page
