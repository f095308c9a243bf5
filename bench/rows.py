"""What is measured, in which surroundings, and what is to be reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bench.ground import LINKS, PLAIN, Ground, Link
from bench.targets import Most, Ratio, Share, Target
from transfer.units import format_size

KIB, MIB = 1024, 1024 * 1024
A_FOLDER = 100
"""Files in each folder of a tree."""
_QUICK = 10
"""A quick try has this part of the load."""


class Way(StrEnum):
    """From where to where."""

    UP = "up"
    ACROSS = "across"
    DOWN = "down"
    FROM_OSS = "from-oss"
    TO_COS = "to-cos"

    @property
    def spelled(self) -> str:
        return {
            Way.UP: "disk → S3",
            Way.ACROSS: "S3 → S3",
            Way.DOWN: "S3 → disk",
            Way.FROM_OSS: "OSS → S3",
            Way.TO_COS: "S3 → COS",
        }[self]

    @property
    def between(self) -> bool:
        """Whether no end of it is a disk."""
        return self not in (Way.UP, Way.DOWN)


@dataclass(frozen=True, slots=True)
class Load:
    """A tree of ``count`` files of ``size`` bytes each, and (``among``) one of so many bytes in their midst."""

    name: str
    count: int
    size: int
    among: int = 0

    @property
    def bytes(self) -> int:
        return self.count * self.size + self.among

    @property
    def large(self) -> bool:
        return self.size >= MIB

    def files(self) -> Iterator[tuple[str, int]]:
        """Their names and sizes, in folders of a hundred."""
        for number in range(self.count):
            yield f"{number // A_FOLDER:02}/{number:06}.bin", self.size
        if self.among:
            yield f"{self.count // A_FOLDER // 2:02}/large.bin", self.among

    @property
    def tenth(self) -> Load:
        """A tenth of it, of the same kind."""
        if self.large:
            return replace(self, size=self.size // 8)
        return replace(self, count=-(-self.count // _QUICK), among=self.among // _QUICK)

    def __str__(self) -> str:
        all_but_one = f"{self.count:,} x {format_size(self.size)}"
        return f"1 x {format_size(self.among)} among {all_but_one}" if self.among else all_but_one


@dataclass(frozen=True, slots=True)
class Move:
    """A load is moved to where nothing is."""

    way: Way
    load: Load

    def __str__(self) -> str:
        return f"{self.way.spelled}, {self.load}"


@dataclass(frozen=True, slots=True)
class Same:
    """``count`` objects in each of two buckets, and nothing to do. ``first``: nobody remembers an earlier run."""

    count: int
    first: bool = False

    def __str__(self) -> str:
        return f"nothing to do, {self.count:,} objects on both sides{', first run' if self.first else ''}"


@dataclass(frozen=True, slots=True)
class Version:
    """A program starts, tells its version and ends."""

    def __str__(self) -> str:
        return "start-up: `--version`"


Work = Move | Same | Version


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table of what is to be reached; ``number`` is its number there.

    ``peers`` are globs. Each duel has ``pairs`` pairs, or as many as the command line says; those with peers
    ``peer_pairs`` where that is less. ``alone`` adds runs of ours alone. A peer is ended after ``limit`` seconds,
    if any.
    Rows that are only run when ``asked`` for by name, or with ``--full``, take very long or have no target.
    """

    number: str
    name: str
    work: Work
    targets: Sequence[Target] = ()
    peers: Sequence[str] = ("rclone*", "s5cmd*")
    ground: Ground = PLAIN
    stock_loop: bool = False
    warm: bool = True
    pairs: int | None = None
    peer_pairs: int | None = None
    alone: bool = False
    limit: float | None = None
    asked: bool = False

    @property
    def load(self) -> Load | None:
        return self.work.load if isinstance(self.work, Move) else None

    def __str__(self) -> str:
        loop = ", asyncio's own loop" if self.stock_loop else ""
        return f"{self.number}. {self.work}{self.ground}{loop}"


LARGE = Load("large", 4, 256 * MIB)
SMALL = Load("small", 20_000, 4 * KIB)
_MIXED = Load("mixed", 5_000, 4 * KIB, among=2048 * MIB)
_ONE = Load("one", 1, 4 * KIB)
_GIB = Load("gib", 1, 1024 * MIB)
_QUARTER = Load("quarter", 1, 256 * MIB)
_HUNDREDS = Load("hundreds", 2_000, 100 * KIB)
_TLS, _MD5 = Ground(tls=True), Ground(md5_only=True)
_OVER_TLS = (Ratio("CPU", 0.8, "rclone*"), Ratio("wall", 0.9, "rclone*"))
_SMALL_DISK = (Ratio("wall", 0.8), Ratio("CPU", 0.8))
_NOTHING = (Ratio("CPU", 0.7, "rclone*"), Ratio("wall", 0.7, "rclone*"), Most("memory", 120 * MIB))
_FLAT = (Most("memory", 150 * MIB),)
_ACROSS = (Ratio("CPU", 0.55, "rclone*"), Ratio("wall", 0.9, "rclone*"), Most("memory", 200 * MIB))
_CARRIED = (Ratio("CPU", 0.7, "rclone*"), Ratio("wall", 0.9, "rclone*"))
_TUNED, _UNFLAGGED = ("rclone, tuned",), ("rclone", "s5cmd")
_PATIENCE_SECONDS = 150.0
_REFERENCE = "transfer, S3 → S3"
_AS_S3 = (Ratio("CPU", 1.15, _REFERENCE),)

