"""Names on pages: long ones break after an underscore, options stay whole, and defaults in signatures can be read.

A browser breaks ``books_per_student`` at any letter, or not at all; ``<wbr>`` says where it may, and is not copied. Of
a default that attrs makes for each object Sphinx knows only the name ``NOTHING``.
"""

import re
from typing import Any

import attrs

#: What stands in an inline literal.
LITERAL = re.compile(r'(?<=<span class="pre">)[^<]+(?=</span>)')
#: The name of an option at the beginning of a piece of a literal.
OPTION = re.compile(r'(?<=<span class="pre">)--?[A-Za-z][\w-]*')
#: How empty containers that a class makes for each object are written.
EMPTY: dict[Any, str] = {dict: "{}", list: "[]", tuple: "()", set: "set()"}


def breakable(html: str) -> str:
    """Return a page whose ids in text may break after an underscore, and whose options do not after their dashes."""
    html = LITERAL.sub(lambda found: re.sub(r"(?<=\w)_(?=\w)", "_<wbr>", found[0]), html)
    return OPTION.sub(lambda found: f'<span class="whole">{found[0]}</span>', html)


def readable(signature: str, fields: dict[str, str]) -> str:
    """Return a signature with the defaults of attrs as they are written, ``…`` for those that depend on others."""
    return re.sub(r"\b(\w+)(: [^=,]+ )?=( ?)NOTHING", lambda m: f"{m[1]}{m[2] or ''}={m[3]}{fields[m[1]]}", signature)


def break_ids(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Let the ids of a page break."""
    if "body" in context:
        context["body"] = breakable(context["body"])


def show_defaults(
    app: Any, what: str, name: str, obj: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str | None, str | None] | None:
    """Show what attrs gives where nothing is given."""
    if not signature or "NOTHING" not in signature or not attrs.has(obj):
        return None
    made = [f for f in attrs.fields(obj) if isinstance(f.default, attrs.Factory)]
    fields = {f.alias: EMPTY.get(f.default.factory, "…") for f in made if f.alias is not None}
    return readable(signature, fields), returns


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx about both."""
    app.connect("html-page-context", break_ids)
    app.connect("autodoc-process-signature", show_defaults)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
