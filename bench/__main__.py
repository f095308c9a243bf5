"""``python -m bench [--quick] [--pairs N] [--rows ROW …] [--peers GLOB …]``"""

from __future__ import annotations

import signal
import sys

from bench.command import main

if __name__ == "__main__":
    # Ended, it goes as with Ctrl-C: servers, link and files go too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
