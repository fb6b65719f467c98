"""Formulas as MathML: browsers draw them by themselves, so no script is fetched from anywhere."""

from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml


def formula(tex: str, *, as_block: bool) -> str:
    """Return a formula as MathML, with bars that do not melt into the letter below where no mathematical font is."""
    said = str(tex2mathml(tex, as_block=as_block)).replace("\u02c9", "\u00af")
    return said.replace('<mover accent="true">', "<mover>")


def inline(writer: Any, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    writer.body.append(formula(node.astext(), as_block=False))
    raise nodes.SkipNode


def block(writer: Any, node: nodes.math_block) -> None:
    """Write a formula on a line of its own."""
    writer.body.append(f'<div class="formula">{formula(node.astext(), as_block=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx about the renderer."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
