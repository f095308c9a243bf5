"""What archives of an inventory are called: by a file that somebody gave, or else by their descriptions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from functools import partial

from transfer_glacier.archive import Archive
from transfer_glacier.inventory.listed import Listed
from transfer_glacier.inventory.naming import archive_of
from transfer_glacier.names_csv import open_names


@asynccontextmanager
async def naming(file: str | None) -> AsyncIterator[Callable[[Listed], Archive]]:
    """Makes archives of what is listed. Raises Misconfigured for a file that can't be used."""
    with ExitStack() as stack:
        if file is None:
            yield archive_of
        else:
            yield partial(archive_of, names=await asyncio.to_thread(stack.enter_context, open_names(file)))
