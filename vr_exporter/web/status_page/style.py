"""The style of the status page: light and dark, wide and narrow."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #f5f6f8; --card: #ffffff; --line: #e2e5ea; --text: #1b2330; --soft: #667085;
  --link: #1f5fbf; --met: #2c9a5b; --late: #d9920a; --breached: #d1383d; --excused: #7a8ba6;
  --unknown: #a9b1bd; --bar: #3b7ddd; --track: #e4e8ee; --on: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #11151c; --card: #1a202a; --line: #2b3340; --text: #e4e8ef; --soft: #93a0b4;
    --link: #7fb0ff; --met: #45b877; --late: #e8ab3a; --breached: #f0686c; --excused: #8496b3;
    --unknown: #66707f; --bar: #5b97ee; --track: #2b3340; --on: #11151c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main, header, footer { max-width: 1360px; margin: 0 auto; padding: 0 24px; }
header {
  display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 20px;
  padding-top: 22px; padding-bottom: 14px;
}
h1 { font-size: 22px; margin: 0; letter-spacing: -0.01em; }
header p { margin: 0; color: var(--soft); font-size: 13px; }
nav { margin-left: auto; display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 14px; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
section {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  margin-bottom: 18px; padding: 16px 20px; overflow-x: auto;
}
h2 { font-size: 15px; margin: 0 0 10px; }
h2 small { color: var(--soft); font-weight: normal; font-size: 13px; margin-left: 8px; }
dl.tiles { display: flex; flex-wrap: wrap; gap: 10px 36px; margin: 0; }
dl.tiles div { display: flex; flex-direction: column-reverse; min-width: 72px; }
dl.tiles dt { color: var(--soft); font-size: 13px; }
dl.tiles dd { margin: 0; font-size: 26px; line-height: 1.2; font-weight: 600; }
dl.tiles dd { font-variant-numeric: tabular-nums; }
svg.shares { display: block; width: 100%; height: 10px; border-radius: 5px; margin-top: 14px; }
svg.shares { background: var(--track); }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
th, td { text-align: left; padding: 7px 14px 7px 0; vertical-align: top; font-weight: normal; }
th[scope=row] { font-weight: 600; overflow-wrap: anywhere; }
thead th { color: var(--soft); font-size: 12px; padding-top: 0; white-space: nowrap; }
tbody tr { border-top: 1px solid var(--line); }
td { font-variant-numeric: tabular-nums; white-space: nowrap; }
tbody tr:hover { background: var(--ground); }
.text { overflow-wrap: anywhere; white-space: normal; color: var(--soft); font-size: 13px; }
.nested { padding-left: 18px; font-weight: normal; }
.empty { color: var(--soft); margin: 0; }
.badge {
  display: inline-block; padding: 0 9px; border-radius: 9px; font-size: 12px; line-height: 19px;
  font-weight: 600; color: var(--on); background: var(--unknown); white-space: nowrap;
}
.count-late { color: var(--late); } .count-breached { color: var(--breached); }
.count-met { color: var(--met); } .count-down { color: var(--breached); }
.met, .up { background: var(--met); } .late, .stale { background: var(--late); }
.breached, .down, .failed { background: var(--breached); } .excused { background: var(--excused); }
.running { background: var(--bar); }
rect.met { fill: var(--met); } rect.late { fill: var(--late); }
rect.breached { fill: var(--breached); } rect.excused { fill: var(--excused); }
rect.unknown { fill: var(--unknown); }
progress {
  appearance: none; width: 180px; max-width: 100%; height: 8px; border: 0; border-radius: 4px;
  background: var(--track); color: var(--bar); margin-right: 10px; vertical-align: middle;
}
progress::-webkit-progress-bar { background: var(--track); border-radius: 4px; }
progress::-webkit-progress-value { background: var(--bar); border-radius: 4px; }
progress::-moz-progress-bar { background: var(--bar); border-radius: 4px; }
footer { color: var(--soft); font-size: 13px; padding-bottom: 28px; }
@media (max-width: 700px) {
  main, header, footer { padding-left: 12px; padding-right: 12px; }
  nav { margin-left: 0; }
  section { padding: 14px; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, th[scope=row], td { display: block; }
  tbody tr { padding: 8px 0; }
  td, th[scope=row] { padding: 1px 0; }
  td { display: flex; gap: 10px; white-space: normal; }
  td::before { content: attr(data-label); color: var(--soft); flex: 0 0 104px; font-size: 13px; }
  td:empty { display: none; }
  .nested { padding-left: 0; }
}
"""

_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page's Content-Security-Policy: this very style, no script, nothing from elsewhere."""
