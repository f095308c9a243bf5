"""AWS's credential chain and configuration files, by way of aiobotocore.

All of it reads files or waits, so it runs in threads, each time in a short event loop of its own.
Importing this module needs no SDK; making a :class:`Chain` does.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any

from transfer.errors import Misconfigured
from transfer.wire.sigv4 import Credentials


class Chain:
    """One search path, and what is configured of one ``service``.

    Raises ImportError without the SDK, Misconfigured for an unknown profile.
    """

    def __init__(self, profile: str | None, service: str) -> None:
        self._make: Any = import_module("aiobotocore.session").AioSession
        self._profile = profile
        self._service = service
        self._session: Any = self._make(profile=profile)
        self._live: Any = None
        self.secret_alone = False
        """Whether the profile has a secret key without the access key that it belongs to."""
        self._config = self._read_config()

    def fetch(self) -> Credentials | None:
        """The credentials of the moment, renewed if they must be; None where there are none."""
        from botocore.exceptions import BotoCoreError, ClientError, PartialCredentialsError  # noqa: PLC0415

        try:
            return asyncio.run(self._fetch())
        except PartialCredentialsError as error:
            # Only a name: the variable's or the option's.
            lacking = error.kwargs["cred_var"]
            raise Misconfigured(f"The credentials of {self.name} lack {lacking}; set it beside the rest") from None
        except (BotoCoreError, ClientError, OSError) as error:
            # The text could quote what a credential helper printed: only the kind is safe to show.
            kind = type(error).__name__
            remedy = "run 'aws sso login'" if "SSO" in kind or "Token" in kind else "see the AWS configuration"
            raise Misconfigured(f"The credentials of {self.name} can't be had ({kind}): {remedy}") from None
        except RuntimeError as error:
            if "expired" not in str(error):  # what the SDK says of credentials that it has just fetched
                raise
            raise Misconfigured(
                f"The credentials of {self.name} have expired: get new ones and run this again"
            ) from None
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            # It reads what a helper, a file or the environment holds, and trusts its form.
            kind = type(error).__name__
            raise Misconfigured(
                f"The credentials of {self.name} can't be read ({kind}): "
                "see what credential_process, or whatever gives them, prints"
            ) from None

    def stale(self) -> bool:
        """Whether the credentials fetched last expire soon."""
        needed = getattr(self._live, "refresh_needed", None)
        return bool(needed()) if needed else False

    def forget(self) -> None:
        """Search anew at the next fetch: files may have changed."""
        self._session = self._make(profile=self._profile)
        self._live = None

    @property
    def region(self) -> str | None:
        return self._config.get("region")

    @property
    def endpoint(self) -> str | None:
        """``endpoint_url`` of the profile, or of its services section."""
        return self._config.get("endpoint_url")

    @property
    def name(self) -> str:
        """What a sentence calls it."""
        return f"profile '{self._profile}'" if self._profile else "AWS"

    async def _fetch(self) -> Credentials | None:
        if self._live is None:
            self._live = await self._session.get_credentials()
        if self._live is None:
            return None
        frozen = await self._live.get_frozen_credentials()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token or None)

    def _read_config(self) -> dict[str, str]:
        from botocore.exceptions import BotoCoreError, ProfileNotFound  # noqa: PLC0415

        try:
            profile = self._session.get_scoped_config()
            services = self._session.full_config.get("services", {})
        except ProfileNotFound:
            known = ", ".join(self._session.available_profiles) or "none"
            raise Misconfigured(
                f"There is no AWS profile '{self._profile or self._session.profile}' (known are {known})"
            ) from None
        except BotoCoreError as error:
            raise Misconfigured(f"The AWS configuration can't be used: {error}") from None
        self.secret_alone = "aws_secret_access_key" in profile and "aws_access_key_id" not in profile
        section = services.get(profile.get("services", ""), {}).get(self._service, {})
        named = {name: value for name in ("region", "endpoint_url") if isinstance(value := profile.get(name), str)}
        if isinstance(section, dict) and "endpoint_url" in section:
            named["endpoint_url"] = section["endpoint_url"]
        return named
