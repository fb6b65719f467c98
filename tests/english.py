"""Finding English in a Chinese text."""

import re

#: Four words of letters, with nothing but blanks and the punctuation of sentences between them.
_RUN = re.compile(r"(?<![\w./\\-])[A-Za-z']+(?:[ \t]*[ ,;:.()\n][ \t]*[A-Za-z']+){3,}(?![\w/\\-])")
#: What is quoted is as somebody gave it; ids, paths and versions have signs inside that no word has.
_QUOTED = re.compile(r"“[^”]*”|‘[^’]*’|\"[^\"]*\"|<[^>]*>")
_ID = re.compile(r"\S*[A-Za-z0-9][_=/\\.-][A-Za-z0-9]\S*|--\S+")


def english_in(text: str, *given: str) -> list[str]:
    """Return every run of four English words in a text, apart from what was given and from ids, paths and versions."""
    for part in sorted(given, key=len, reverse=True):
        text = text.replace(part, "§")
    return _RUN.findall(_ID.sub("§", _QUOTED.sub("§", text)))
