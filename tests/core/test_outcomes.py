"""What is told of a step that asks for no work, or failed."""

from __future__ import annotations

import pytest

from transfer.decide import Do, Step
from transfer.errors import Denied, NoSpace, Unsupported
from transfer.event import Action, Verdict
from transfer.model import Entry
from transfer.pipeline.moved import LeftOut
from transfer.pipeline.outcomes import stopped, told


def test_a_step_that_asks_for_no_work_is_told_as_it_is() -> None:
    """Failed, left out, or skipped, proven or not."""
    entry = Entry("k", 7)
    failed = told(Step(Do.FAIL, "k", "unreadable", entry))
    assert (failed.verdict, failed.error, failed.size) == (Verdict.FAILED, "unreadable", 7)
    assert told(Step(Do.LEAVE, "k", "socket")).action is Action.LEAVE
    assert told(Step(Do.SKIP, "k", "same")).assumed
    assert not told(Step(Do.SKIP, "k", "same", proven=True)).assumed


@pytest.mark.parametrize(
    ("error", "retryable", "fatal"),
    [(Denied("no"), True, False), (Unsupported("no"), False, False), (NoSpace("full"), False, True)],
)
def test_an_error_tells_whether_to_try_again(error: Exception, retryable: bool, fatal: bool) -> None:
    """What can't be held never will be; where there is no room, no other object has any."""
    outcome = stopped(Step(Do.COPY, "k", "new"), error)
    assert (outcome.retryable, outcome.fatal, outcome.error) == (retryable, fatal, str(error))
    assert stopped(Step(Do.COPY, "k", "new"), LeftOut("symlink")).verdict is Verdict.SKIPPED


def test_what_went_out_of_memory_is_no_defect() -> None:
    """There is an option against it; the text of a defect may hold anything, and isn't told."""
    step = Step(Do.COPY, "k", "new")
    assert "--memory" in (stopped(step, MemoryError()).error or "")
    assert stopped(step, ValueError("secret")).error == (
        "an unexpected ValueError, which is a defect; --log-level debug shows where"
    )
