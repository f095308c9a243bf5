"""Where an endpoint was named, for the sentence about one that does not answer."""

from __future__ import annotations

from transfer.aws import environment
from transfer.plugin import Location


def remedy(location: Location, service: str, container: str, endpoint: str | None, configured: str | None) -> str:
    """What to look at. ``endpoint`` is the setting's, ``configured`` what AWS's variables and files name else.

    ``container`` is what people call a container of the ``service``.
    """
    if endpoint and "endpoint" in location.given:
        return f"check the endpoint that is given for {location.url}, and that its server runs"
    if endpoint:
        return f"check 'endpoint' in {location.remote or 'its settings'}, and that its server runs"
    if configured and (variable := environment.endpoint_variable(service)):
        return f"check {variable} in the environment, and that its server runs"
    if configured:
        return "check endpoint_url in the AWS configuration, and that its server runs"
    return f"check the network and the region; if the {container} is not at AWS, set 'endpoint'"
