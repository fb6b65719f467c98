"""Read a file in a process of its own, with limits: a second fence around strangers' files (private).

The first fence is that nothing is opened before it is measured. Where a library fails in spite of that, the process it
fails in is not the caller's. A new interpreter is started, never a copy of this one; it reads the bytes it is handed,
hands back the result and ends.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import IO, Any

from attrs import evolve, frozen

from junheng.errors import InputError
from junheng.reading.choices import Choices
from junheng.reading.fact_forms import facts_of
from junheng.reading.input_file import InputFile
from junheng.reading.tables import read_file
from junheng.words import message

#: What the child may use: a fixed amount, and more for each byte of the file.
MEMORY = 3_000_000_000
MEMORY_PER_BYTE = 100
SECONDS = 60.0
SECONDS_PER_BYTE = 5e-6
#: The child may wait for others as long as this beside its own time.
_PATIENCE = 4.0
#: How a child ends that used up its time; Windows does not know it.
_OUT_OF_TIME = getattr(signal, "SIGXCPU", 0)
#: What code raises that did not expect such a file; other errors come of the limits, or of a library that broke down.
_FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, NameError, TypeError, ValueError)
_CODE = "import sys; sys.path[:] = {path!r}; from junheng.reading.isolation import serve; serve()"


@frozen(eq=False)
class Task:
    """What the child is asked to read."""

    what: str
    file: InputFile
    arguments: tuple[Any, ...]
    memory: int
    seconds: float


def isolated_report(file: InputFile, choices: Choices) -> Any:
    """Return what ``read_file`` returns, read in another process."""
    return _asked("report", file, (evolve(choices, mapping=_plain(choices.mapping)),))


def isolated_facts(file: InputFile, sheet: Any, mapping: Mapping[str, str] | None) -> Any:
    """Return what ``facts_of`` returns, read in another process."""
    return _asked("facts", file, (sheet, _plain(mapping)))


def _plain(mapping: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if mapping is None else dict(mapping)


def _asked(what: str, file: InputFile, arguments: tuple[Any, ...]) -> Any:
    size = len(file.data)
    task = Task(what, file, arguments, MEMORY + MEMORY_PER_BYTE * size, SECONDS + SECONDS_PER_BYTE * size)
    if not sys.executable or getattr(sys, "frozen", False):
        # the interpreter is part of another program, which would be started instead
        raise InputError(message("reading.isolated_not_started", path=file.name))
    command = [sys.executable, "-c", _CODE.format(path=[p for p in sys.path if isinstance(p, str)])]
    try:
        done = subprocess.run(
            command,
            input=pickle.dumps(task),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE * task.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InputError(message("reading.isolated_time", path=file.name, seconds=task.seconds)) from None
    except (OSError, ValueError):
        raise InputError(message("reading.isolated_not_started", path=file.name)) from None
    return _answer(file, task, done)


def _answer(file: InputFile, task: Task, done: subprocess.CompletedProcess[bytes]) -> Any:
    """Return the result of a child, or raise what it raised; a child that says nothing has failed."""
    if done.returncode != 0 or not done.stdout:
        if done.returncode == -_OUT_OF_TIME:
            raise InputError(message("reading.isolated_time", path=file.name, seconds=task.seconds))
        raise InputError(message("reading.isolated_died", path=file.name))
    # only our own child has written this
    good, result = pickle.loads(done.stdout)
    if good:
        return result
    raise result


# ---------------------------------------------------------------------------------------------- in the child


def serve() -> None:
    """Read one task from standard input, and write what came of it to standard output."""
    out = _own_output()
    task: Task = pickle.load(sys.stdin.buffer)
    _set_limits(task.memory, task.seconds)
    good, result = _done(task)
    pickle.dump((good, result), out)
    out.flush()
    # nothing that a library left behind may stop or fail the end
    os._exit(0)


def _own_output() -> IO[bytes]:
    """Keep standard output for the result; whatever a library prints goes nowhere."""
    out = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return out


def _set_limits(memory: int, seconds: float) -> None:
    try:
        import resource
    except ImportError:
        # Windows: the caller looks at the time
        return
    for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, int(seconds) + 1)):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, hard))


def _done(task: Task) -> tuple[bool, Any]:
    try:
        if task.what == "report":
            (choices,) = task.arguments
            return True, read_file(task.file, choices, lambda done: None)
        return True, facts_of(task.file, *task.arguments)
    except InputError as exc:
        return False, exc
    except _FAULTS as exc:
        return False, InputError(message("reading.isolated_failed", path=task.file.name, error=type(exc).__name__))
    except BaseException:
        return False, InputError(message("reading.isolated_died", path=task.file.name))
