"""What options may be, alone and beside each other: the rest is refused in a sentence that names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

import transfer
from transfer.errors import Misconfigured
from transfer.filters import Filter
from transfer.options import Compare, Options, Verify
from transfer.plugin import StoreOptions
from transfer.rates import parse_limit

MIB = 1024 * 1024

# As programs call them that no type checker has seen.
options_of: Callable[..., Options] = Options
store_options_of: Callable[..., StoreOptions] = StoreOptions


@pytest.mark.parametrize("kind", [Options, StoreOptions])
def test_no_field_takes_what_it_can_not_be(kind: Callable[..., Any]) -> None:
    """An object of no meaning is refused everywhere, by the field's name."""
    for field in fields(kind):  # type: ignore[arg-type]
        with pytest.raises(Misconfigured, match=rf"^(--)?{field.name.replace('_', '[_-]')}\b"):
            kind(**{field.name: object()})


@pytest.mark.parametrize("kind", [Options, StoreOptions])
def test_each_field_takes_its_default(kind: Callable[..., Any]) -> None:
    """Given or not."""
    for field in fields(kind):  # type: ignore[arg-type]
        default = field.default if field.default is not MISSING else {}
        assert kind(**{field.name: default}) == kind()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"compare": "bogus"},
            (
                "--compare can't be 'bogus'; it is one of default, size, mtime, checksum, mtime-and-checksum, "
                "mtime-or-checksum, always."
            ),
        ),
        ({"verify": "never"}, "--verify can't be 'never'; it is one of auto, readback."),
        ({"delete": 1}, "delete must be True or False, not 1."),
        ({"retries": -1}, "--retries must be at least 0."),
        ({"retries": True}, "retries must be a whole number, not True."),
        ({"max_errors": 1.5}, "max_errors must be a whole number, not 1.5."),
        ({"max_delete": -1, "delete": True}, "--max-delete must be at least 0."),
        ({"memory": 0}, "--memory must be at least 1MiB."),
        ({"memory": "64M"}, "memory must be a whole number, not '64M'."),
        ({"transfers": 0}, "--transfers must be at least 1."),
        ({"processes": 0}, "--processes must be at least 1."),
        ({"part_size": 0}, "--part-size must be at least 1."),
        ({"multipart_threshold": 0}, "--multipart-threshold must be at least 1."),
        ({"size_hint": -1}, "--size-hint must be at least 0."),
        ({"bwlimit": 0}, "A limit must be at least 1 byte a second; leave it out for none."),
        ({"bwlimit": 1.5}, "bwlimit must be a number, a text or a timetable, not 1.5."),
        ({"tps": 0}, "--tps must be more than 0."),
        ({"tps": float("nan")}, "--tps must be more than 0."),
        ({"storage_class": ""}, "--storage-class is empty; is a variable unset?"),
        ({"map_class": {"GLACIER": ""}}, "--map-class: 'GLACIER=' lacks a name; write for example GLACIER=Archive."),
        ({"map_class": "GLACIER=Archive"}, "map_class must be a mapping, not a str."),
        ({"report": 1}, "report must be a path, not 1."),
        ({"report": "."}, "--report: '.' names no file."),
        ({"spool": ""}, "--spool is empty; is a variable unset?"),
        ({"spool": 1}, "spool must be a path, not 1."),
        ({"files_from": ("a", 1)}, "files_from must be a text, not 1."),
        ({"filter": "*.jpg"}, "filter must be a Filter, not '*.jpg'."),
        ({"target_settings": {"secret_access_key": 7}}, "target_settings: the value of 'secret_access_key' must be a"),
    ],
)
def test_a_value_that_can_not_be_is_refused(options: Mapping[str, Any], sentence: str) -> None:
    """When the options are made, and not deep inside a run."""
    with pytest.raises(Misconfigured) as raised:
        Options(**options)
    assert str(raised.value).startswith(sentence)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"links": "maybe"}, "--links can't be 'maybe'; it is one of skip, follow, keep."),
        ({"connect_timeout": 0}, "--connect-timeout must be more than 0."),
        ({"idle_timeout": "1m"}, "idle_timeout must be a number, not '1m'."),
        ({"connections": 0}, "--connections must be at least 1."),
        ({"acl": ""}, "--acl is empty; is a variable unset?"),
    ],
)
def test_a_value_that_no_store_knows_is_refused(options: Mapping[str, Any], sentence: str) -> None:
    """Whatever the stores are."""
    with pytest.raises(Misconfigured) as raised:
        StoreOptions(**options)
    assert str(raised.value) == sentence


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"files_from": ("a",), "delete": True}, ("--files-from", "--delete")),
        ({"files_from_nul": True}, ("-0", "--files-from")),
        ({"files_from_nul": True, "files_from": ("a",)}, ("-0", "--files-from")),
        ({"max_delete": 5}, ("--max-delete", "--delete")),
        ({"allow_empty_source": True}, ("--allow-empty-source", "--delete")),
        ({"existing": True, "ignore_existing": True}, ("--existing", "--ignore-existing")),
        ({"immutable": True, "backup_dir": "memory://old"}, ("--immutable", "--backup-dir")),
        ({"ignore_existing": True, "backup_dir": "memory://old"}, ("--ignore-existing", "--backup-dir")),
        ({"part_size": 16 * MIB, "memory": 16 * MIB}, ("--part-size", "--memory")),
        ({"size_hint": 5, "spool": "."}, ("--size-hint", "--spool")),
        ({"size_hint": 5, "filter": Filter(max_size=5)}, ("--size-hint", "--max-size")),
        ({"map_class": {"A": "B"}, "storage_class": "COLD"}, ("--storage-class", "--map-class")),
        ({"metadata": False, "map_class": {"A": "B"}}, ("--no-metadata", "--map-class")),
        ({"metadata": False, "strict_metadata": True}, ("--no-metadata", "--strict-metadata")),
        ({"metadata": False, "stores": StoreOptions(tags=True)}, ("--no-metadata", "--tags")),
        ({"metadata": False, "stores": StoreOptions(owner=True)}, ("--no-metadata", "--owner")),
    ],
)
def test_what_contradicts_itself_is_refused(options: Mapping[str, Any], names: tuple[str, str]) -> None:
    """And both options are named; the command line says the same, for its options become these."""
    with pytest.raises(Misconfigured) as raised:
        Options(**options)
    assert all(name in str(raised.value) for name in names)


