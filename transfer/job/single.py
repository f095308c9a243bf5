"""``copy`` of one object: which object, and under which name at the target."""

from __future__ import annotations

from dataclasses import dataclass, replace

from transfer.controls import Controls
from transfer.errors import Misconfigured, NotFound, Unsupported
from transfer.event import Listener
from transfer.job.sides import Sides, for_reading, load, opened
from transfer.location import same, split_object
from transfer.options import Options
from transfer.plugin import Origin, Store
from transfer.tasks import closing


@dataclass(frozen=True, slots=True)
class Single:
    """Folder URLs of both sides, the object's key at the source and its name at the target."""

    source: str
    target: str
    key: str
    to: str


async def single_object(
    source: str, target: str, options: Options, listener: Listener, controls: Controls
) -> Single | None:
    """What to copy where, if ``source`` names one object; None if it names a folder.

    A target that ends in ``/``, or is a folder already, gets the object under its own name.
    Raises NotFound where there is nothing of that name.
    """
    try:
        folder, key = split_object(source)
    except Misconfigured:
        return None
    fault = await _fault(folder, key, options, listener, controls)
    if fault is not None:
        await _see_folder(source, fault, options, listener, controls)
        return None
    if target.endswith("/") or not await _has_parent(target, options, listener, controls):
        return Single(folder, target, key, key)
    target_folder, name = split_object(target)
    return Single(folder, target_folder, key, name)


def refuse_itself(sides: Sides, single: Single) -> None:
    """Raise Misconfigured where one and the same object would be two of source, target and backup."""
    source, target = _object(sides.source, single.key), _object(sides.target, single.to)
    if same(source, target):
        raise Misconfigured(f"'{single.key}' at {sides.source.url} would be copied onto itself; name another target.")
    if sides.backup is None:
        return
    # It keeps what the target has, under the same name.
    backup = _object(sides.backup, single.to)
    for other, name in ((source, "the source"), (target, "what it is a backup of")):
        if same(backup, other):
            raise Misconfigured(
                f"The backup of '{single.to}' in {sides.backup.url} would be written over {name}; "
                "name another --backup-dir."
            )


def _object(store: Store, key: str) -> Origin:
    return replace(store.origin, prefix=store.origin.prefix + key)


async def _fault(
    folder: str, key: str, options: Options, listener: Listener, controls: Controls
) -> NotFound | Unsupported | None:
    """Why it is no object, if it is none."""
    config = await load(options)
    async with opened(
        folder, for_reading(options), listener, config, options.source_settings, controls=controls
    ) as store:
        try:
            await store.check(write=False)
            await store.stat(key)
        except (NotFound, Unsupported) as error:
            return error
        return None


async def _see_folder(
    source: str, fault: NotFound | Unsupported, options: Options, listener: Listener, controls: Controls
) -> None:
    """Raise NotFound where no object is below ``source``, and Misconfigured for its ``fault`` as an object.

    Otherwise, what disks have is seen when they are opened.
    """
    config = await load(options)
    async with opened(
        source, for_reading(options), listener, config, options.source_settings, controls=controls
    ) as store:
        if store.capabilities.folders:
            await _see_disk(store, fault)
            return
        async with closing(store.list()) as pages:
            async for page in pages:
                if page.items:
                    return
    raise NotFound(f"'{source}' is not there, neither as an object nor as a folder; look for a typing error.")


async def _see_disk(store: Store, fault: NotFound | Unsupported) -> None:
    """Raise Misconfigured where something is there that is neither a folder nor taken as an object."""
    if isinstance(fault, NotFound):
        return
    try:
        await store.check(write=False)
    except (NotFound, Misconfigured):
        raise Misconfigured(fault.message) from None


async def _has_parent(target: str, options: Options, listener: Listener, controls: Controls) -> bool:
    """Whether the target can be the name of an object: it has a folder to be in, and is none itself."""
    try:
        split_object(target)
    except Misconfigured:
        return False
    config = await load(options)
    async with opened(target, options, listener, config, options.target_settings, controls=controls) as store:
        if not store.capabilities.folders:
            return True
        try:
            await store.check(write=False)
        except NotFound:
            return True
        except Misconfigured:
            return True
        return False
