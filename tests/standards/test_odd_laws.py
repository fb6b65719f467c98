"""Standard files that are broken or made to hurt end in one documented error, soon and in little memory."""

import random
from pathlib import Path

import odd_laws
import pytest
from limited_children import Outcome, read_in_children

import junheng as jh

CALL = "jh.load_standard(path)"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    folder = tmp_path_factory.mktemp("laws")
    paths = {name: folder / f"{i}.toml" for i, name in enumerate(odd_laws.HOSTILE)}
    for name, path in paths.items():
        path.write_bytes(odd_laws.HOSTILE[name]().encode())
    return dict(zip(paths, read_in_children(paths.values(), CALL), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", odd_laws.HOSTILE)
def test_a_hostile_file_ends_in_one_error_soon_and_in_little_memory(name: str, hostile: dict[str, Outcome]) -> None:
    one = hostile[name]
    assert one.how == "refused" and one.megabytes <= 300 and one.seconds <= 2, one


@pytest.mark.slow
def test_a_long_chain_of_extends_is_refused_and_a_short_one_read(tmp_path: Path) -> None:
    head = odd_laws.HEAD.replace('id = "xx-own"\n', "").replace('parts = ["basic_standard"]\n', "")
    for i in range(1_200):
        extends = f'extends = "{i + 1}.toml"\n' if i < 1_199 else 'extends = "cn-quality-balance-2017"\n'
        (tmp_path / f"{i}.toml").write_text(f'id = "xx-{i}"\n{extends}{head}', encoding="utf-8")
    (one,) = read_in_children([tmp_path / "0.toml"], CALL)
    assert one.how == "refused" and one.megabytes <= 300 and one.seconds <= 2 and "extend each other" in one.said
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


@pytest.mark.long
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
