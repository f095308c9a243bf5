"""What the path of a request to Glacier is about."""

from __future__ import annotations

import re
from urllib.parse import unquote

_KINDS = {
    "vaults": r"vaults",
    "vault": r"vaults/([^/]*)",
    "archives": r"vaults/([^/]+)/archives",
    "archive": r"vaults/([^/]+)/archives/([^/]+)",
    "uploads": r"vaults/([^/]+)/multipart-uploads",
    "upload": r"vaults/([^/]+)/multipart-uploads/([^/]+)",
    "jobs": r"vaults/([^/]+)/jobs",
    "job": r"vaults/([^/]+)/jobs/([^/]+)",
    "output": r"vaults/([^/]+)/jobs/([^/]+)/output",
    "notification-configuration": r"vaults/([^/]+)/notification-configuration",
    "access-policy": r"vaults/([^/]+)/access-policy",
    "tags": r"vaults/([^/]+)/tags",
    "locks": r"vaults/([^/]+)/lock-policy",
    "lock": r"vaults/([^/]+)/lock-policy/([^/]+)",
    "data-retrieval": r"policies/data-retrieval",
    "capacity": r"provisioned-capacity",
}


def placed(target: str) -> tuple[str, str, str, str]:
    """Account, kind of thing, vault, and name of what is in it."""
    account, _, rest = target.partition("?")[0].removeprefix("/").partition("/")
    for kind, pattern in _KINDS.items():
        found = re.fullmatch(pattern, rest)
        if found is not None:
            vault, name, *_ = *(unquote(name) for name in found.groups()), "", ""
            return unquote(account), kind, vault, name
    return unquote(account), "unknown", "", ""
