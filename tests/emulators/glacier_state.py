"""What a Glacier account holds: vaults, archives, uploads and jobs. Moments are seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.emulators.glacier_trees import MIB

ACCOUNT = "111122223333"
OVERHEAD = 32 << 10
"""What Glacier adds to each archive's size."""


@dataclass(slots=True)
class Rules:
    """How long things take, and what is allowed. Tests may change them."""

    tier_hours: dict[str, float] = field(default_factory=lambda: {"Expedited": 5 / 60, "Standard": 5, "Bulk": 12})
    inventory_job_hours: float = 5
    job_seconds: float | None = None
    """How long each job takes, instead."""
    output_hours: float = 24
    """For how long a job's output can be had."""
    upload_hours: float = 24
    """After how long an upload that nobody touches is forgotten."""
    complete_again_hours: float = 1
    """For how long an upload can be completed once more, or aborted once more."""
    inventory_every_hours: float = 24
    inventories_held: bool = False
    """No inventory is made by itself, however late it gets."""
    page: int = 50
    vaults_page: int = 10
    """The most that a page holds, and what it holds where nothing else is asked for."""
    vaults: int = 1000
    tags: int = 50
    parts: int = 10_000
    part_max: int = 4096 * MIB
    archive: int = 4096 * MIB
    """The largest of a single upload."""
    expedited_available: bool = True
    failing_jobs: int = 0
    """How many of the next retrievals fail in the end."""
    deleted_accepted: bool = False
    """Whether retrievals of archives that were deleted are accepted, to fail in the end."""
    spread_hours: float = 4
    """Over how long a retrieval's bytes are counted, where the policy limits their rate."""
    free_daily: int = 10 * 1024 * MIB // 30
    """What the policy for the free tier allows on one day."""
    early_days: float = 90
    """An archive that is deleted before pays for the rest."""


@dataclass(slots=True)
class Lock:
    """A vault's lock; it has no end once it is locked."""

    id: str
    policy: str
    created: float
    locked: bool = False


@dataclass(slots=True)
class Vault:
    """A vault. What is told of its content is as of the last inventory."""

    name: str
    created: float
    inventoried: float | None = None
    archives: int = 0
    size: int = 0
    ran: float = 0
    """When the daily run was here last, whether there was anything to do or not."""
    changed: float | None = None
    """When anything was last added or deleted, if that was after the inventory."""
    written: bool = False
    """Whether anything was added after the inventory."""
    tags: dict[str, str] = field(default_factory=dict)
    access_policy: str = ""
    topic: str = ""
    events: list[str] = field(default_factory=list)
    lock: Lock | None = None

    def __post_init__(self) -> None:
        if isinstance(self.lock, dict):
            self.lock = Lock(**self.lock)


@dataclass(slots=True)
class Archive:
    """An archive."""

    id: str
    vault: str
    description: str
    size: int
    created: float
    tree_hash: str


@dataclass(slots=True)
class Upload:
    """A multipart upload, with what it became once it is completed."""

    id: str
    vault: str
    description: str
    part_size: int
    created: float
    touched: float
    archive: str = ""
    size: int = 0
    tree_hash: str = ""
    over: float | None = None
    """When it was completed or aborted."""


@dataclass(slots=True)
class Part:
    """A part of an upload."""

    upload: str
    start: int
    size: int
    tree_hash: str

    @property
    def id(self) -> str:
        return f"{self.upload}/{self.start}"


@dataclass(slots=True)
class Job:
    """A retrieval, of an archive or of an inventory."""

    id: str
    vault: str
    action: str
    created: float
    ready: float
    description: str | None = None
    topic: str | None = None
    tier: str | None = None
    archive: str | None = None
    archive_size: int = 0
    archive_hash: str = ""
    archive_description: str = ""
    start: int = 0
    end: int = 0
    """The byte behind the last one that is retrieved."""
    ranged: bool = False
    """Whether a range was asked for, be it all of the archive."""
    failure: str = ""
    told: bool = False
    """Whether its end was made known."""
    parameters: dict[str, str | None] = field(default_factory=dict)
    """Those of an inventory."""
    next_marker: str | None = None
    size: int = 0
    """Of its output."""
