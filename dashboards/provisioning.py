"""What `out/provisioning` holds: files from which Grafana starts with data sources, folder and dashboards in place."""

from __future__ import annotations

from typing import Any

from dashboards.compare import FOLDER, FOLDER_UID
from dashboards.rules.model import to_yaml

PROMETHEUS_UID, ALERTMANAGER_UID = "sansang-prometheus", "sansang-alertmanager"
PLACE = "/var/lib/grafana/dashboards/sansang"


def files() -> dict[str, str]:
    """Provisioning files, by file name below `out/`."""
    return {
        "provisioning/datasources/sansang.yaml": _written(datasources()),
        "provisioning/dashboards/sansang.yaml": _written(providers()),
        "provisioning/README.md": README,
    }


def _written(document: dict[str, Any]) -> str:
    return to_yaml(document).replace("dashboards/rules/", "dashboards/provisioning.py")


def datasources(
    prometheus: str = "http://127.0.0.1:9090", alertmanager: str = "http://127.0.0.1:9093"
) -> dict[str, Any]:
    """Prometheus, which the dashboards' variable `datasource` finds by its type and takes as the default one, and
    Alertmanager, so that its silences show. Grafana evaluates no rule: Prometheus does."""
    asked = {
        "httpMethod": "POST",
        "prometheusType": "Prometheus",
        "timeInterval": "15s",
        "manageAlerts": True,
        "alertmanagerUid": ALERTMANAGER_UID,
    }
    told = {"implementation": "prometheus", "handleGrafanaManagedAlerts": False}
    return {
        "apiVersion": 1,
        "datasources": [
            _source("Sẵn Sàng (Prometheus)", PROMETHEUS_UID, "prometheus", prometheus, asked) | {"isDefault": True},
            _source("Sẵn Sàng (Alertmanager)", ALERTMANAGER_UID, "alertmanager", alertmanager, told),
        ],
    }


def _source(name: str, uid: str, kind: str, url: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "uid": uid,
        "type": kind,
        "access": "proxy",
        "orgId": 1,
        "url": url,
        "editable": False,
        "jsonData": settings,
    }


def providers() -> dict[str, Any]:
    """Where Grafana finds the dashboards, looked through every minute. Whoever wants to change one saves a copy."""
    provider = {
        "name": "sansang",
        "orgId": 1,
        "type": "file",
        "folder": FOLDER,
        "folderUid": FOLDER_UID,
        "disableDeletion": False,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 60,
        "options": {"path": PLACE, "foldersFromFilesStructure": False},
    }
    return {"apiVersion": 1, "providers": [provider]}


README = f"""\
# Grafana từ tệp · Grafana from files

Grafana đọc các tệp này khi khởi động: nguồn dữ liệu, thư mục *{FOLDER}* và 12 bảng theo dõi (6 bảng, mỗi bảng bằng
tiếng Việt và tiếng Anh) có sẵn, không cần token, không cần bấm gì. Cảnh báo vẫn do Prometheus tính và Alertmanager gửi.

Grafana reads these files when it starts: the data sources, the folder *{FOLDER}* and 12 dashboards (6, each in
Vietnamese and in English) are there, with no token and no click. Alerts stay with Prometheus and Alertmanager.

No Grafana server ran where this was made: these files are checked against the documented format, and what the panels
show with Grafana's own library (`@grafana/data` 13.2.3). Written for Grafana 10 and newer.

| What | Where it goes (Debian package of Grafana) |
|---|---|
| `provisioning/datasources/sansang.yaml` | `/etc/grafana/provisioning/datasources/` |
| `provisioning/dashboards/sansang.yaml` | `/etc/grafana/provisioning/dashboards/` |
| `grafana/*.json` | `{PLACE}/` |

On the server that runs Grafana, in `dashboards/out` of this project:

```sh
sudo install -D -m 640 -g grafana -t /etc/grafana/provisioning/datasources provisioning/datasources/sansang.yaml
sudo install -D -m 640 -g grafana -t /etc/grafana/provisioning/dashboards provisioning/dashboards/sansang.yaml
sudo install -d {PLACE}
sudo install -m 644 -t {PLACE} grafana/*.json
```

Then put the addresses of Prometheus and Alertmanager right where all is not on one machine:

```sh
sudo sed -i -e 's|http://127.0.0.1:9090|https://prometheus.example.vn|' \\
  -e 's|http://127.0.0.1:9093|https://alertmanager.example.vn|' \\
  /etc/grafana/provisioning/datasources/sansang.yaml
sudo systemctl restart grafana-server
```

Links to the product's pages need no address: `sansang_collector_info` tells `public_url` of collector.yaml.

Afterwards copying newer JSON files is enough: Grafana looks through the folder every minute. A change of the data
sources needs the restart. For one language only, leave the others out: `*-vi.json` is Vietnamese, `*-en.json` English.

| What you see | What it is |
|---|---|
| Dashboards are not there | `journalctl -u grafana-server` names the file; mostly the user `grafana` may not read it |
| Panels without data | Another data source is the default: choose *{FOLDER} (Prometheus)* above the panels |
| `Only one datasource per organization can be marked as default` | Set `isDefault: false` in one of the files |
| *Cannot save provisioned dashboard* | Meant so: the files win. Save a copy under another name |
| Links lead to 127.0.0.1 | Set `public_url` in collector.yaml |

A running Grafana whose files you cannot reach takes the same dashboards over HTTP. One way or the other: what comes
from files is not overwritten by `push`, which says so. It creates no data source: add the Prometheus by hand, as the
default one. The token is a service account's with the role Editor. A second push changes nothing; what somebody
edited in Grafana since stays until `--force`. Tried against a stand-in that answers as Grafana's documentation says,
not against a real server.

```sh
sansang-dashboards push --url https://grafana.example.vn --token-file grafana.token --dry-run
sansang-dashboards push --url https://grafana.example.vn --token-file grafana.token
```
"""
