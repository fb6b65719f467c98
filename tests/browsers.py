"""Opening a page in headless Chromium, where there is one."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

PROBE = """<script>
addEventListener("load", function () {
  var out = {errors: window.probeErrors, width: innerWidth, scroll: document.documentElement.scrollWidth, cut: []};
  document.querySelectorAll("details").forEach(function (d) { d.open = true; });
  out.opened = document.documentElement.scrollWidth;
  document.querySelectorAll("svg").forEach(function (s) {
    var frame = s.getBoundingClientRect();
    s.querySelectorAll("text").forEach(function (t) {
      var box = t.getBoundingClientRect();
      if (box.left < frame.left - 2 || box.right > frame.right + 2 ||
          box.top < frame.top - 2 || box.bottom > frame.bottom + 2)
        out.cut.push(t.textContent + " " + [box.left - frame.left, box.right - frame.right].join(" "));
    });
    var size = parseFloat(getComputedStyle(s.querySelector("text")).fontSize) * frame.width / s.viewBox.baseVal.width;
    if (size < 8.5) out.cut.push("small letters: " + size);
  });
  document.querySelectorAll("p, li, h1, h2, h3, td, th, figcaption, dd").forEach(function (e) {
    if (e.scrollWidth > e.clientWidth + 2 && e.clientWidth > 0)
      out.cut.push(e.tagName + " " + e.textContent.slice(0, 60));
  });
  parent.postMessage(JSON.stringify(out), "*");
});
</script>"""
CATCH = "<script>window.probeErrors=[];window.onerror=function(m){window.probeErrors.push(String(m))}</script>"


def looked_at(page: str, width: int, folder: Path) -> dict[str, Any]:
    """Open a page in a window of a width (a frame: a browser's own window cannot be as narrow as a telephone's)."""
    assert CHROMIUM is not None
    copy = page.replace("<head>", "<head>" + CATCH, 1).replace("</body>", PROBE + "</body>", 1)
    outer = (
        "<!DOCTYPE html><meta charset=utf-8><body><pre id=out></pre><script>"
        "addEventListener('message', function (e) { document.getElementById('out').textContent = e.data; });</script>"
        f'<iframe style="width:{width}px;height:900px;border:0" srcdoc="{html.escape(copy)}"></iframe>'
    )
    file = folder / f"page-{width}.html"
    file.write_text(outer, encoding="utf-8")
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={folder / 'profile'}", "--window-size=1400,1000", "--virtual-time-budget=4000",
            "--dump-dom", file.as_uri(),
        ],
        capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    found = re.search(r'<pre id="out">(.*?)</pre>', done.stdout.decode("utf-8"), flags=re.DOTALL)
    assert found is not None and found[1], "the page did not load"
    out: dict[str, Any] = json.loads(html.unescape(found[1]))
    return out
