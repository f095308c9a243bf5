"""What of an object's metadata travels, and how a change of it is noticed."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from transfer.model import Entry, Metadata, Posix
from transfer.options import Options
from transfer.pipeline.carry import carried, differs, fingerprint, shape
from transfer.plugin import Capabilities, StoreOptions

CLOUD = Capabilities(user_metadata=True, headers=True, tags=True)
DISK = Capabilities(posix=True, folders=True)
FULL = Metadata("text/x", cache_control="c", user={"a": "b"}, tags={"t": "1"}, posix=Posix(5, 0o100644))


def test_metadata_travels_as_the_options_say() -> None:
    """Tags only when asked for, nothing but type and posix when not wanted, the class as chosen."""
    entry = Entry("k", 1, modified_ns=9, metadata=FULL)
    assert carried(entry, Options(), CLOUD) == replace(FULL, tags=None)
    assert carried(entry, Options(stores=StoreOptions(tags=True)), CLOUD) == FULL
    bare = carried(entry, Options(metadata=False), CLOUD)
    assert bare == Metadata("text/x", posix=FULL.posix)
    assert carried(entry, Options(storage_class="COLD"), CLOUD).storage_class == "COLD"


def test_classes_are_mapped_one_by_one() -> None:
    """What is not named keeps its class. One of which nothing is said is the standard class."""
    options = Options(map_class={"GLACIER": "Archive", "STANDARD": "IA"})
    for there, wanted in (("GLACIER", "Archive"), ("DEEP_ARCHIVE", "DEEP_ARCHIVE"), (None, "IA"), ("STANDARD", "IA")):
        entry = Entry("k", 1, metadata=replace(FULL, storage_class=there), storage_class=there)
        assert carried(entry, options, CLOUD).storage_class == wanted


def test_a_disk_gets_a_time_in_any_case() -> None:
    """The store's own where the object has none; elsewhere none is made up."""
    entry = Entry("k", 1, modified_ns=9)
    assert carried(entry, Options(), DISK).posix.mtime_ns == 9
    assert carried(entry, Options(), Capabilities(dated=True)).posix.mtime_ns == 9
    assert carried(entry, Options(), CLOUD).posix.mtime_ns is None


metadata = st.builds(
    Metadata,
    content_type=st.none() | st.text(max_size=3),
    cache_control=st.none() | st.text(max_size=3),
    user=st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3),
    tags=st.none() | st.dictionaries(st.text(max_size=2), st.text(max_size=2), max_size=2),
    posix=st.builds(Posix, mtime_ns=st.none() | st.integers(), mode=st.none() | st.integers(0, 0o777)),
)


@given(one=metadata, other=metadata)
def test_fingerprints_are_equal_for_equal_metadata_only(one: Metadata, other: Metadata) -> None:
    """Whatever the order of its dictionaries."""
    assert (fingerprint(one) == fingerprint(other)) == (one == other)
    turned = replace(one, user=dict(reversed(list(one.user.items()))))
    assert fingerprint(turned) == fingerprint(one)


def test_fingerprints_stay_what_they_were() -> None:
    """Checkpoints that were written before hold them; what looks like JSON within a text is text."""
    full = Metadata(
        "text/plain",
        "gzip",
        cache_control="no-cache",
        user={"b": 'é"posix": 0', "a": "1"},
        tags={"t": "x"},
        storage_class="GLACIER",
        posix=Posix(5, 0o644, 1, 2, "a/é"),
    )
    assert fingerprint(Metadata()) == "e56e2ffbfa8d8c61602c0e3ebbb19445"
    assert fingerprint(full) == "9153bbb04ef0abaf1394a7135023e1da"


def test_only_what_the_target_can_hold_can_differ() -> None:
    """Nor what is not known."""
    assert not differs(FULL, FULL, CLOUD)
    assert not differs(Metadata(), replace(FULL, user={}), CLOUD)
    for changed in (
        replace(FULL, cache_control="x"),
        replace(FULL, user={}),
        replace(FULL, tags={}),
        replace(FULL, posix=Posix(6)),
        replace(FULL, posix=Posix(5, 0o100600)),
    ):
        assert differs(changed, FULL, CLOUD)
        assert not differs(changed, FULL, Capabilities())
    assert not differs(replace(FULL, cache_control="x"), FULL, DISK)


def test_the_shape_tells_options_apart_that_make_other_objects() -> None:
    """And no others."""
    assert shape(Options()) == shape(Options(transfers=1, delete=True, memory=2**20))
    shapes = [
        Options(),
        Options(storage_class="COLD"),
        Options(map_class={"GLACIER": "COLD"}),
        Options(map_class={"GLACIER": "COLD", "LINE": "IA"}),
        Options(metadata=False),
        *(Options(stores=stores) for stores in _SHAPING),
    ]
    assert len({shape(options) for options in shapes}) == len(shapes)


_SHAPING = (
    StoreOptions(acl="private"),
    StoreOptions(sse="AES256"),
    StoreOptions(sse_kms_key_id="key"),
    StoreOptions(tags=True),
    StoreOptions(links="keep"),
    StoreOptions(owner=True),
)
