"""Where a remote's access keys come from: its settings, the environment, or AWS's own chain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from transfer.aws import environment
from transfer.aws.chain import Chain
from transfer.aws.credentials import Searched
from transfer.restxml.credentials import CredentialSource, Fixed
from transfer.wire.sigv4 import Credentials


class Identity(Protocol):
    """What a remote's settings say of credentials; what is None is to be found out."""

    @property
    def access_key_id(self) -> str | None: ...

    @property
    def secret_access_key(self) -> str | None: ...

    @property
    def session_token(self) -> str | None: ...

    @property
    def profile(self) -> str | None: ...

    @property
    def anonymous(self) -> bool | None:
        """Whether to send no signature; None where the service takes signed requests only."""


def chain_for(identity: Identity, service: str, open_questions: Iterable[str]) -> Chain | None:
    """AWS's own search, made only where something is left for it to find: importing the SDK takes its time.

    ``open_questions`` are the options of AWS's files that would count. Blocking.
    Raises ImportError without the SDK, Misconfigured for an unknown profile.
    """
    if identity.anonymous or identity.access_key_id:
        return None
    if _static(identity) and not environment.files_may_tell(open_questions):
        return None
    return Chain(identity.profile, service)


def source_of(identity: Identity, chain: Chain | None) -> CredentialSource:
    """What a client asks for credentials."""
    static = None if identity.anonymous else _static(identity)
    if static is not None or chain is None:
        return Fixed(static)
    return Searched(chain, identity.profile, signed_only=identity.anonymous is None)


def configured_endpoint(service: str, chain: Chain | None) -> str | None:
    """The address that AWS's variables and files name for ``service``."""
    if environment.endpoints_ignored():
        return None
    return environment.endpoint(service) or (chain.endpoint if chain else None)


def _static(identity: Identity) -> Credentials | None:
    """Keys that are the same all along: the settings', or those of the environment, which come before profiles."""
    if identity.access_key_id and identity.secret_access_key:
        return Credentials(identity.access_key_id, identity.secret_access_key, identity.session_token)
    return environment.credentials() if identity.profile is None else None
