"""In what pieces a parked object is asked for, and which of them are still missing at the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transfer.checkpoint import Asked, Checkpoint, Parked
from transfer.model import Span
from transfer.partition import cut
from transfer.pipeline.multipart import planned_part
from transfer.pipeline.route import Route
from transfer.pipeline.way import in_parts
from transfer.thaw.allowance import Allowance
from transfer.thaw.ranges import ranges

Piece = Span | None
"""None is the whole object."""
_WHOLE: Sequence[Piece] = (None,)


@dataclass(frozen=True, slots=True)
class Pieces:
    """Of one object: those that are yet to be copied, and the requests for others, which are not."""

    missing: Sequence[Piece]
    copied: Sequence[Asked] = ()


async def pieces_of(
    route: Route,
    checkpoint: Checkpoint,
    parked: Parked,
    asked: Sequence[Asked],
    allowance: Allowance,
    goodput: float | None,
) -> Pieces:
    """The pieces of ``parked``, of which ``asked`` was asked for before. Raises TransferError where it can't be cut.

    Pieces are never smaller than the parts in which it goes, so that each of these can be read at once.
    """
    unit, size = route.source.limits.thaw_span, parked.size or 0
    if unit is None or not in_parts(route, size):
        return Pieces(_WHOLE)
    lengths = [each.span.size for each in asked if each.span is not None]
    if lengths:  # so as it was cut before
        pieces = [part.span for part in cut(size, max(lengths))]
    else:
        pieces = list(ranges(size, allowance, goodput, unit=max(unit, planned_part(route, size))))
    if len(pieces) == 1:
        return Pieces(_WHOLE)
    upload = await checkpoint.open_upload(parked.key)
    sent = {receipt.number for receipt in upload.receipts} if upload is not None else set()
    part = upload.upload.part_size if upload is not None and upload.upload is not None else 0
    missing = [piece for piece in pieces if not (part and sent.issuperset(_parts(piece, part)))]
    there = set(pieces).difference(missing)
    copied = [each for each in asked if each.span in there and not each.copied]
    return Pieces(missing, copied) if missing else Pieces(pieces)


def _parts(piece: Span, size: int) -> range:
    """The numbers of all parts, of ``size`` bytes each, that have bytes of ``piece``."""
    return range(piece.offset // size + 1, (piece.offset + piece.size - 1) // size + 2)
