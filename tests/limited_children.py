"""A runner that reads files in children with limits, and tells what each one cost.

A child is forked from a runner that has imported everything, so that its peak of memory and its time are those of the
file.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import attrs


@attrs.frozen
class Outcome:
    """What reading a file in a child came to."""

    name: str
    #: "read", "refused", or how the child ended.
    how: str
    said: str
    seconds: float
    megabytes: float


_RUNNER = """
import json, os, resource, sys, time, warnings
warnings.simplefilter("ignore")
import pandas, python_calamine, numpy
import junheng as jh
import junheng.reading.files
given = json.load(sys.stdin)
call = compile(given['call'], 'call', 'exec')
for path in given['paths']:
    r, w = os.pipe()
    pid = os.fork()
    if not pid:
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        before = time.process_time()
        try:
            exec(call)
            out = ["read", ""]
        except jh.JunhengError as exc:
            out = ["refused", str(exc)]
        except BaseException as exc:
            out = [type(exc).__name__, str(exc)[:500]]
        out.append(time.process_time() - before)
        os.write(w, json.dumps(out).encode())
        os._exit(0)
    os.close(w)
    told = b""
    while piece := os.read(r, 65536):
        told += piece
    os.close(r)
    _, status, usage = os.wait4(pid, 0)
    how, said, seconds = json.loads(told) if told else (f"ended by {status}", "", usage.ru_utime + usage.ru_stime)
    print(json.dumps([path, how, said, seconds, usage.ru_maxrss / 1024]), flush=True)
"""


def read_in_children(paths: Iterable[Path], call: str = "jh.describe_file(path, progress=False)") -> list[Outcome]:
    """Read each file in a child of its own, with limits on memory and time."""
    command = [sys.executable, "-c", _RUNNER]
    given = json.dumps({"call": call, "paths": [str(p) for p in paths]})
    done = subprocess.run(
        command, input=given, stdout=subprocess.PIPE, text=True, timeout=600, check=True, cwd=Path(__file__).parents[1]
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [Outcome(Path(p).name, *more) for p, *more in found]
