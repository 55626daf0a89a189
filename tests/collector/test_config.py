"""collector.yaml: defaults, derived addresses, relative paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector import config
from collector.config import CollectorConfig, Tls


def test_defaults_serve_loopback_only() -> None:
    default = CollectorConfig()
    assert default.address == ("127.0.0.1", 8420)
    assert all(network.is_loopback for network in config.networks(default.access.pages))
    assert all(network.is_loopback for network in config.networks(default.access.metrics))
    assert config.networks(default.trusted_proxies) == ()


@pytest.mark.parametrize(
    ("listen", "public", "tls", "url"),
    [
        ("127.0.0.1:8420", "", None, "http://127.0.0.1:8420"),
        ("0.0.0.0:80", "", None, "http://127.0.0.1:80"),
        ("[::]:8420", "", None, "http://[::1]:8420"),
        (":8420", "", Tls(certificate="c", key="k"), "https://127.0.0.1:8420"),
        ("127.0.0.1:8420", "https://sansang.example.vn/", None, "https://sansang.example.vn"),
    ],
)
def test_the_address_for_agents_is_the_public_one_or_where_it_listens(
    listen: str, public: str, tls: Tls | None, url: str
) -> None:
    assert CollectorConfig(listen=listen, public_url=public, tls=tls).url == url


def test_a_port_that_the_system_chose_takes_the_place_of_0() -> None:
    """Not in the public address, which a proxy has."""
    assert CollectorConfig(listen="[::]:0").url_on(40123) == "http://[::1]:40123"
    assert CollectorConfig(listen="[::]:0", public_url="https://a.vn").url_on(40123) == "https://a.vn"


def test_the_database_is_embedded_unless_named() -> None:
    assert CollectorConfig(state_dir="/var/lib/x").database_url == "sqlite:////var/lib/x/sansang.db"
    assert CollectorConfig(database="postgresql+psycopg://db/s").database_url == "postgresql+psycopg://db/s"


def test_paths_are_relative_to_the_file_they_stand_in(tmp_path: Path) -> None:
    file = tmp_path / "collector.yaml"
    file.write_text("state_dir: state\ntls: {certificate: tls/server.pem, key: tls/server.key}\n")
    loaded = config.load(file)
    assert loaded.state_dir == str(tmp_path / "state")
    assert loaded.tls == Tls(certificate=str(tmp_path / "tls/server.pem"), key=str(tmp_path / "tls/server.key"))
    assert loaded.units == str(config.SHIPPED / "units.csv")


def test_a_locality_beside_the_file_goes_before_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "localities").mkdir()
    own = tmp_path / "localities" / "demo.yaml"
    own.write_text("id: demo\n")
    file = tmp_path / "collector.yaml"
    file.write_text("locality: demo\n")
    assert config.locality_file(config.load(file)) == own
    own.unlink()
    assert config.locality_file(config.load(file)) == config.SHIPPED / "localities" / "demo.yaml"


def test_the_environment_names_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.yaml"
    file.write_text("lang: en\n")
    monkeypatch.setenv(config.VARIABLE, str(file))
    assert config.load().lang == "en"
