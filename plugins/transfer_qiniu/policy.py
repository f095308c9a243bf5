"""The rules that go with the leave to write an object."""

from __future__ import annotations

from collections.abc import Mapping

from transfer_qiniu.metadata import Fields

_AS_SENT = -1
_TOLD = '{"hash":"$(etag)","fsize":$(fsize)}'


def policy_of(fields: Fields, *, if_absent: bool) -> Mapping[str, object]:
    """With ``if_absent``, what is there is never replaced.

    The type sent counts, whatever the bytes look like; and the server is to tell of the object as it has it.
    """
    rules: dict[str, object] = {"detectMime": _AS_SENT, "fileType": fields.type, "returnBody": _TOLD}
    return {**rules, "insertOnly": 1} if if_absent else rules