@pytest.mark.parametrize(
    "options",
    [
        {"update": True, "compare": Compare.ALWAYS},
        {"spool": ".", "filter": Filter(max_size=5)},
        {"immutable": True, "backup_dir": "memory://old", "delete": True},
        {"max_delete": 0, "delete": True},
        {"metadata": False, "storage_class": "COLD"},
    ],
)
def test_what_makes_sense_together_is_taken(options: Mapping[str, Any]) -> None:
    """As rsync takes --update with --ignore-times; and what is deleted is worth a backup though nothing is replaced."""
    assert Options(**options)


def test_texts_stand_for_paths_and_words() -> None:
    """Fields have the same values, whichever way they were given."""
    options = options_of(
        compare="size",
        verify="readback",
        report="r.csv",
        checkpoint="c.sqlite",
        config="t.toml",
        profile="p.json",
        files_from="names",
        backup_dir=Path("old"),
        stores=store_options_of(sse_c_key_file=Path("key")),
    )
    assert options == Options(
        compare=Compare.SIZE,
        verify=Verify.READBACK,
        report=Path("r.csv"),
        checkpoint=Path("c.sqlite"),
        config=Path("t.toml"),
        profile=Path("p.json"),
        files_from=Path("names"),
        backup_dir="old",
        stores=StoreOptions(sse_c_key_file="key"),
    )
    assert isinstance(options.compare, Compare)
    assert options_of(files_from=["a", "b"]).files_from == ("a", "b")
    assert Options(bwlimit="10M").bwlimit == "10M"
    assert Options(bwlimit=parse_limit("10M"), tps=float("inf"), size_hint=0)


async def test_a_path_names_a_side(tmp_path: Path) -> None:
    """Every verb of the API takes what Python takes for a path."""
    source, target = tmp_path / "tree", tmp_path / "out"
    source.mkdir()
    (source / "a").write_bytes(b"data")
    options = options_of(report=str(tmp_path / "report.csv"))
    assert (await transfer.sync(source, target, options)).totals.copied == 1
    assert "a,4,copy,done" in (tmp_path / "report.csv").read_text()
    assert (await transfer.verify(source, target)).ok
    assert (await transfer.copy(source / "a", target / "b")).ok
    assert [chunk async for chunk in transfer.cat(target / "b")] == [b"data"]
    assert [entry.key async for page in transfer.list_objects(target) for entry in page.items] == ["a", "b"]
    assert (await transfer.remove(target / "b")).ok
    assert [type(event).__name__ async for event in transfer.events(source, target)][-1] == "RunFinished"
    assert not (target / "b").exists()


@pytest.mark.parametrize("wrong", [5, None, b"bytes", Path("s3://bucket/x")])
async def test_what_names_no_side_is_refused(tmp_path: Path, wrong: Any) -> None:
    """In a sentence; a Path makes another text of a URL, which would be a folder named 's3:'."""
    for call in (transfer.sync(wrong, tmp_path), transfer.copy(tmp_path, wrong), transfer.remove(wrong)):
        with pytest.raises(Misconfigured, match=r"^(source|target|url)\b.*(must be a URL|a Path takes a slash)"):
            await call
