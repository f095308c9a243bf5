"""What wraps a store: ``retry(limit(store))``, so that a sleeping retry holds no slot."""

from __future__ import annotations

import asyncio
import random as randomness
import time
from collections.abc import Awaitable, Callable

from transfer.bucket import Bucket
from transfer.event import Listener, ignore
from transfer.governor import Governor
from transfer.layers.limit import Limit
from transfer.layers.retry import Backoff, Retry
from transfer.plugin import Store


def wrap(
    store: Store,
    *,
    governor: Governor,
    calls: Bucket | None = None,
    retries: int = 8,
    listener: Listener = ignore,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
    random: Callable[[], float] = randomness.random,
) -> Store:
    """``store`` with all layers around it.

    Each store has slots of its own, also where two share the ``governor`` of one endpoint
    and the limit on ``calls`` a second.
    ``listener`` is told of each retry.
    """
    limited = Limit(store, governor, clock, sleep, calls)
    return Retry(limited, Backoff(retries, listener, sleep, random))
