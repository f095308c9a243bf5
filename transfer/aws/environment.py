"""What the environment says, by AWS's rules: often all that a run needs, without importing an SDK."""

from __future__ import annotations

import os
from collections.abc import Iterable

from transfer.wire.sigv4 import Credentials

_FILES = {
    "AWS_CONFIG_FILE": "~/.aws/config",
    "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
}
_TOKENS = ("AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN")
"""In the SDK's order."""


def credentials() -> Credentials | None:
    """Keys that come before all others; None where there are none, only half of them, or some that expire."""
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret or os.environ.get("AWS_CREDENTIAL_EXPIRATION"):
        return None
    return Credentials(key, secret, _first(_TOKENS))


def secret_alone() -> bool:
    """Whether there is a secret key without the access key that it belongs to: nobody looks at it then."""
    return bool(os.environ.get("AWS_SECRET_ACCESS_KEY")) and not os.environ.get("AWS_ACCESS_KEY_ID")


def region() -> str | None:
    return _first(("AWS_REGION", "AWS_DEFAULT_REGION"))


def endpoint(service: str) -> str | None:
    """The address that a variable names for ``service``, like ``s3``."""
    variable = endpoint_variable(service)
    return os.environ[variable] if variable else None


def endpoint_variable(service: str) -> str | None:
    """The variable that names an endpoint for ``service``: its own one, or that of all."""
    names = (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL")
    return next((name for name in names if os.environ.get(name)), None)


def endpoints_ignored() -> bool:
    """Whether AWS's own switch says to leave configured endpoints out."""
    return os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true"


def files_may_tell(options: Iterable[str]) -> bool:
    """Whether AWS's files could say something of ``options``, or must be asked for a profile. Blocking.

    A word in the wrong section or a comment counts too: then the SDK reads them, as it should.
    """
    if _first(("AWS_PROFILE", "AWS_DEFAULT_PROFILE")):
        return True
    paths = [os.environ.get(name) or usual for name, usual in _FILES.items()]
    words = [option.encode() for option in options]
    return bool(words) and any(_mentions(os.path.expanduser(os.path.expandvars(path)), words) for path in paths)


def _mentions(path: str, words: Iterable[bytes]) -> bool:
    try:
        with open(path, "rb") as file:
            text = file.read().lower()
    except FileNotFoundError:
        return False
    except OSError:
        return True  # let the SDK meet it
    return any(word in text for word in words)


def _first(names: Iterable[str]) -> str | None:
    return next((value for name in names if (value := os.environ.get(name))), None)
