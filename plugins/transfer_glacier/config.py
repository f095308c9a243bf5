"""What ``glacier://vault/prefix`` can do at best, and the settings of its remotes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from transfer.errors import Misconfigured
from transfer.model import Algorithm
from transfer.plugin import Capabilities, Limits, Location
from transfer.restxml.precedence import Ways
from transfer.restxml.settings import flag, given_words
from transfer_glacier.notices.address import Address, address_of

MIB = 1024**2
GIB = 1024**3

CAPABILITIES = Capabilities(
    ordered=True,
    multipart=True,
    long_parts=True,
    versions=True,
    dated=True,
    thaw=True,
    thaws=True,
    tells_thawed=True,
    lists_cold=True,
    charges=True,
    thaw_tiers=("bulk", "standard", "expedited"),
    verifies=(Algorithm.TREE_SHA256,),
    sends=(Algorithm.SHA256,),
    keeps=(Algorithm.TREE_SHA256,),
)
LIMITS = Limits(
    min_part=MIB,
    doubling_parts=True,
    max_part=4 * GIB,
    max_parts=10_000,
    # One request uploads up to 4 GiB, but one whose reply is lost has no second try that costs nothing.
    max_put=0,
    max_object=10_000 * 4 * GIB,
    # As base64 of JSON, at most three quarters of a description's 1024 characters; what else is in it takes 46.
    max_key=723,
    no_start="/",
    refused=frozenset("\r\n\t"),
    delete_batch=100,
    thaw_span=MIB,
)
SETTINGS: Mapping[str, str] = {
    "endpoint": "address of the server; AWS itself where it is left out",
    "region": "like eu-west-1; left out, the AWS environment and the profile are searched",
    "access_key_id": "access key; left out, the AWS environment, profiles and roles are searched",
    "secret_access_key": "secret that belongs to it",
    "session_token": "token that belongs to temporary credentials",
    "profile": "name of a profile in ~/.aws",
    "account_id": "twelve digits of the account that the vault is in; that of the credentials where it is left out",
    "ca_bundle": "file with the certificates of the authorities to trust",
    "journal": "file that tells which archives have which names; left out, one for each vault in the user's own place",
    "journal_encoding": "of the names in the journal, where it is not utf-8",
    "names_from": "file with names, GlacierArchiveID,FileName, for a journal that is made of the inventory",
    "prices": "file with a table of prices, for estimates; one comes with the package",
    "keep_versions": "true to leave older archives of a name where it is replaced or deleted",
    "versions": "true to list older archives too, as name@time",
    "queue": "URL of the SQS queue that is told when the vault's jobs are done, for --wait; left out, it only polls",
}
_WAYS = Ways("access_key_id", "secret_access_key", "session_token", ("profile",))
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one remote, read. What is None is to be found out."""

    endpoint: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    profile: str | None = None
    account_id: str = "-"
    ca_bundle: str | None = None
    journal: str | None = None
    journal_encoding: str = "utf-8"
    names_from: str | None = None
    prices: str | None = None
    keep_versions: bool = False
    versions: bool = False
    queue: Address | None = None

    @property
    def each_alone(self) -> bool:
        """Whether an older archive of a name is an object by itself, and stays when the name goes."""
        return self.keep_versions or self.versions

    @property
    def anonymous(self) -> None:
        """Glacier takes signed requests only."""


def read_settings(location: Location) -> Settings:
    """The location's settings. Raises Misconfigured for one that makes no sense."""
    given = given_words(location, SETTINGS, _WAYS)
    return Settings(
        endpoint=given.get("endpoint") or None,
        region=given.get("region") or None,
        access_key_id=given.get("access_key_id") or None,
        secret_access_key=given.get("secret_access_key") or None,
        session_token=given.get("session_token") or None,
        profile=given.get("profile") or None,
        account_id=_account(given.get("account_id")),
        ca_bundle=given.get("ca_bundle") or os.environ.get("AWS_CA_BUNDLE") or None,
        journal=given.get("journal") or None,
        journal_encoding=given.get("journal_encoding") or "utf-8",
        names_from=given.get("names_from") or None,
        prices=given.get("prices") or None,
        keep_versions=flag(given, "keep_versions") or False,
        versions=flag(given, "versions") or False,
        queue=address_of(given["queue"]) if given.get("queue") else None,
    )


def _account(text: str | None) -> str:
    if not text or text == "-":
        return "-"
    digits = text.replace("-", "")
    if not _ACCOUNT.fullmatch(digits):
        raise Misconfigured(f"The setting account_id = '{text}' must be the twelve digits of an AWS account")
    return digits
