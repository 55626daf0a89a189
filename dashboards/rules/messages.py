"""What a mail says: Vietnamese first, English after it. Templates of Alertmanager, which escapes those for HTML."""

from __future__ import annotations

from dashboards.rules.model import Severity

SEVERITIES = {
    Severity.CRITICAL: ("khẩn cấp", "critical"),
    Severity.WARNING: ("cần xử lý", "warning"),
    Severity.INFO: ("để biết", "for information"),
}
RESOLVED = ("đã hết", "resolved")
TEMPLATE = """\
{{/* Written by `sansang-dashboards build` from dashboards/rules/; change the code, then run it again. */}}
{{ define "sansang.subject" -}}
[{{ template "sansang.state.vi" (index .Alerts 0) }}] {{ (index .Alerts 0).Annotations.summary_vi }}
{{- if gt (len .Alerts) 1 }} (+{{ len (slice .Alerts 1) }}){{ end }}
{{- end }}

{{ define "sansang.state.vi" }}@VI@{{ end }}
{{ define "sansang.state.en" }}@EN@{{ end }}
{{ define "sansang.time" }}@TIME@{{ end }}

{{ define "sansang.text" -}}
{{ range .Alerts -}}
{{ template "sansang.state.vi" . }}: {{ .Annotations.summary_vi }}
{{ .Annotations.description_vi }}
{{- with .Annotations.page_url }}
Trang: {{ . }}
{{- end }}
Từ {{ template "sansang.time" .StartsAt }}. Hướng dẫn: {{ .Annotations.runbook_url }}

{{ end -}}
--
{{ range .Alerts }}
{{ template "sansang.state.en" . }}: {{ .Annotations.summary_en }}
{{ .Annotations.description_en }}
{{- with .Annotations.page_url }}
Page: {{ . }}
{{- end }}
Since {{ template "sansang.time" .StartsAt }}. Runbook: {{ .Annotations.runbook_url }}
{{ end -}}
{{- end }}

{{ define "sansang.html" -}}
<!doctype html>
<html lang="vi"><body style="font-family: 'Be Vietnam Pro', system-ui, sans-serif; max-width: 640px">
{{ range .Alerts }}
<h3 style="margin-bottom: 4px">{{ template "sansang.state.vi" . }}: {{ .Annotations.summary_vi }}</h3>
<p>{{ .Annotations.description_vi }}</p>
{{ with .Annotations.page_url }}<p>Trang: <a href="{{ . }}">{{ . }}</a></p>{{ end }}
<p><small>Từ {{ template "sansang.time" .StartsAt }}.
{{ with .Annotations.runbook_url -}}
{{ if match "^https?:" . }}<a href="{{ . }}">Hướng dẫn</a>{{ else }}Hướng dẫn: {{ . }}{{ end }}
{{- end }}</small></p>
<p lang="en" style="color: #555b64">{{ .Annotations.summary_en }}. {{ .Annotations.description_en }}</p>
{{ end }}</body></html>
{{- end }}
"""
# Viet Nam is 7 hours ahead of UTC all year; these templates know sums, but no zones.
TIME = '{{ (.Add 25200000000000).UTC.Format "15:04 02/01/2006" }}'


def template() -> str:
    """sansang.tmpl."""
    return TEMPLATE.replace("@VI@", _state(0)).replace("@EN@", _state(1)).replace("@TIME@", TIME)


def _state(language: int) -> str:
    firing = "".join(
        f'{{{{ else if eq .Labels.severity "{severity}" }}}}{words[language]}' for severity, words in SEVERITIES.items()
    )
    return f'{{{{ if eq .Status "resolved" }}}}{RESOLVED[language]}{firing}{{{{ end }}}}'
