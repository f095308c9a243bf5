"""From URLs to stores, with real entry points of made-up distributions."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from transfer.config import Config, Remote
from transfer.errors import Misconfigured
from transfer.plugin import Store, StoreOptions
from transfer.registry import GROUP, open_store, plugins

PLUGIN = """
from transfer.plugin import Capabilities, Limits, Store

class Made:
    schemes = ("made",)
    settings = {"endpoint": "where it is", "secret_key": "to get in"}
    capabilities = Capabilities(multipart=True)
    limits = Limits(delete_batch=7)

    async def open(self, location, options):
        store = Store()
        store.url, store.location, store.options = location.url, location, options
        return store

plugin = Made()
"""
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Makes a distribution that can be imported and whose entry point is found."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name: str, scheme: str = "made", module: str = PLUGIN, extras: str = "") -> None:
        package = f"plugin_{tmp_path.name.rpartition('-')[2]}_{name}".replace("-", "_")
        (tmp_path / f"{package}.py").write_text(module)
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        extra = f"Provides-Extra: {extras}\n" if extras else ""
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{extra}\n")
        (info / "entry_points.txt").write_text(f"[transfer.plugins]\n{scheme} = {package}:plugin\n")

    return make


def _known(*made: str) -> str:
    """Schemes that are installed, and those that a test made."""
    return ", ".join(sorted({*made, *(point.name for point in entry_points(group=GROUP))}))


async def open_url(url: str, config: Config | None = None, **settings: str) -> Store:
    return await open_store(url, StoreOptions(), config=config or Config(), settings=settings)


async def refusal(url: str, config: Config | None = None, **settings: str) -> str:
    with pytest.raises(Misconfigured) as caught:
        await open_url(url, config, **settings)
    return str(caught.value)


async def test_a_plugin_is_given_the_pieces(install: Install) -> None:
    """Scheme, container, path, settings and options arrive, and a repr of them shows no secret."""
    install("made-store")
    store = await open_url("made://box/a/b", endpoint="http://x", secret_key="planted")
    location = vars(store)["location"]
    assert (location.scheme, location.container, location.path) == ("made", "box", "a/b")
    assert location.settings == {"endpoint": "http://x", "secret_key": "planted"}
    assert vars(store)["options"] == StoreOptions()
    assert "planted" not in repr(location)


async def test_a_remote_is_a_scheme(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """A remote's settings are used, those given go before them, and its secrets become known."""
    install("made-store")
    monkeypatch.setenv("PLANTED", "planted")
    remote = Remote("hk", "made", {"endpoint": "http://a", "secret_key": "env:PLANTED"})
    config = Config(remotes={"hk": remote})
    location = vars(await open_url("hk://box", config, endpoint="http://b"))["location"]
    assert (location.url, location.scheme) == ("hk://box", "made")
    assert location.settings == {"endpoint": "http://b", "secret_key": "planted"}
    assert config.redactor.redact("planted") == "***"


async def test_overridden_references_need_not_be_there(install: Install) -> None:
    """A reference of the remote that another setting replaces is not looked up."""
    install("made-store")
    config = Config(remotes={"hk": Remote("hk", "made", {"secret_key": "env:NOT_SET"})})
    assert "'NOT_SET'" in await refusal("hk://box", config)
    await open_url("hk://box", config, secret_key="given")


async def test_unknown_schemes_are_told_the_known_ones(install: Install) -> None:
    """The sentence lists schemes and remotes, and guesses what was meant."""
    install("made-store")
    sentence = await refusal("mad://box", Config(remotes={"hk": Remote("hk", "made")}))
    assert "'mad://'" in sentence
    assert "did you mean 'made://'?" in sentence
    assert f"(known are {_known('hk', 'made')})" in sentence


async def test_unknown_settings_are_told_the_known_ones(install: Install) -> None:
    """A mistyped setting is named with the remote it stands in, never its value."""
    install("made-store")
    config = Config(remotes={"hk": Remote("hk", "made", {"endpont": "planted"})})
    sentence = await refusal("hk://box", config)
    assert sentence.startswith("[remote.hk]: 'made' has no setting 'endpont'; did you mean 'endpoint'?")
    assert "known are endpoint, secret_key" in sentence
    assert "planted" not in sentence
    in_file = await refusal("hk://box", replace(config, path=Path("place/transfer.toml")))
    assert in_file == f"place/transfer.toml, {sentence}"
    given = await refusal("hk://box", Config(remotes={"hk": Remote("hk", "made")}), endpont="planted")
    assert given.startswith("'hk://box': 'made' has no setting 'endpont'; did you mean 'endpoint'?")


