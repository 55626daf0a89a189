"""The files for Grafana name what the dashboards use, in Grafana's own words; their README's commands do what it says.

The keys are those of Grafana's reader of these files (pkg/services/provisioning). No Grafana ran.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards import provisioning
from dashboards.main import OUT

SOURCE_KEYS = {"name", "uid", "type", "access", "orgId", "url", "editable", "isDefault", "jsonData"}
PROVIDER_KEYS = {
    "name", "orgId", "type", "folder", "folderUid", "disableDeletion", "allowUiUpdates", "updateIntervalSeconds",
    "options",
}  # fmt: skip


def loaded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((OUT / "provisioning" / name / "sansang.yaml").read_text("utf-8"))
    return found


def test_the_data_sources_are_what_the_dashboards_look_for() -> None:
    """The variable `datasource` finds a Prometheus by its type; one is the default, and names the Alertmanager."""
    prometheus, alertmanager = loaded("datasources")["datasources"]
    assert loaded("datasources")["apiVersion"] == 1
    assert prometheus.keys() == SOURCE_KEYS
    assert alertmanager.keys() == SOURCE_KEYS - {"isDefault"}
    for file in (OUT / "grafana").glob("*.json"):
        variables = json.loads(file.read_text("utf-8"))["templating"]["list"]
        assert [one["query"] for one in variables if one["type"] == "datasource"] == [prometheus["type"]]
    assert (prometheus["type"], prometheus["access"], prometheus["isDefault"]) == ("prometheus", "proxy", True)
    assert prometheus["jsonData"]["alertmanagerUid"] == alertmanager["uid"]
    assert alertmanager["jsonData"] == {"implementation": "prometheus", "handleGrafanaManagedAlerts": False}


def test_the_provider_makes_the_folder_that_a_push_makes() -> None:
    """One uid for both ways."""
    (provider,) = loaded("dashboards")["providers"]
    assert provider.keys() == PROVIDER_KEYS
    assert (provider["folder"], provider["folderUid"], provider["type"]) == ("Sẵn Sàng", "sansang", "file")
    assert provider["options"] == {"path": provisioning.PLACE, "foldersFromFilesStructure": False}


def test_the_commands_of_the_readme_put_everything_in_place(tmp_path: Path) -> None:
    """Run below another root: files where the table says, the two addresses changed, all of it still readable."""
    text = (OUT / "provisioning/README.md").read_text("utf-8")
    install, address, _ = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for name in ("/etc/grafana", "/var/lib/grafana"):
        install, address = (one.replace(name, f"{tmp_path}{name}") for one in (install, address))
    script = (install + address).replace("sudo ", "").replace("-g grafana ", "").replace("systemctl", ": systemctl")
    done = subprocess.run(["/bin/sh", "-eu", "-c", script], cwd=OUT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    sources = yaml.safe_load((tmp_path / "etc/grafana/provisioning/datasources/sansang.yaml").read_text("utf-8"))
    assert [one["url"] for one in sources["datasources"]] == [
        "https://prometheus.example.vn", "https://alertmanager.example.vn",
    ]  # fmt: skip
    assert (tmp_path / "etc/grafana/provisioning/dashboards/sansang.yaml").exists()
    placed = sorted(Path(f"{tmp_path}{provisioning.PLACE}").glob("*.json"))
    assert [file.name for file in placed] == sorted(file.name for file in (OUT / "grafana").glob("*.json"))


def test_no_dashboard_needs_the_address_of_the_product() -> None:
    """A hidden variable asks for it; nothing is typed, and none comes from the address of a dashboard."""
    for file in (OUT / "grafana").glob("*.json"):
        text = file.read_text("utf-8")
        assert "127.0.0.1" not in text
        (asked,) = [one for one in json.loads(text)["templating"]["list"] if one["name"] == "collector"]
        assert (asked["type"], asked["hide"], asked["skipUrlSync"], asked["multi"]) == ("query", 2, True, False)
        assert (asked["regex"], asked["sort"]) == ('/url="([^"]+)"/', 5)


@pytest.mark.parametrize("name", ["dashboards", "datasources"])
def test_the_files_say_where_they_are_made(name: str) -> None:
    """Who wants to change one finds the source."""
    first = (OUT / "provisioning" / name / "sansang.yaml").read_text("utf-8").splitlines()[0]
    assert first == (
        "# Written by `sansang-dashboards build` from dashboards/provisioning.py; change the code, then run it again."
    )


def test_a_push_needs_no_more_than_the_files() -> None:
    """What builds the dashboards is not imported by what sends them."""
    code = "import sys; import dashboards.main, dashboards.steps; print('grafana_foundation_sdk' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=OUT.parent.parent, capture_output=True, text=True, check=False
    )
    assert done.stdout == "False\n", done.stderr
