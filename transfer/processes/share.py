"""What of a run's means each worker gets. Pure."""

from __future__ import annotations

import sys
from dataclasses import replace

from transfer.errors import Misconfigured
from transfer.options import MIB, Options


def number_of(options: Options) -> int:
    """How many processes there are to be: never more than may work at once."""
    return min(options.processes, options.transfers or options.processes)


def refuse_nonsense(options: Options, *, by_url: bool) -> None:
    """Raise Misconfigured where so many processes can't work. ``by_url``: both sides can be opened anew."""
    number = number_of(options)
    if number == 1:
        return
    if not by_url:
        raise Misconfigured("More than one process needs URLs; an open store can't be handed to another process.")
    if not sys.executable or getattr(sys, "frozen", False):
        raise Misconfigured("--processes needs an ordinary Python interpreter to start; leave it out.")
    if options.memory // number < MIB:
        raise Misconfigured(f"--memory must be at least 1MiB for each of {number} processes.")
    if options.part_size is not None and options.part_size >= options.memory // number:
        raise Misconfigured(
            f"--part-size does not fit into a share of --memory, which {number} processes divide; give more memory."
        )


def among(options: Options) -> Options:
    """The same, with the stores knowing whether they have their places to themselves."""
    return replace(options, stores=replace(options.stores, shared=number_of(options) > 1))


def part_of(transfers: int | None, number: int, index: int) -> int | None:
    """How many of so many transfers are worker ``index``'s: at least one."""
    if transfers is None:
        return None
    return max(1, transfers // number + (index < transfers % number))


def share(options: Options, number: int, index: int) -> Options:
    """The options of worker ``index`` of ``number``.

    Memory, lanes and connections are divided; limits on rates are not, for the crew deals them
    out; and what only the crew's process sees to is left out.
    """
    stores = replace(options.stores, connections=max(1, options.stores.connections // number))
    return replace(
        options,
        processes=1,
        memory=options.memory // number,
        transfers=part_of(options.transfers, number, index),
        stores=stores,
        bwlimit=None,
        tps=None,
        files_from=None,
        files_from_nul=False,
        report=None,
        checkpoint=None,
    )