async def test_an_unknown_type_is_told_where_it_stands(install: Install) -> None:
    """With the file, the remote in it, and the types that there are: names of remotes are none."""
    install("made-store")
    config = Config(Path("place/transfer.toml"), {"hk": Remote("hk", "maid"), "other": Remote("other", "hk")})
    for name, meant in (("hk", "'maid'; did you mean 'made'?"), ("other", "'hk'")):
        sentence = await refusal(f"{name}://box", config)
        known = f"(known are {_known('made')})"
        assert sentence == f"place/transfer.toml, [remote.{name}]: there is no type {meant} {known}"


async def test_a_plugin_is_told_what_was_given_and_where_the_rest_stands(install: Install) -> None:
    """For sentences, and for what one setting says against another."""
    install("made-store")
    config = Config(Path("place/transfer.toml"), {"hk": Remote("hk", "made", {"endpoint": "http://a"})})
    location = vars(await open_url("hk://box", config, secret_key="planted"))["location"]
    assert (location.given, location.remote) == ({"secret_key"}, "place/transfer.toml, [remote.hk]")


async def test_a_missing_package_names_the_extra(install: Install) -> None:
    """An import that fails tells what to install."""
    install("cloud-store", "cloudy", "import no_such_sdk", extras="cloudy")
    sentence = await refusal("cloudy://box")
    assert "'no_such_sdk'" in sentence
    assert "pip install 'cloud-store[cloudy]'" in sentence
    assert await open_url("memory://other")


async def test_a_package_that_is_missed_late_names_the_extra(install: Install) -> None:
    """A plugin that imports its SDK only when it opens a store tells the same."""
    late = PLUGIN.replace("store = Store()", "import no_such_sdk")
    install("late-store", "late", late, extras="late")
    assert "run: pip install 'late-store[late]'" in await refusal("late://box")


async def test_a_broken_plugin_is_named(install: Install) -> None:
    """An entry point that leads nowhere is the distribution's fault."""
    install("broken-store", "broken", "")
    assert "'broken-store' is broken" in await refusal("broken://box")


async def test_two_plugins_for_one_scheme_are_refused(install: Install) -> None:
    """Neither is chosen silently; both are named."""
    install("one-store")
    install("two-store")
    sentence = await refusal("made://box")
    assert "'one-store'" in sentence
    assert "'two-store'" in sentence


async def test_a_remote_may_not_hide_a_scheme(install: Install) -> None:
    """A remote with a scheme's name must be of that type."""
    install("made-store")
    hidden = Config(remotes={"made": Remote("made", "memory")})
    assert "rename it" in await refusal("made://box", hidden)
    await open_url("made://box", Config(remotes={"made": Remote("made", "made", {"endpoint": "http://a"})}))


@pytest.mark.parametrize("url", ["s3:bucket/key", "hk:bucket", "s3:/bucket"])
async def test_a_url_without_slashes_is_not_a_path(url: str) -> None:
    """What other tools take for a remote does not become a folder of that name."""
    assert "lacks its slashes" in await refusal(url, Config(remotes={"hk": Remote("hk", "memory")}))


async def test_paths_are_opened_on_disk(tmp_path: Path) -> None:
    """A path and a file URL lead to the same place."""
    by_path = await open_url(str(tmp_path))
    by_url = await open_url(f"file://{tmp_path}")
    assert by_path.origin == by_url.origin
    assert by_path.origin.prefix == f"{os.fspath(tmp_path)}/"
    await by_path.aclose()
    await by_url.aclose()


def test_listing_tells_what_is_missing(install: Install) -> None:
    """All schemes are listed in order, with what they can or what they lack."""
    install("made-store")
    install("cloud-store", "cloudy", "import no_such_sdk")
    found = {info.scheme: info for info in plugins()}
    assert list(found) == sorted(found)
    assert {"file", "memory", "s3"} <= set(found)
    made, cloudy = found["made"], found["cloudy"]
    assert (made.distribution, made.missing) == ("made-store", None)
    assert made.capabilities is not None
    assert made.limits is not None
    assert (made.capabilities.multipart, made.limits.delete_batch) == (True, 7)
    assert cloudy.capabilities is None
    assert cloudy.missing is not None
    assert "no_such_sdk" in cloudy.missing
