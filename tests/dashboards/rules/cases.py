"""How an alert is tried by ``promtool test rules``: what Prometheus scrapes, when the alert fires, and what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from dashboards.rules.build import FILES

XOM_CHIEU = "27259"
NAME = "Phường Xóm Chiếu"
UNIT_INFO = (
    f'sansang_unit_info{{unit="{XOM_CHIEU}",name="{NAME}",kind="Phường",province="Thành phố Hồ Chí Minh",'
    'locality="hcmc",lat="10.76",lon="106.7",instance="c:8420",job="sansang"}'
)
PLACED = {"unit": XOM_CHIEU, "name": NAME, "locality": "hcmc"}
ON_DEVICE = {**PLACED, "device": "d-1"}
DEVICE_INFO = (
    f'sansang_device_info{{unit="{XOM_CHIEU}",device="d-1",role="pc",version="1",station="Q1",instance="c:8420"}}'
)
MACHINE = ("Phường Xóm Chiếu, máy Q1", "Phường Xóm Chiếu, PC Q1")
ALWAYS = "1+0x1000"


class Case(Struct, frozen=True, kw_only=True):
    """`series` by selector, a sample every `step`, from 0 s since the epoch on. At `fires` all `severities` of `alert`
    are told with `labels` and `says` (summary and description, each Vietnamese and English), at `holds` none is, and
    at `resolves` none any more; `kept` is a time when only ``keep_firing_for`` keeps it. A time that is "" is not
    asked for. Its runbook is the one at the collector with the address `runbook`, the file where that is "", and its
    page is `page`."""

    alert: str
    severities: tuple[str, ...]
    series: dict[str, str]
    fires: str
    holds: str
    resolves: str
    labels: dict[str, str]
    says: tuple[str, str, str, str]
    step: str = "1m"
    kept: str = ""
    runbook: str = ""
    page: str = ""
    files: tuple[str, ...] = field(default_factory=lambda: tuple(FILES))

    @property
    def id(self) -> str:
        return f"{self.alert}-{self.severities[0]}"

    def document(self, folder: Path) -> dict[str, Any]:
        """What promtool reads; the rule files lie in `folder`."""
        firing = [
            {"exp_labels": {**self.labels, "severity": each}, "exp_annotations": self.annotations()}
            for each in self.severities
        ]
        moments: tuple[tuple[str, list[dict[str, Any]]], ...] = (
            (self.fires, firing),
            (self.kept, firing),
            (self.holds, []),
            (self.resolves, []),
        )
        return {
            "rule_files": [str(folder / f"{name}.yml") for name in self.files],
            "evaluation_interval": self.step,
            "group_eval_order": [group.name for name in self.files for group in FILES[name]],
            "tests": [
                {
                    "interval": self.step,
                    "input_series": [{"series": one, "values": values} for one, values in self.series.items()],
                    "alert_rule_test": [
                        {"eval_time": at, "alertname": self.alert, "exp_alerts": told} for at, told in moments if at
                    ],
                }
            ],
        }

    def annotations(self) -> dict[str, str]:
        names = ("summary_vi", "summary_en", "description_vi", "description_en")
        runbook = f"{self.runbook}/runbook" if self.runbook else "RUNBOOK.md"
        leads = {"runbook_url": f"{runbook}#alert-{self.alert.lower()}", "page_url": self.page}
        return {**dict(zip(names, self.says, strict=True)), **leads}

    def text(self, folder: Path) -> str:
        """JSON, which YAML contains."""
        return json.dumps(self.document(folder), ensure_ascii=False, indent=1)


def until(step: int, value: float = 1, then: float = 0) -> str:
    """`value` in each of the steps before `step`, `then` from it on."""
    return f"{value}+0x{step - 1} {then}+0x1000"


def unit(name: str, **labels: str) -> str:
    """A series of the unit, as the collector serves it."""
    told = ",".join(f'{key}="{value}"' for key, value in {"unit": XOM_CHIEU, **labels}.items())
    return f'{name}{{{told},instance="c:8420",job="sansang"}}'


def device(name: str, **labels: str) -> str:
    """A series of the PC Q1."""
    return unit(name, device="d-1", **labels).replace('job="sansang"', 'job="sansang-devices"')


def collector(name: str, **labels: str) -> str:
    """A series of the collector itself."""
    told = "".join(f'{key}="{value}",' for key, value in labels.items())
    return f'{name}{{{told}instance="c:8420",job="sansang"}}'
