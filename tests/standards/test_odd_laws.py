"""Standard files that are broken or made to hurt end in one documented error, soon and in little memory."""

import random
import resource
import subprocess
import sys
from pathlib import Path

import odd_laws
import pytest

import junheng as jh

CHILD = """
import resource, sys
import junheng as jh
jh.load_standard("cn-quality-balance-2017")
used = resource.getrusage(resource.RUSAGE_SELF)
before = used.ru_utime + used.ru_stime
try:
    jh.load_standard(sys.argv[1])
except jh.StandardDataError as exc:
    exc.text("zh").encode(), str(exc).encode()
    head = str(exc).splitlines()[1]
else:
    sys.exit("it was read")
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_maxrss // 1024, used.ru_utime + used.ru_stime - before, head[:300].encode("ascii", "replace").decode())
"""


def in_child(path: Path) -> tuple[int, float, str]:
    """Load a file in a child with limits; return its peak memory in MB, its time and the first mistake."""

    def limits() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))

    got = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, preexec_fn=limits, timeout=120
    )
    assert got.returncode == 0, got.stderr[-800:]
    memory, seconds, head = got.stdout.split(" ", 2)
    return int(memory), float(seconds), head


@pytest.mark.parametrize("name", odd_laws.HOSTILE)
def test_a_hostile_file_ends_in_one_error_soon_and_in_little_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(odd_laws.HOSTILE[name]().encode())
    memory, seconds, head = in_child(path)
    assert memory <= 300 and seconds <= 2, (memory, seconds, head)


def test_a_long_chain_of_extends_is_refused_and_a_short_one_read(tmp_path: Path) -> None:
    head = odd_laws.HEAD.replace('id = "xx-own"\n', "").replace('parts = ["basic_standard"]\n', "")
    for i in range(1_200):
        extends = f'extends = "{i + 1}.toml"\n' if i < 1_199 else 'extends = "cn-quality-balance-2017"\n'
        (tmp_path / f"{i}.toml").write_text(f'id = "xx-{i}"\n{extends}{head}', encoding="utf-8")
    memory, seconds, message = in_child(tmp_path / "0.toml")
    assert memory <= 300 and seconds <= 2 and "extend each other" in message
    assert jh.load_standard(tmp_path / "1190.toml").id == "xx-1190"


def test_files_that_extend_each_other_in_a_circle_are_refused(tmp_path: Path) -> None:
    for i in range(3):
        text = f'id = "xx-{i}"\nextends = "{(i + 1) % 3}.toml"\n' + odd_laws.HEAD.replace('id = "xx-own"\n', "")
        (tmp_path / f"{i}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(jh.StandardDataError, match="extends itself"):
        jh.load_standard(tmp_path / "0.toml")


@pytest.mark.parametrize("name", ["a" * 300 + ".toml", "a\x00.toml", "\ud800.toml", "no/such.toml", "/dev/null/x.toml"])
def test_a_path_that_no_file_can_have_is_told(name: str) -> None:
    with pytest.raises(jh.UnknownStandardError):
        jh.load_standard(name)
    with pytest.raises(jh.UnknownStandardError):
        jh.load_standard(Path(name))


def test_mutated_standards_are_read_or_refused(tmp_path: Path) -> None:
    wrong = {seed: found for seed in range(60) if (found := odd_laws.hunt(seed, tmp_path)) is not None}
    assert not wrong


@pytest.mark.slow
def test_many_mutated_standards_are_read_or_refused(tmp_path: Path) -> None:
    wrong = {seed: found for seed in range(100, 2_100) if (found := odd_laws.hunt(seed, tmp_path)) is not None}
    assert not wrong


def test_the_generator_draws_files_that_are_read_and_files_that_are_not(tmp_path: Path) -> None:
    """Else the hunt would prove nothing."""
    ended = set()
    for seed in range(40):
        (tmp_path / "own.toml").write_bytes(odd_laws.mutated(random.Random(seed)))
        try:
            jh.load_standard(tmp_path / "own.toml")
            ended.add("read")
        except jh.StandardDataError:
            ended.add("refused")
    assert ended == {"read", "refused"}
