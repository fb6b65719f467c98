"""Ask the Python advisory database about every library installed here; say so where it cannot be asked.

A fault found is printed; it fails the run only with ``--strict``: an advisory of tonight is no fault of a change.
"""

import json
import subprocess
import sys

done = subprocess.run(
    [sys.executable, "-m", "pip_audit", "--format", "json", "--skip-editable", "--progress-spinner", "off"],
    capture_output=True,
    text=True,
    check=False,
)
try:
    libraries = json.loads(done.stdout)["dependencies"]
except (json.JSONDecodeError, KeyError):
    libraries = []
audited = [library for library in libraries if "skip_reason" not in library]
if not audited:
    why = done.stderr.strip().splitlines()
    print("skipped: the advisory service is not reachable from here", f"({why[-1][:200]})" if why else "")
    sys.exit(0)
faults = [(library, fault) for library in audited for fault in library["vulns"]]
for library, fault in faults:
    mended = ", ".join(fault["fix_versions"]) or "no version yet"
    print(f"{library['name']} {library['version']}: {fault['id']}, mended in {mended}")
unknown = len(libraries) - len(audited)
print(f"{len(audited)} libraries asked about, {len(faults)} known faults, {unknown} libraries unknown there")
sys.exit("--strict" in sys.argv and bool(faults))
