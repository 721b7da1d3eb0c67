"""How the page looks: light, dark, and on paper. Colours that most colour-blind people tell apart; no files."""

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --faint: #57606a; --line: #d0d7de; --shade: #f3f5f7;
  --used: #0b6e99; --free: #9ccbe0; --guests: #b35900; --offered: #f0c48a; --moving: #8a8f98; --blank: #b9bec5;
  --waits: #8b2f8f; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e6eaee; --faint: #a3acb5; --line: #39414a;
  --shade: #1d2227; --used: #4fb3de; --free: #23566c; --guests: #ffab57; --offered: #7a4a14; --moving: #8a93a0;
  --blank: #4b535c; --waits: #dc8be0; } }
@media print { :root { color-scheme: light; --paper: #fff; --ink: #000; --faint: #333; --line: #999; --shade: #fff;
  --used: #0b6e99; --free: #9ccbe0; --guests: #b35900; --offered: #f0c48a; --moving: #8a8f98; --blank: #b9bec5;
  --waits: #8b2f8f; }
  body { font-size: 9.5pt; } main { max-width: none; padding: 0; } figure, tr, dl > div { break-inside: avoid; }
  h2 { break-after: avoid; } summary, details:not([open]) { display: none; } }
@page { margin: 15mm; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
p { margin: .4rem 0; } .faint, figcaption, caption { color: var(--faint); }
.lead { font-size: 1.15rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .8rem; margin: 1rem 0; }
dl > div { background: var(--shade); border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .8rem; }
dt { color: var(--faint); } dd { margin: 0; } dd.value { font-size: 1.35rem; font-weight: 600; }
dd.note { font-size: .9rem; color: var(--faint); }
figure { margin: 0; } svg { display: block; width: 100%; height: auto; } figcaption { margin: .2rem 0 .5rem; }
svg text { fill: var(--faint); font-size: 12px; font-family: system-ui, sans-serif; }
svg .axis { stroke: var(--line); stroke-width: 1; } svg .hairline { stroke: var(--line); stroke-width: .5; }
.used { fill: var(--used); } .free { fill: var(--free); } .guests { fill: var(--guests); }
.offered { fill: var(--offered); } .moving { fill: var(--moving); } .waits { fill: var(--waits); }
.blank { fill: var(--blank); opacity: .45; }
.line { fill: none; stroke-width: 1.6; } .line.used { stroke: var(--used); fill: none; }
.line.guests { stroke: var(--guests); fill: none; stroke-dasharray: 5 2; }
.line.waits { stroke: var(--waits); fill: none; }
.scroll { overflow-x: auto; } details { margin: .3rem 0 1rem; } summary { cursor: pointer; color: var(--faint); }
:focus-visible { outline: 3px solid var(--used); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .2rem 0; }
th, td { text-align: right; padding: .2rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child, td.words, th.words { text-align: left; } thead th { border-bottom-width: 2px; }
"""
