"""What is to be done with one key, from what is known without another request. Pure."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from transfer.checkpoint import Kept, Look, Row
from transfer.filters import Filter
from transfer.model import Entry, Kind, Proven, Unlisted
from transfer.options import Compare
from transfer.values import dataclass

UNCHANGED = "unchanged since the last run"
SAME_MTIME = "same size and mtime"
OTHER_MTIME = "mtime differs"
_BY_CONTENT = (Compare.DEFAULT, Compare.CHECKSUM, Compare.MTIME_AND_CHECKSUM)
_BY_MTIME = (Compare.DEFAULT, Compare.MTIME, Compare.MTIME_AND_CHECKSUM)
_SECOND_NS = 1_000_000_000


class Do(StrEnum):
    """What a step asks for."""

    COPY = "copy"
    LOOK_UP = "look up"
    """Known by name only: ask both sides for it first."""
    INSPECT = "inspect"
    """Look closer (HEADs, a hash) and then copy, update or skip."""
    UPDATE = "update"
    SKIP = "skip"
    DELETE = "delete"
    LEAVE = "leave"
    """Left out by rule: a socket, a skipped symlink, a folder marker."""
    FAIL = "fail"
    FORGET = "forget"
    """Gone on both sides: the checkpoint's row may go too."""


@dataclass(frozen=True, slots=True)
class Step:
    """One decision, as a plain value. ``proven`` tells of a skip that equality was shown, not assumed."""

    do: Do
    key: str
    reason: str
    source: Entry | None = None
    target: Entry | None = None
    row: Row | None = None
    proven: bool = False
    to: str | None = None
    """The target's key where it is another."""
    new: bool = False
    """A skip that the checkpoint does not know yet: to be kept there, so that a later change is noticed."""

    @property
    def target_key(self) -> str:
        return self.key if self.to is None else self.to


@dataclass(frozen=True, slots=True)
class Rules:
    """The options that decisions depend on.

    ``shape`` is the fingerprint of what shapes target objects. ``folders`` says that a side
    is a disk, where a key ending in ``/`` is a folder. ``run`` is this run's number, by which
    rows that it wrote itself are known.
    """

    compare: Compare = Compare.DEFAULT
    existing: bool = False
    ignore_existing: bool = False
    update: bool = False
    delete: bool = False
    two_way: bool = False
    """Verify: what only the target has is a difference."""
    filter: Filter = Filter()
    shape: str = ""
    folders: bool = False
    empty_dirs: bool = False
    run: int = -1
    since: int | None = None
    """The first run of a copy that was interrupted: what was written since then is not copied again."""
    unfinished: frozenset[str] = frozenset()
    """Keys with an upload left open by an earlier run, which goes on."""
    unsettled_ns: int | None = None
    """Since when runs began that did not complete: what arrived in them may not be written down."""

    @property
    def trust_looks(self) -> bool:
        """Whether an object that looks on both sides as it did at its last success is skipped without further ado."""
        return self.compare is Compare.DEFAULT and not self.ignore_existing and self.filter.is_empty


def decide(
    key: str,
    source: Entry | Unlisted | None,
    target: Entry | Unlisted | None,
    row: Row | None,
    rules: Rules,
    *,
    shielded: bool = False,
) -> Step | None:
    """The step for one key; None where there is nothing to do and nothing to say."""
    everything = rules.filter.is_empty
    if isinstance(source, Unlisted):
        return _unlisted(source) if rules.filter.passes_unlisted(source) else None
    if isinstance(target, Unlisted) and target.failed and rules.two_way and rules.filter.passes_unlisted(target):
        return _unlisted(target)
    if not everything and not rules.filter.passes_key(key):
        return None
    there = target if isinstance(target, Entry) else None
    if source is None:
        return None if shielded or there is not target else _only_target(key, there, row, rules)
    if not everything and not rules.filter.passes_entry(source):
        return None
    if _is_folder_marker(source, rules):
        return Step(Do.LEAVE, key, "folder marker; --empty-dirs carries them", source)
    if row is not None and row.run == rules.run:
        return None
    if there is None:
        return _only_source(key, source, row, rules)
    return _both(key, source, there, row, rules)


