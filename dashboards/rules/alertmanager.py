"""Alertmanager's configuration (0.25 and newer): who is told what, when, and what is kept back."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from dashboards.rules.model import to_yaml

LOCALITIES = ("can-tho", "ha-noi", "hcmc", "quang-ninh")
SECRETS = "/etc/prometheus/secrets"
KIND = ("alertname", "locality", "unit", "device", "finding", "target")
"""Two alerts that agree on these speak of one thing: the graver one is told."""
Interval = dict[str, Any]
# [C] Office hours (domain): 07:30 to 11:30 and 13:00 to 17:00, Saturday mornings. Lunch counts here: what breaks
# then is mended before one.
OFFICE: tuple[Interval, ...] = (
    {"weekdays": ["monday:friday"], "times": [{"start_time": "07:30", "end_time": "17:00"}]},
    {"weekdays": ["saturday"], "times": [{"start_time": "07:30", "end_time": "11:30"}]},
)


class Post(Struct, frozen=True, kw_only=True):
    """Where messages go. ``hook`` and ``watchdog`` are addresses of webhooks; the latter must raise the alarm when it
    is not called for ten minutes. What is "" is left out; without ``secrets`` (a folder) no password is sent, and mail
    goes without TLS."""

    smarthost: str = "mail.example.invalid:587"
    sender: str = "canh-bao@sansang.example.invalid"
    domain: str = "sansang.example.invalid"
    hook: str = "https://chat.example.invalid/hooks/sansang"
    watchdog: str = "https://watchdog.example.invalid/ping/sansang"
    secrets: str = SECRETS
    office: tuple[Interval, ...] = OFFICE


class Pace(Struct, frozen=True, kw_only=True):
    """How long a new group waits for its like, and between messages of one group; the watchdog is told every ``alive``,
    to within a ``beat``. ``repeats`` by severity."""

    wait: str = "30s"
    interval: str = "5m"
    beat: str = "1m"
    alive: str = "5m"
    repeats: dict[str, str] = field(default_factory=lambda: {"critical": "4h", "warning": "12h", "info": "24h"})


def config(post: Post, pace: Pace | None = None) -> str:
    """alertmanager.yml; its templates are looked for beside it."""
    pace = pace or Pace()
    document = {
        "global": _mail(post),
        "templates": ["*.tmpl"],
        "route": {
            "receiver": "engineers",
            "group_by": ["alertname", "locality", "finding"],
            "group_wait": pace.wait,
            "group_interval": pace.interval,
            "repeat_interval": pace.repeats["warning"],
            "routes": [_watchdog(pace), *(_locality(name, pace) for name in LOCALITIES), *_by_severity(pace)],
        },
        "inhibit_rules": _inhibitions(),
        "time_intervals": [{"name": "office-hours", "time_intervals": [_local(one) for one in post.office]}],
        "receivers": [
            *(_receiver(post, name) for name in ("engineers", *LOCALITIES)),
            {"name": "watchdog", **_hooks({"url": post.watchdog, "send_resolved": False})},
        ],
    }
    return to_yaml(document)


def _mail(post: Post) -> dict[str, Any]:
    if not post.smarthost:
        return {}
    known = {"smtp_smarthost": post.smarthost, "smtp_from": post.sender}
    if not post.secrets:
        return {**known, "smtp_require_tls": False}
    return {
        **known,
        "smtp_auth_username": post.sender,
        "smtp_auth_password_file": f"{post.secrets}/smtp-password",
        "smtp_require_tls": True,
    }


def _watchdog(pace: Pace) -> dict[str, Any]:
    return {
        "matchers": ['alertname = "Watchdog"'],
        "receiver": "watchdog",
        "group_wait": "0s",
        "group_interval": pace.beat,
        "repeat_interval": pace.alive,
    }


def _locality(name: str, pace: Pace) -> dict[str, Any]:
    return {"matchers": [f'locality = "{name}"'], "receiver": name, "routes": _by_severity(pace)}


def _by_severity(pace: Pace) -> list[dict[str, Any]]:
    """Only what is critical wakes anybody."""
    return [
        {
            "matchers": [f'severity = "{severity}"'],
            "repeat_interval": repeat,
            **({} if severity == "critical" else {"active_time_intervals": ["office-hours"]}),
        }
        for severity, repeat in pace.repeats.items()
    ]


def _inhibitions() -> list[dict[str, Any]]:
    """A finding keeps its consequences back, unless they are graver than it is: a unit that a fault of its line has
    held up for half a day is told all the same. Every finding has an id, so what none explains is kept back by none."""
    consequence = ['alertname != "Finding"', 'finding != ""']
    return [
        {
            "source_matchers": ['alertname = "Finding"', 'severity = "critical"'],
            "target_matchers": consequence,
            "equal": ["finding"],
        },
        {
            "source_matchers": ['alertname = "Finding"', 'severity = "warning"'],
            "target_matchers": [*consequence, 'severity =~ "warning|info"'],
            "equal": ["finding"],
        },
        {
            "source_matchers": ['severity = "critical"'],
            "target_matchers": ['severity =~ "warning|info"'],
            "equal": list(KIND),
        },
        {"source_matchers": ['severity = "warning"'], "target_matchers": ['severity = "info"'], "equal": list(KIND)},
        {
            "source_matchers": ['alertname = "CollectorDown"'],
            "target_matchers": ['alertname =~ "SweepStale|SweepErrorBudgetBurn|DeviceScrapeDown|RemoteWriteStalled"'],
            "equal": ["locality"],
        },
    ]


def _local(interval: Interval) -> Interval:
    return {**interval, "location": "Asia/Ho_Chi_Minh"}


def _receiver(post: Post, name: str) -> dict[str, Any]:
    secret = {"authorization": {"credentials_file": f"{post.secrets}/webhook-token"}}
    hook = {"url": post.hook, "send_resolved": True, **({"http_config": secret} if post.secrets else {})}
    return {"name": name, **_mails(post, name), **_hooks(hook)}


def _hooks(hook: dict[str, Any]) -> dict[str, Any]:
    return {"webhook_configs": [hook]} if hook["url"] else {}


def _mails(post: Post, name: str) -> dict[str, Any]:
    if not post.smarthost:
        return {}
    mail = {
        "to": f"{name}@{post.domain}",
        "send_resolved": True,
        "headers": {"Subject": '{{ template "sansang.subject" . }}'},
        "text": '{{ template "sansang.text" . }}',
        "html": '{{ template "sansang.html" . }}',
    }
    return {"email_configs": [mail]}
