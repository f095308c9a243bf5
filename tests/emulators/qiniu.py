"""Kodo by hand: ``python -m tests.emulators.qiniu --help``. What it does is in ``kodo.py`` beside it."""

from __future__ import annotations

from tests.emulators.command import options_of, serve
from tests.emulators.kodo import Kodo


def main() -> None:
    """Serve until it is interrupted. ``GET /.emulator/domains`` tells where buckets' objects are downloaded."""
    parser = options_of(Kodo)
    parser.add_argument("--data", help="taken as the other emulators take it, and not used: nothing is on disk")
    parser.add_argument("--bucket", action="append", default=[], metavar="NAME", help="a bucket; may be repeated")
    options = parser.parse_args()
    service = Kodo(region=options.region) if options.region else Kodo()
    for name in options.bucket:
        service.create_bucket(name)
    serve(service, options)


if __name__ == "__main__":
    main()