def unchanged(key: str, source: Entry, target: Entry, kept: Kept, rules: Rules) -> Step | None:
    """What :func:`decide` says of most objects of most runs, for less work; None where it must be asked.

    Only for rules that :attr:`~Rules.trust_looks`.
    """
    proven = kept.still_holds(source, target, rules.shape, rules.run)
    if proven is None or _is_folder_marker(source, rules):
        return None
    return Step(Do.SKIP, key, UNCHANGED, source, target, proven=proven)


def may_be_doubted(step: Step) -> bool:
    """Whether the step rests on how the target's object looks, so that :func:`doubted` may change it."""
    return step.target is not None and step.do in (Do.SKIP, Do.INSPECT, Do.UPDATE)


def doubted(step: Step, left: Look | None, rules: Rules) -> Step:
    """What to do instead with an object that a failed try may have left at the target.

    Its size and time prove nothing then, for we gave it both, and an ETag is no proof against bytes that
    read back wrong. ``left`` is how it looked after that try, if known: where others' objects are not to
    be overwritten, only what still looks so is ours.
    """
    if not may_be_doubted(step):
        return step
    if rules.update or rules.ignore_existing:
        assert step.target is not None
        if left is None or not left.same(step.target):
            return step
    if rules.ignore_existing:
        reason = "an earlier try to write it failed, and --ignore-existing forbids another"
        return replace(step, do=Do.FAIL, reason=reason)
    return replace(step, do=Do.COPY, reason="an earlier try to write it failed", proven=False, new=False)


def _unlisted(item: Unlisted) -> Step:
    return Step(Do.FAIL if item.failed else Do.LEAVE, item.key, f"{item.why}: {item.detail}")


def _only_target(key: str, target: Entry | None, row: Row | None, rules: Rules) -> Step | None:
    if target is None:
        return Step(Do.FORGET, key, "gone on both sides", row=row)
    if not rules.filter.passes_entry(target) or _is_folder_marker(target, rules):
        return None
    if rules.two_way:
        return Step(Do.FAIL, key, "only at the target", target=target)
    return Step(Do.DELETE, key, "not at the source any more", target=target, row=row) if rules.delete else None


def is_object(item: Entry | Unlisted, filter_: Filter) -> bool:
    """Whether ``item`` passes, and is more than the mark of a folder, which an unmounted disk has too."""
    if isinstance(item, Unlisted) or _marks_folder(item):
        return False
    return filter_.passes_key(item.key) and filter_.passes_entry(item)


def _is_folder_marker(entry: Entry, rules: Rules) -> bool:
    if rules.empty_dirs or not rules.folders:
        return False
    return _marks_folder(entry)


def _marks_folder(entry: Entry) -> bool:
    return entry.kind is Kind.FOLDER or (entry.key.endswith("/") and entry.size == 0)


def _only_source(key: str, source: Entry, row: Row | None, rules: Rules) -> Step:
    if rules.existing:
        return Step(Do.SKIP, key, "not at the target, and --existing", source)
    reason = "gone from the target" if row is not None else "new"
    return Step(Do.COPY, key, reason, source, row=row)


def _both(key: str, source: Entry, target: Entry, row: Row | None, rules: Rules) -> Step:
    if rules.ignore_existing:
        return Step(Do.SKIP, key, "exists at the target, and --ignore-existing", source, target)
    step = compare(key, source, target, row, rules)
    if key in rules.unfinished and (row is None or step.do is not Do.SKIP):
        return Step(Do.COPY, key, "an earlier run was interrupted in it", source, target, row)
    if rules.update and step.do is not Do.SKIP:
        return replace(step, do=Do.INSPECT)
    return step


