"""Build the documentation: ``zh/`` and ``en/`` beside each other, and a first page that opens the Chinese one.

``python docs/build.py [FOLDER]``. Every warning is an error. No network is needed.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
#: The folder of a site, and the language that Sphinx is told. The first one is the one that opens.
SITES = {"zh": "zh_CN", "en": "en"}
FIRST = """<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<title>junheng 均衡</title>
<meta http-equiv="refresh" content="0; url=zh/index.html">
<p><a href="zh/index.html">中文</a> · <a href="en/index.html" lang="en">English</a></p>
</html>
"""


def build(site: str, folder: Path) -> int:
    """Build the site of a language; return the exit code of Sphinx."""
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-b",
        "html",
        "-D",
        f"language={SITES[site]}",
    ]
    # what the pages run prints in their language
    asked = {**os.environ, "JUNHENG_LANGUAGE": site}
    trees = folder / ".doctrees" / site
    return subprocess.run(
        [*command, "-d", str(trees), str(DOCS), str(folder / site)], env=asked, check=False
    ).returncode


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DOCS / "_build")
    parser.add_argument("--only", choices=SITES, help="one language")
    options = parser.parse_args()
    folder = options.folder.resolve()
    failed = [site for site in ([options.only] if options.only else SITES) if build(site, folder)]
    (folder / "index.html").write_text(FIRST, encoding="utf-8")
    if failed:
        print(f"not without warnings: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
