"""What is served: one vendor's API, whatever it keeps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from tests.emulators.clock import Clock
from tests.emulators.controls import Controls, Fault
from tests.emulators.keys import Key
from tests.emulators.messages import Call, Refused, Reply


@dataclass(frozen=True, slots=True)
class Route:
    """Which requests a handler answers: method, what they are about, parameters that must be there."""

    verb: str
    method: str
    scope: str
    handler: Callable[..., Awaitable[Reply]]
    query: tuple[str, ...] = ()
    header: str = ""
    """A header, without the vendor's prefix, that must be there."""


class Api(ABC):
    """Where requests go, who may send them, and what a test can turn."""

    routes: ClassVar[Sequence[Route]]
    prefix: ClassVar[str]
    """How the vendor's headers begin."""
    truncates: ClassVar[bool] = False
    """Whether it drops what comes behind a body's length, and says nothing."""

    def __init__(self, folder: str, region: str) -> None:
        self.folder = folder
        self.region = region
        self.clock = Clock()
        self.controls = Controls()
        self.keys: dict[str, Key] = {}

    @abstractmethod
    def locate(self, call: Call) -> None:
        """Find what it is about. Raises Refused."""

    @abstractmethod
    def scope(self, call: Call) -> str:
        """What kind of thing a located call is about."""

    @abstractmethod
    def authenticate(self, call: Call) -> str:
        """Whose key signed it; empty for nobody's. Raises Refused."""

    @abstractmethod
    def error(self, call: Call, refused: Refused) -> Reply:
        """The answer to who was refused."""

    @abstractmethod
    def common_headers(self, call: Call) -> dict[str, str]:
        """What each reply has."""

    @abstractmethod
    def throttled(self, fault: Fault) -> Refused:
        """What a caller is told that is too fast."""

    @abstractmethod
    def spoil_checksum(self, reply: Reply) -> None:
        """Let a wrong one be told."""

    def served(self, port: int, another: Callable[[], int]) -> None:
        """Called once, when it can be reached at ``port``; ``another`` listens at one more, and tells which."""
        del port, another

    async def receive(self, call: Call) -> None:
        """Take in what of the body must be known before it can be told what the call is about. Raises Refused."""
        del call

    def unknown(self, call: Call) -> Refused:
        """What is said to who asks for what there is not."""
        del call
        return Refused(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")

    def admit(self, call: Call, route: Route) -> None:
        """Raises Refused where who is known may not do that."""
        del call, route

    def tell(self, what: str) -> object | None:
        """What the control endpoint answers to ``GET``, beside what all have; None where there is nothing."""
        del what
        return None

    def turn(self, what: str, wanted: dict[str, Any]) -> bool:
        """Carry out what was posted to the control endpoint, beside what all can; whether that is known."""
        del what, wanted
        return False

    async def answer(self, call: Call, fault: Fault | None) -> Reply:
        """Check and carry out one located request. Raises Refused."""
        if fault is not None and fault.kind == "throttle":
            raise self.throttled(fault)
        if fault is not None and fault.kind == "refuse":
            raise Refused(fault.status, fault.code or "InternalError")
        call.identity = self.authenticate(call)
        route = self.route(call)
        if route is None:
            raise self.unknown(call)
        self.admit(call, route)
        if fault is not None and fault.kind == "late error":
            refused = Refused(fault.status, fault.code or "InternalError", "We encountered an internal error.")
            told = self.error(call, refused)
            return Reply(200, {"Content-Type": told.headers["Content-Type"]}, late=told.body)
        return await route.handler(self, call)

    def route(self, call: Call) -> Route | None:
        """Who answers it; the first that fits."""
        scope = self.scope(call)
        for route in self.routes:
            fits = route.method == call.method and route.scope == scope and all(p in call.query for p in route.query)
            if fits and (not route.header or self.prefix + route.header in call.headers):
                return route
        return None

    def header(self, call: Call, name: str) -> str:
        """One of the vendor's own, by its name without the prefix."""
        return call.headers.get(self.prefix + name, "")