_LOCAL = (
    Row("1", "across-large", Move(Way.ACROSS, LARGE), _ACROSS),
    Row("2", "up-large", Move(Way.UP, LARGE), (Ratio("CPU", 0.6),)),
    Row("3", "down-large", Move(Way.DOWN, LARGE), (Ratio("CPU", 1.0),)),
    Row("3", "down-large-md5", Move(Way.DOWN, LARGE), (Ratio("CPU", 0.8, "rclone*"),), ground=_MD5),
    Row("4", "across-small", Move(Way.ACROSS, SMALL), _CARRIED),
    Row(
        "4",
        "across-small-stock",
        Move(Way.ACROSS, SMALL),
        (Ratio("CPU", 0.9, "rclone*"),),
        peers=_TUNED,
        stock_loop=True,
    ),
    Row("5", "up-small", Move(Way.UP, SMALL), _SMALL_DISK),
    Row("5", "down-small", Move(Way.DOWN, SMALL), _SMALL_DISK),
    Row("6", "same-100k", Same(100_000), _NOTHING),
    Row("6", "same-100k-first", Same(100_000, first=True), _NOTHING, peers=_TUNED),
    Row("7", "same-1m", Same(1_000_000), _FLAT, peers=_TUNED, peer_pairs=2),
    Row(
        "7",
        "same-10m",
        Same(10_000_000),
        (*_FLAT, Ratio("wall", 11.0, "transfer, a tenth")),
        peers=("transfer, a tenth",),
        warm=False,
        pairs=1,
        asked=True,
    ),
    Row("8", "tls-across-large", Move(Way.ACROSS, LARGE), _OVER_TLS, ground=_TLS),
    Row("8", "tls-up-large", Move(Way.UP, LARGE), _OVER_TLS, ground=_TLS),
    Row("8", "tls-down-large", Move(Way.DOWN, LARGE), _OVER_TLS, ground=_TLS),
    Row("8", "tls-across-small", Move(Way.ACROSS, SMALL), _OVER_TLS, ground=_TLS),
)
_STARTING = (
    Row("10", "start-version", Version(), (Most("wall", 0.12),), peers=_UNFLAGGED, pairs=10),
    Row("10", "start-one", Move(Way.UP, _ONE), (Most("wall", 0.45),), peers=("*, tuned",), pairs=10),
    Row("11", "curl", Move(Way.ACROSS, LARGE), (Ratio("CPU", 1.6, "curl"),), peers=("curl",)),
    Row("12", "mixed", Move(Way.ACROSS, _MIXED), peers=_TUNED),
)

_CLOUDS = tuple(
    Row(
        number,
        f"{name}-{size}",
        Move(way, load),
        _AS_S3,
        peers=(_REFERENCE,),
        ground=Ground(emulated=True),
    )
    for number, name, way in (("13", "oss-to-s3", Way.FROM_OSS), ("14", "s3-to-cos", Way.TO_COS))
    for size, load in (("large", LARGE), ("small", SMALL))
)


def _far(shape: str, link: Link) -> Sequence[Row]:
    """The rows of one shape of link, with bbr and with cubic; targets are set for the first shape alone."""
    aimed = link == next(iter(LINKS.values()))
    rate = link.rate_mbit * 1e6 / 8
    fast, loaded, capped = Share(0.85, rate), Share(0.4, rate), Share(0.8, rate, lanes="curl, one connection")

    def row(number: str, name: str, work: Move, targets: Sequence[Target], control: str, *more: str) -> Row:
        return Row(
            number,
            f"wan-{shape}-{name}",
            work,
            targets if aimed else (),
            peers=(*_UNFLAGGED, *more),
            ground=Ground(link=replace(link, control=control)),
            warm=False,
            peer_pairs=1,
            alone=True,
            limit=_PATIENCE_SECONDS,
            asked=not aimed,
        )

    many = (loaded, Ratio("wall", 1 / 8, "rclone"))
    return (
        row("9", "down-large", Move(Way.DOWN, _GIB), (fast,), "bbr"),
        row("9", "up-large", Move(Way.UP, _GIB), (fast,), "bbr"),
        row("9", "down-small", Move(Way.DOWN, _HUNDREDS), many, "bbr"),
        row("9", "up-small", Move(Way.UP, _HUNDREDS), many, "bbr"),
        row("9b", "cubic-down", Move(Way.DOWN, _GIB), (Share(0.5, rate),), "cubic"),
        row("9b", "cubic-up", Move(Way.UP, _QUARTER), (capped,), "cubic", "curl, one connection"),
    )


def rows(*, quick: bool = False) -> tuple[Row, ...]:
    """All rows in their order; the loads of ``quick`` are about a tenth."""
    far = [row for shape, link in LINKS.items() for row in _far(shape, link)]
    found = (*_LOCAL, *far, *_STARTING, *_CLOUDS)
    return tuple(map(_quickened, found)) if quick else found


def _quickened(row: Row) -> Row:
    match row.work:
        case Move(way, load):
            return replace(row, work=Move(way, load.tenth), pairs=None)
        case Same(count, first):
            return replace(row, work=Same(count // _QUICK, first), pairs=None)
    return replace(row, pairs=None)
