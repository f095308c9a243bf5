"""Lets tests import each other's helpers as ``tests.…``, with the installed ``transfer`` still coming first."""

import signal
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))

# Started in the background, as some runners are, a shell has us ignore SIGINT, and what we start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
