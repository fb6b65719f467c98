"""Pictures as parts of a page (private)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from junheng.reports.page.words import ReportWords
from junheng.reports.plots._canvas import setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from junheng.reports.plots._sheet import Sheet


class Drawing:
    """Draws pictures for a page: as wide as a phone, with a title and a description for screen readers."""

    def __init__(self, text: ReportWords) -> None:
        self.text = text
        self.count = 0

    def __call__(self, title: str, shows: str, draw: Callable[..., Axes], *args: Any, **more: Any) -> dict[str, Any]:
        """Return a picture and its title, as the templates take them; ``draw`` is called with the rest.

        ``shows`` says in words what the picture shows; its legend is added.
        """
        from markupsafe import Markup

        self.count += 1
        with setting(width=344.0, size=11.5, title=False, browser=True):
            sheet = cast("Sheet", draw(*args, **more))
        described = shows
        if sheet.entries:
            entries = self.text("join").join(" ".join(x.split()) for x in sheet.entries)
            described += self.text("alt_legend", entries=entries)
        return {"svg": Markup(sheet.svg(f"p{self.count}", title, described)), "caption": title}
