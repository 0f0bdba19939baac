"""How the report looks: the only thing that a browser may take from it."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

STYLE: Final = """
@page { size: A4; margin: 14mm; }
* { box-sizing: border-box; }
body { font: 13px/1.5 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; color: #1c2430;
  background: #fff; max-width: 190mm; margin: 0 auto; padding: 8mm 4mm; }
h1 { font-size: 22px; margin: 0 0 2px; }
h2 { font-size: 15px; margin: 22px 0 6px; border-bottom: 1px solid #c9d2dd; padding-bottom: 3px; }
p { margin: 4px 0; }
.quiet { color: #576272; font-size: 12px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 4px 8px 4px 0; border-bottom: 1px solid #e4e9ef;
  vertical-align: top; }
th { font-weight: 600; color: #576272; font-size: 12px; }
td.big { font-weight: 600; white-space: nowrap; }
td.code { font-family: ui-monospace, monospace; font-size: 11.5px; }
.one-line { white-space: nowrap; }
.met { color: #17663a; white-space: nowrap; }
.missed { color: #a3261d; font-weight: 600; white-space: nowrap; }
section, table, figure { break-inside: avoid; }
thead { display: table-header-group; }
figure { margin: 6px 0; }
figcaption { font-size: 12px; color: #576272; }
svg { width: 100%; height: auto; display: block; }
svg .grid { stroke: #e4e9ef; }
svg text { font-size: 11px; fill: #576272; }
svg .name { fill: #1c2430; }
svg .end { text-anchor: end; }
svg .mid { text-anchor: middle; }
svg .line { fill: none; stroke-width: 2; }
svg .line.online { stroke: #1f5fa8; } svg .dot.online { fill: #1f5fa8; }
svg .line.intact { stroke: #b35c00; stroke-dasharray: 5 3; } svg .dot.intact { fill: #b35c00; }
svg .track { fill: #eef2f6; } svg .bar { fill: #b3322a; }
.key::before { content: ""; display: inline-block; width: 11px; height: 11px; margin-right: 5px; }
.key { margin-right: 14px; white-space: nowrap; }
.key.online::before { background: #1f5fa8; } .key.intact::before { background: #b35c00; }
svg .well { fill: #2e7d4f; } .key.well::before { background: #2e7d4f; }
svg .impaired { fill: #8ab86a; } .key.impaired::before { background: #8ab86a; }
svg .unseen { fill: #c9b458; } .key.unseen::before { background: #c9b458; }
svg .faulty { fill: #d98032; } .key.faulty::before { background: #d98032; }
svg .offline { fill: #b3322a; } .key.offline::before { background: #b3322a; }
svg .unreachable { fill: #7a4a74; } .key.unreachable::before { background: #7a4a74; }
svg .unknown { fill: #8b95a3; } .key.unknown::before { background: #8b95a3; }
svg .maintenance { fill: #5b8fc4; } .key.maintenance::before { background: #5b8fc4; }
svg .on_request { fill: #cdd5de; } .key.on_request::before { background: #cdd5de; }
svg .never { fill: #dfe4ea; } .key.never::before { background: #dfe4ea; }
svg .planned { fill: #eef1f4; } .key.planned::before { background: #eef1f4; }
@media print { body { padding: 0; max-width: none; -webkit-print-color-adjust: exact;
  print-color-adjust: exact; } }
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'"
"""The content security policy under which a browser shows it: its own style, and nothing else."""
