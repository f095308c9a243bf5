"""The shell sessions of the pages, run against real servers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.docs import pages
from transfer.testing.playground import furnish
from transfer.testing.servers import Server

pytestmark = pytest.mark.xdist_group("docs")


@pytest.mark.parametrize("page", ["using.md", "s3.md", "disk.md"])
def test_a_pages_sessions_print_what_it_says(page: str, tmp_path: Path, servers: Mapping[str, Server]) -> None:
    """Each command, in the order of the page."""
    given = pages.commands(page)
    printed = pages.run_all(given, tmp_path, furnish(tmp_path, servers))
    if wrong := pages.differences(given, printed):
        pytest.fail("\n\n".join(wrong), pytrace=False)
