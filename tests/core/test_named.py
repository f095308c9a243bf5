"""Names that are given, not listed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from transfer.errors import Misconfigured
from transfer.job.named import named_steps
from transfer.options import Options


async def names(options: Options) -> list[str]:
    return [step.key async for run in named_steps(options) for step in run]


@pytest.mark.parametrize(
    ("content", "nul", "expected"),
    [
        (b"", False, []),
        (b"a\nb/c", False, ["a", "b/c"]),
        (b"a\r\n\r\n b \n", False, ["a", " b "]),
        (b"a\nb\0c\0", True, ["a\nb", "c"]),
        ("é\n".encode() * 3, False, ["é"] * 3),
    ],
)
async def test_names_are_read_line_by_line_or_between_nuls(
    tmp_path: Path, content: bytes, nul: bool, expected: list[str]
) -> None:
    """Empty ones are left out, spaces are not."""
    path = tmp_path / "names"
    path.write_bytes(content)
    assert await names(Options(files_from=path, files_from_nul=nul)) == expected


async def test_many_names_are_read_in_runs(tmp_path: Path) -> None:
    """Also where a name lies across two blocks of the file."""
    path, many = tmp_path / "names", [f"{number:09}" for number in range(20_000)]
    path.write_text("\n".join(many))
    assert await names(Options(files_from=path)) == many
    assert await names(Options(files_from=tuple(many))) == many


async def test_a_list_of_names_that_can_not_be_read_is_refused(tmp_path: Path) -> None:
    """With its path; bytes that are no text are shown."""
    with pytest.raises(Misconfigured, match="none: No such file"):
        await names(Options(files_from=tmp_path / "none"))
    (tmp_path / "bad").write_bytes(b"a\n\xff\n")
    with pytest.raises(Misconfigured, match=r"\\xff"):
        await names(Options(files_from=tmp_path / "bad"))


async def test_reading_names_can_be_left_early(tmp_path: Path) -> None:
    """The file is closed then."""
    path = tmp_path / "names"
    path.write_bytes(b"a\n" * 100_000)
    steps = named_steps(Options(files_from=path))
    assert (await anext(steps))[0].key == "a"
    await steps.aclose()
    assert os.fsencode(path) not in [os.readlink(f"/proc/self/fd/{fd}").encode() for fd in open_files()]


def open_files() -> list[str]:
    return [fd for fd in os.listdir("/proc/self/fd") if os.path.lexists(f"/proc/self/fd/{fd}")]
