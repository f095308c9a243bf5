"""Each of Kodo's numbers is one of our kinds, in one sentence that names the thing."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from transfer.errors import (
    Changed,
    Corrupt,
    Denied,
    Misconfigured,
    NotFound,
    Throttled,
    TransferError,
    Transient,
    Unsupported,
)
from transfer_qiniu.errors import Failure, translate

_SUBJECT = "'kodo://b/k'"


def failure(status: int, told: str = "", **headers: str) -> TransferError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return translate(Failure(status, named, told, _SUBJECT, "k"))


@pytest.mark.parametrize(
    ("status", "told", "kind", "words"),
    [
        (301, "", Misconfigured, "set 'domain' or 'scheme'"),
        (400, "invalid argument", Unsupported, "not taken by the server: invalid argument"),
        (400, "incorrect zone, please use up-z2", Misconfigured, "in another region"),
        (400, "md5 does not match", Corrupt, "other bytes"),
        (401, "bad token", Denied, "check access_key and secret_key: bad token"),
        (403, "", Denied, "do not allow"),
        (404, "", NotFound, "is not there"),
        (405, "", Unsupported, "this server"),
        (406, "", Corrupt, "other bytes"),
        (412, "", Changed, "not any more as it was"),
        (413, "", Unsupported, "larger"),
        (416, "", Changed, "shorter"),
        (418, "a teapot", TransferError, "status 418: a teapot"),
        (419, "", Denied, "account is frozen"),
        (429, "", Throttled, "slow down"),
        (500, "", Transient, "status 500"),
        (502, "", Transient, "status 502"),
        (503, "", Throttled, "slow down"),
        (573, "", Throttled, "asked for too often"),
        (579, "", Transient, "callback failed"),
        (599, "", Transient, "inside the server"),
        (608, "", Changed, "changed meanwhile"),
        (612, "no such file or directory", NotFound, "is not there"),
        (612, "no such uploadId", NotFound, "no such multipart upload"),
        (612, "app/accesskey is not found", Misconfigured, "access key is not known"),
        (614, "file exists", Changed, "there already"),
        (631, "no such bucket", Misconfigured, "bucket that does not exist"),
        (640, "", Corrupt, "marker"),
        (701, "", NotFound, "no such multipart upload"),
        (799, "", Transient, "status 799"),
    ],
)
def test_table(status: int, told: str, kind: type[TransferError], words: str) -> None:
    """Kind, sentence and number."""
    error = failure(status, told, x_reqid="r1")
    assert type(error) is kind
    assert str(error).startswith(_SUBJECT)
    assert words in str(error)
    assert (error.code, error.request_id, error.key) == (str(status), "r1", "k")


@pytest.mark.parametrize(("seconds", "words"), [(3600, "3600 s ahead of"), (-7200, "7200 s behind")])
def test_a_wrong_clock_is_measured(seconds: int, words: str) -> None:
    """A refusal by a server of another time is told as what it is."""
    error = failure(401, "expired token", date=formatdate(time.time() - seconds, usegmt=True))
    assert isinstance(error, Misconfigured)
    # The seconds pass while this runs.
    assert any(words.replace(str(abs(seconds)), str(abs(seconds) + off)) in str(error) for off in (-1, 0, 1))


def test_a_right_clock_is_no_excuse() -> None:
    """Then the keys are wrong."""
    assert type(failure(401, "bad token", date=formatdate(usegmt=True))) is Denied


def test_how_long_to_wait() -> None:
    """As the server says; not everything is a number of seconds."""
    assert failure(573, retry_after="7").retry_after == 7
    assert failure(573, retry_after="soon").retry_after is None


def test_long_and_broken_sentences_are_cut() -> None:
    """What servers say stays on one line."""
    error = failure(400, "a\nb" * 1000)
    assert "\n" not in str(error)
    assert len(str(error)) < 500
