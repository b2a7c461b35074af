# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan for the change board: Markdown and HTML. Names come from servers and inventories, and stay text.

Characters that have no look of their own or change that of others, as those that turn the direction of writing do, are
shown by their code points.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, StrictUndefined

from ..text import visible
from .document import is_changing, is_lacking_members, summary_of

_PUNCTUATION = re.compile(r"([\\`*_{}\[\]#!|<>~&$^=@\"]|^[-+)]|:(?=//))")
_STATES = {
    "planned": "planned",
    "nothing_owed": "nothing owed",
    "unreachable": "UNREACHABLE",
    "error": "NOT READ",
}

_MARKDOWN = """\
# Change {{ plan.head.change_id | text }}

| | |
|---|---|
| Digest to approve | `{{ plan.digest | code }}` |
| Planned | {{ plan.head.created | text }} |
| Made by | sitekeeper.sms {{ plan.head.collection | text }}, ansible-core {{ plan.head.ansible | text }} |
| Site servers | {{ summary.hosts }}: {{ summary.changing | length }} to change, {{ summary.unchanged }} \
as they should be, {{ summary.lacking_members | length }} lacking members, {{ summary.not_read | length }} not read |

Each object is written only if it still holds what stands here as *before*. Nothing else is written.
{% if summary.not_read %}

**Not read, and so not changed:** {{ summary.not_read | map('text') | join(', ') }}
{% endif %}
{% for host in summary.lacking_members %}

**This change gives no access to** \
{{ plan.hosts[host].group.missing | map(attribute='name') | map('text') | join(', ') }}: \
{{ plan.hosts[host].warnings | map('text') | join('; ') }}
{% endfor %}
{% for host, section in plan.hosts | dictsort(case_sensitive=true) if section is changing %}

## {{ host | text }}{{ ' (site ' ~ section.site | text ~ ')' if section.site else '' }}

{% for object in (section.directory, section.share) %}
{% set is_share = object.name is defined %}
**{{ 'Share' if is_share else 'Directory' }}** `{{ (object.name if is_share else object.path) | code }}`\
{{ ': not changed' if object.before == object.after else '' }}

```diff
{% for edit in object.edits %}
{{ edit | visible }}
{% endfor %}
```

```text
before {{ object.before | visible }}
after  {{ object.after | visible }}
```

{% endfor %}
{% if section.group and section.group['add'] %}
**New members of** {{ section.group.name | text }}: \
{{ section.group['add'] | map(attribute='name') | map('text') | join(', ') }}

{% endif %}
| Account | Share | Directory | Why |
|---|---|---|---|
{% for grant in section.grants %}
| {{ grant.name | text }} | {{ grant.access_before.share | text }} → {{ grant.access_after.share | text }} | \
{{ grant.access_before.directory | text }} → {{ grant.access_after.directory | text }} | \
{{ grant.reasons | map('text') | join('; ') }} |
{% endfor %}
{% for warning in section.warnings %}

Warning: {{ warning | text }}
{% endfor %}
{% endfor %}
{% set ns = namespace(any=false) %}
{% for host, section in plan.hosts | dictsort(case_sensitive=true) %}
{% for finding in section.findings %}
{% if not ns.any %}

## Findings

| Site | Severity | Finding | Seen | Advice |
|---|---|---|---|---|
{% set ns.any = true %}
{% endif %}
| {{ finding.site | text }} | {{ finding.severity | text }} | {{ finding.id | text }} | \
{{ finding.evidence | text }} | {{ finding.advice | text }} |
{% endfor %}
{% endfor %}

## All site servers

| Site server | Site | State | |
|---|---|---|---|
{% for host, section in plan.hosts | dictsort(case_sensitive=true) %}
| {{ host | text }} | {{ (section.site or '') | text }} | \
{{ section | state }} | {{ (section.message or '') | text }} |
{% endfor %}
"""

