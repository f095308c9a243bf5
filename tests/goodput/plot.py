"""``python -m tests.goodput.plot`` draws how the number of lanes finds itself into docs/convergence.svg."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.goodput.links import LARGE, LINKS, SMALL, Link, best, found
from tests.goodput.simulator import goodput

PICTURE = Path(__file__).parents[2] / "docs" / "convergence.svg"
SECONDS = 24
_STEP = 0.5
_WIDTH, _HEIGHT, _GAP = 330, 120, 50
_MOST = 512
_COLOURS = {"goodput": "#1f6fb4", "lanes": "#d9822b", "best": "#888888"}


def picture() -> str:
    """All panels: a row for each link, with parts of large objects and with small objects."""
    width, height = 2 * (_WIDTH + _GAP) + _GAP, len(LINKS) * (_HEIGHT + _GAP) + _GAP
    look = 'font-family="sans-serif" font-size="11"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {look}>'
    body = [f'<rect width="{width}" height="{height}" fill="white"/>', *_legend()]
    for row, link in enumerate(LINKS):
        for column, (name, size) in enumerate((("parts of 8 MiB", LARGE), ("objects of 100 KiB", SMALL))):
            place = f"translate({_GAP + column * (_WIDTH + _GAP)},{_GAP + row * (_HEIGHT + _GAP)})"
            body += [f'<g transform="{place}">', *_panel(f"{link.name}: {name}", link, size), "</g>"]
    return "\n".join([head, *body, "</svg>", ""])


def _legend() -> Iterable[str]:
    words = {
        "goodput": "goodput, of the best fixed setting's",
        "lanes": f"lanes, of {_MOST} (square root)",
        "best": "the best fixed setting, and nine tenths of it",
    }
    for number, (what, text) in enumerate(words.items()):
        yield f'<text x="{_GAP + 240 * number}" y="20" fill="{_COLOURS[what]}">{text}</text>'


def _panel(title: str, link: Link, size: float) -> Iterable[str]:
    history, most = found(link, size), best(link, size)
    times = [_STEP * number for number in range(int((SECONDS - 1) / _STEP))]
    shares = [goodput(history, time, time + 2 * _STEP) / most for time in times]
    lanes = [(history[int(10 * time)].lanes / _MOST) ** 0.5 for time in times]
    yield f'<text y="-6">{title}</text>'
    yield f'<path d="M0 0V{_HEIGHT}H{_WIDTH}" fill="none" stroke="black"/>'
    for share in (1.0, 0.9):
        yield f'<path d="M0 {_y(share)}H{_WIDTH}" stroke="{_COLOURS["best"]}" stroke-dasharray="3"/>'
    for second in range(0, SECONDS, 5):
        yield f'<text x="{_x(second)}" y="{_HEIGHT + 14}">{second} s</text>'
    yield _line([second + _STEP for second in times], shares, _COLOURS["goodput"])
    yield _line(times, lanes, _COLOURS["lanes"])


def _line(times: Sequence[float], values: Sequence[float], colour: str) -> str:
    points = " ".join(f"{_x(time)},{_y(value)}" for time, value in zip(times, values, strict=True))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def _x(time: float) -> int:
    return round(time / SECONDS * _WIDTH)


def _y(share: float) -> int:
    return round(_HEIGHT - min(share, 1.2) / 1.2 * _HEIGHT)


if __name__ == "__main__":
    PICTURE.write_text(picture())
