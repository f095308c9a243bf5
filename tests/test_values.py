"""Values are frozen to type checkers, and cheap to make."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest

from transfer.model import Proof, Proven, Span

CHANGE = "from transfer.model import Span; span = Span(1, 2); span.offset = 3"


def test_values_compare_hash_and_travel_as_frozen_ones_do() -> None:
    """In sets, as keys, by pickle, and in patterns."""
    one, other = Span(1, 2), Span(1, 2)
    assert one == other != Span(1, 3)
    assert {one: "x"}[other] == "x"
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == replace(Span(0, 2), offset=1)
    assert str(Proof(Proven.VERIFIED, "md5")) == "verified (md5)"
    match Proof(Proven.UNPROVEN):
        case Proof(proven, by):
            assert (proven, by) == (Proven.UNPROVEN, "")
    assert not hasattr(one, "__dict__")


@pytest.mark.parametrize(("flags", "refused"), [([], False), (["-X", "dev"], True)])
def test_the_interpreter_holds_values_frozen_where_it_is_asked_to(flags: list[str], refused: bool) -> None:
    """Otherwise only type checkers do, since each field of a frozen value is set by a call."""
    done = subprocess.run([sys.executable, *flags, "-c", CHANGE], capture_output=True, text=True, check=False)
    assert ("FrozenInstanceError" in done.stderr) is refused
    assert (done.returncode != 0) is refused