_HTML = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Change {{ plan.head.change_id }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; }
h2 { border-top: 1px solid #767676; padding-top: 1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1rem; }
th, td { border: 1px solid #767676; padding: 0.3rem 0.6rem; text-align: start; vertical-align: top;
  overflow-wrap: anywhere; }
th { background: #eef1f4; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; overflow-wrap: anywhere; white-space: pre-wrap; }
pre { background: #f4f4f4; padding: 0.5rem; margin: 0.3rem 0; }
.add { color: #0b5a1f; } .remove { color: #9c1414; } .note { font-weight: bold; }
@media print { body { max-width: none; margin: 0; } section { break-inside: avoid; } }
</style>
</head>
<body>
<main>
<h1>Change <bdi>{{ plan.head.change_id }}</bdi></h1>
<table>
<tr><th scope="row">Digest to approve</th><td><code>{{ plan.digest }}</code></td></tr>
<tr><th scope="row">Planned</th><td>{{ plan.head.created }}</td></tr>
<tr><th scope="row">Made by</th><td>sitekeeper.sms {{ plan.head.collection }},
ansible-core {{ plan.head.ansible }}</td></tr>
<tr><th scope="row">Site servers</th><td>{{ summary.hosts }}: {{ summary.changing | length }} to change,
{{ summary.unchanged }} as they should be, {{ summary.lacking_members | length }} lacking members,
{{ summary.not_read | length }} not read</td></tr>
</table>
<p>Each object is written only if it still holds what stands here as <em>before</em>. Nothing else is written.</p>
{% if summary.not_read %}
<p class="note">Not read, and so not changed:
{% for host in summary.not_read %}<bdi>{{ host }}</bdi>{{ '' if loop.last else ', ' }}{% endfor %}</p>
{% endif %}
{% for host in summary.lacking_members %}
<p class="note">This change gives no access to
{% for account in plan.hosts[host].group.missing -%}
<bdi>{{ account.name }}</bdi>{{ '' if loop.last else ', ' }}
{%- endfor %}:
<bdi>{{ plan.hosts[host].warnings | join('; ') }}</bdi></p>
{% endfor %}
{% for host, section in plan.hosts | dictsort(case_sensitive=true) if section is changing %}
<section>
<h2><bdi>{{ host }}</bdi>{% if section.site %} (site {{ section.site }}){% endif %}</h2>
{% for object in (section.directory, section.share) %}
{% set is_share = object.name is defined %}
<h3>{{ 'Share' if is_share else 'Directory' }} <code><bdi>{{ object.name if is_share else object.path }}</bdi></code>
{{- ': not changed' if object.before == object.after else '' }}</h3>
{% if object.edits %}
<pre>{% for edit in object.edits %}<span class="{{ 'add' if edit.startswith('+') else 'remove' }}">{{ edit }}</span>
{% endfor %}</pre>
{% endif %}
<pre>before {{ object.before }}
after  {{ object.after }}</pre>
{% endfor %}
{% if section.group and section.group['add'] %}
<h3>New members of <bdi>{{ section.group.name }}</bdi></h3>
<ul>{% for account in section.group['add'] %}<li><bdi>{{ account.name }}</bdi></li>{% endfor %}</ul>
{% endif %}
<table>
<thead><tr><th scope="col">Account</th><th scope="col">Share</th><th scope="col">Directory</th><th scope="col">Why</th>
</tr></thead>
<tbody>
{% for grant in section.grants %}
<tr><td><bdi>{{ grant.name }}</bdi></td>
<td>{{ grant.access_before.share }} → {{ grant.access_after.share }}</td>
<td>{{ grant.access_before.directory }} → {{ grant.access_after.directory }}</td>
<td>{% for reason in grant.reasons %}<bdi>{{ reason }}</bdi>{{ '' if loop.last else '; ' }}{% endfor %}</td></tr>
{% endfor %}
</tbody>
</table>
{% for warning in section.warnings %}
<p class="note">Warning: <bdi>{{ warning }}</bdi></p>
{% endfor %}
</section>
{% endfor %}
{% set ns = namespace(any=false) %}
{% for host, section in plan.hosts | dictsort(case_sensitive=true) %}
{% for finding in section.findings %}
{% if not ns.any %}
<h2>Findings</h2>
<table>
<thead><tr><th scope="col">Site</th><th scope="col">Severity</th><th scope="col">Finding</th><th scope="col">Seen</th>
<th scope="col">Advice</th></tr></thead>
<tbody>
{% set ns.any = true %}
{% endif %}
<tr><td>{{ finding.site }}</td><td>{{ finding.severity }}</td><td>{{ finding.id }}</td>
<td><bdi>{{ finding.evidence }}</bdi></td><td>{{ finding.advice }}</td></tr>
{% endfor %}
{% endfor %}
{% if ns.any %}
</tbody>
</table>
{% endif %}
<h2>All site servers</h2>
<table>
<thead><tr><th scope="col">Site server</th><th scope="col">Site</th><th scope="col">State</th><th scope="col">Why</th>
</tr></thead>
<tbody>
{% for host, section in plan.hosts | dictsort(case_sensitive=true) %}
<tr><td><bdi>{{ host }}</bdi></td><td>{{ section.site or '' }}</td>
<td>{{ section | state }}</td>
<td><bdi>{{ section.message or '' }}</bdi></td></tr>
{% endfor %}
</tbody>
</table>
</main>
</body>
</html>
"""


def as_markdown(plan: Mapping[str, Any]) -> str:
    """The plan as Markdown (CommonMark with GitHub's tables)."""
    return _render(_MARKDOWN, plan, autoescape=False)


def as_html(plan: Mapping[str, Any]) -> str:
    """The plan as one HTML page that needs no other file, no script and no network."""
    return _render(_HTML, plan, autoescape=True)


def _render(template: str, plan: Mapping[str, Any], *, autoescape: bool) -> str:
    environment = Environment(
        autoescape=autoescape,  # noqa: S701 - Markdown is no HTML; its own filters escape it
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # In Markdown each value says what it is; `text`, `code` and `visible` do this as well.
        finalize=(lambda value: visible(value) if isinstance(value, str) else value) if autoescape else None,
    )
    environment.filters.update(text=_markdown_text, code=_markdown_code, visible=visible, state=_state)
    environment.tests["changing"] = is_changing
    return environment.from_string(template).render(plan=plan, summary=summary_of(plan["hosts"]))


def _state(section: Mapping[str, Any]) -> str:
    """What becomes of a host, in a word or two."""
    if is_changing(section):
        return "TO CHANGE"
    return "LACKS MEMBERS" if is_lacking_members(section) else _STATES[section["status"]]


def _markdown_text(text: str) -> str:
    r"""Text that Markdown takes as text: CommonMark 0.31, 2.4, lets a backslash stand before any ASCII punctuation."""
    escaped = _PUNCTUATION.sub(r"\\\1", visible(text))
    # GitHub makes links of what looks like one.
    return re.sub(r"(?i)\b(www)\.", r"\1\\.", escaped)


def _markdown_code(text: str) -> str:
    """Text for between two backticks, in a table or not."""
    return visible(text).replace("`", "⟨U+0060⟩").replace("|", "⟨U+007C⟩")
