"""The READMEs show what their examples really print: the build checks it, ``python docs/_ext/readme.py`` renews it."""

import contextlib
import io
import re
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("README.md", "README.zh-CN.md")
#: A block of Python, and the block of text after it.
EXAMPLE = re.compile(r"(```python\n(?P<source>.*?)```.*?```text\n)(?P<output>.*?)(```)", re.DOTALL)


def renewed(text: str) -> str:
    """Return the text with the output its examples print now, one after the other in an empty folder."""
    names: dict[str, Any] = {"__name__": "__readme__"}

    def run(match: re.Match[str]) -> str:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(match["source"], names)
        lines = [line.rstrip() for line in out.getvalue().rstrip().splitlines()]
        return match[1] + "\n".join(lines) + "\n" + match[4]

    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        return EXAMPLE.sub(run, text)


def check(app: Any) -> None:
    """Warn about an example that prints something else than is shown."""
    from sphinx.util import logging

    for name in NAMES:
        text = (ROOT / name).read_text(encoding="utf-8")
        if renewed(text) != text:
            logging.getLogger(__name__).warning(
                "the example in %s prints something else; run python docs/_ext/readme.py", name
            )


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx about the check."""
    app.connect("builder-inited", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    for name in NAMES:
        path = ROOT / name
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