def compare(key: str, source: Entry, target: Entry, row: Row | None, rules: Rules) -> Step:
    """Judge two entries by what their listings and the checkpoint tell."""
    if rules.compare is Compare.ALWAYS:
        return _always(key, source, target, row, rules)
    if rules.compare is Compare.DEFAULT and row is not None:
        step = _by_checkpoint(key, source, target, row, rules)
        if step is not None:
            return step
    if source.size is not None and target.size is not None and source.size != target.size:
        return Step(Do.COPY, key, "size differs", source, target, row)
    return _same_size(key, source, target, row, rules)


def _always(key: str, source: Entry, target: Entry, row: Row | None, rules: Rules) -> Step:
    if row is None or rules.since is None or row.run < rules.since:
        return Step(Do.COPY, key, "--compare always", source, target, row)
    as_written = row.source.same(source) and row.target.same(target) and not row.racy
    if as_written and row.shape == rules.shape:
        return Step(Do.SKIP, key, "copied before the interruption", source, target, row, proven=_proven(row))
    return Step(Do.COPY, key, "changed since it was copied", source, target, row)


def _proven(row: Row) -> bool:
    return row.proof.proven is not Proven.UNPROVEN


def _by_checkpoint(key: str, source: Entry, target: Entry, row: Row, rules: Rules) -> Step | None:
    """What the last success tells; None where it tells nothing."""
    if not row.target.same(target):
        return None
    if not row.source.same(source):
        if source.size is None or row.source.size == source.size:
            return Step(Do.INSPECT, key, "changed at the source", source, target, row)
        return Step(Do.COPY, key, "changed at the source", source, target, row)
    if row.racy:
        return Step(Do.INSPECT, key, "was being written when it was last read", source, target, row)
    if row.shape != rules.shape:
        return Step(Do.UPDATE, key, "options for the target changed", source, target, row)
    return Step(Do.SKIP, key, UNCHANGED, source, target, proven=_proven(row))


def _same_size(key: str, source: Entry, target: Entry, row: Row | None, rules: Rules) -> Step:
    if rules.compare is Compare.SIZE and source.size is not None and source.size == target.size:
        return Step(Do.SKIP, key, "same size", source, target, row)
    if rules.compare in _BY_CONTENT and same_etag(source, target):
        return Step(Do.SKIP, key, "same size and ETag", source, target, row, proven=True, new=True)
    # A target that somebody touched since we proved it may have other bytes and yet its time.
    touched = rules.compare is Compare.DEFAULT and row is not None
    same = same_mtime(source.mtime_ns, target.mtime_ns, rules.compare)
    if same and rules.compare in _BY_MTIME and not touched:
        return Step(Do.SKIP, key, SAME_MTIME, source, target, row, new=rules.compare is Compare.DEFAULT)
    if same is False and rules.compare is Compare.MTIME_OR_CHECKSUM:
        return Step(Do.COPY, key, OTHER_MTIME, source, target, row)
    return Step(Do.INSPECT, key, "same size; content to be compared", source, target, row)


def same_mtime(source_ns: int | None, target_ns: int | None, compare: Compare) -> bool | None:
    """Whether the times of last change are equal; None where one is not known.

    Some stores keep whole seconds, and who asks for times to be compared wants as much of them compared as is kept.
    """
    if source_ns is None or target_ns is None:
        return None
    if compare is not Compare.DEFAULT and target_ns % _SECOND_NS == 0:
        source_ns -= source_ns % _SECOND_NS
    return source_ns == target_ns


def same_etag(source: Entry, target: Entry) -> bool:
    """Equal ETags with equal sizes mean equal content; different ones mean nothing."""
    if source.etag is None or target.etag is None or source.size != target.size:
        return False
    # Some spell the hexadecimal digits of an MD5 in capitals.
    return source.etag == target.etag or source.etag.lower() == target.etag.lower()
