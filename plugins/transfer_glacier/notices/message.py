"""What is in a message of the queue. Pure.

Source: "Set Vault Notification Configuration", Amazon Glacier Developer Guide, by which it is what a description of
the job would be; and "Fanout to Amazon SQS queues", Amazon SNS Developer Guide, for the envelope, which a subscription
with raw delivery leaves away.
"""

from __future__ import annotations

import json
from typing import Any


def vault_of(body: str) -> str | None:
    """The ARN of the vault of which the message tells that a job is done; None where it tells anything else."""
    told = _object(body)
    if told.get("Type") == "Notification":
        told = _object(told.get("Message"))
    vault = told.get("VaultARN")
    return vault if told.get("Completed") is True and isinstance(vault, str) else None


def _object(text: object) -> dict[str, Any]:
    """The JSON object that a text is; an empty one for anything else."""
    if not isinstance(text, str):
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
