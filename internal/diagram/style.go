package diagram

// Style is what a page needs to show the pictures. A page may set the variables
// otherwise. A class is told apart by more than its colour: a critical line is
// thick, a major one less so, a minor one dotted, an open one (without
// protection) dashed, and the severities bring a symbol each.
//
// A picture keeps its natural width, so that its text stays readable, and
// scrolls within a .figure; where it has the class fit it shrinks instead.
const Style = `.diagram {
  --d-paper: #fff; --d-ink: #1f2328; --d-soft: #59606a; --d-line: #4d5661; --d-edge: #6a7380; --d-fill: #f5f7f9; --d-store: #eef3f8;
  --d-frame: #8a94a1; --d-frame-fill: #8a94a10f; --d-accent: #24527a;
  --d-critical: #a3201a; --d-critical-fill: #fbe3e0; --d-major: #8f5200; --d-major-fill: #fbeccd; --d-minor: #1f5f8b; --d-minor-fill: #e0eef8;
}
@media (prefers-color-scheme: dark) {
  .diagram {
    --d-paper: #1c1f23; --d-ink: #e6e4de; --d-soft: #a9afb8; --d-line: #a3abb6; --d-edge: #8b94a0; --d-fill: #272b31; --d-store: #232c36;
    --d-frame: #6f7884; --d-frame-fill: #8a94a114; --d-accent: #93bfe6;
    --d-critical: #ff9d8e; --d-critical-fill: #4a211c; --d-major: #efc069; --d-major-fill: #40300f; --d-minor: #8fc3ec; --d-minor-fill: #1c3447;
  }
}
.figure { overflow-x: auto; }
.diagram { display: block; max-width: none; height: auto; font-family: system-ui, "Noto Sans TC", "Noto Sans CJK TC", "PingFang TC", "Microsoft JhengHei", sans-serif; }
.diagram.fit { max-width: 100%; }
.diagram text { fill: var(--d-ink); }
.d-frame { fill: var(--d-frame-fill); stroke: var(--d-frame); stroke-width: 1.4; stroke-dasharray: 7 5; }
.d-grouplabel { font-size: 12px; font-weight: 600; letter-spacing: .02em; }
.diagram .d-grouplabel { fill: var(--d-soft); }
.d-shape, .d-fill { fill: var(--d-fill); }
.d-shape, .d-outline { stroke: var(--d-line); stroke-width: 1.5; }
.d-outline { fill: none; }
.d-store .d-fill { fill: var(--d-store); }
.d-external .d-shape { fill: var(--d-paper); }
.d-entry .d-shape { stroke-width: 2.4; }
.d-collapsed .d-shape { stroke-dasharray: 6 4; }
.d-collapsed .d-behind { fill: none; }
.d-label, .d-note, .d-badgetext, .d-middle { text-anchor: middle; }
.d-label { font-size: 13px; font-weight: 600; }
.d-note { font-size: 11px; }
.diagram .d-note { fill: var(--d-soft); }
.d-line { fill: none; stroke: var(--d-edge); stroke-width: 1.5; stroke-linecap: round; }
.d-arrow { fill: var(--d-edge); }
.d-edgelabel { font-size: 11px; }
.diagram .d-edgelabel { fill: var(--d-soft); }
.d-over { paint-order: stroke; stroke: var(--d-paper); stroke-width: 5px; stroke-linejoin: round; }
.d-badge { fill: var(--d-paper); stroke: var(--d-line); stroke-width: 1.2; }
.d-badgetext { font-size: 11px; font-weight: 700; }
.d-open > .d-line { stroke-dasharray: 6 5; }
.d-critical > .d-shape, .d-critical > .d-outline, .d-critical > .d-badge, .d-critical > .d-line { stroke: var(--d-critical); }
.d-critical > .d-shape, .d-critical > .d-outline { stroke-width: 2.6; }
.d-critical > .d-line { stroke-width: 2.8; }
.d-critical > .d-arrow { fill: var(--d-critical); }
.diagram .d-critical > .d-badgetext, .diagram .d-critical > .d-edgelabel { fill: var(--d-critical); }
.d-major > .d-shape, .d-major > .d-outline, .d-major > .d-badge, .d-major > .d-line { stroke: var(--d-major); }
.d-major > .d-shape, .d-major > .d-outline, .d-major > .d-line { stroke-width: 2.1; }
.d-major > .d-arrow { fill: var(--d-major); }
.diagram .d-major > .d-badgetext, .diagram .d-major > .d-edgelabel { fill: var(--d-major); }
.d-minor > .d-shape, .d-minor > .d-outline, .d-minor > .d-badge, .d-minor > .d-line { stroke: var(--d-minor); }
.d-minor > .d-line { stroke-dasharray: 1.5 4; stroke-width: 2; }
.d-minor > .d-arrow { fill: var(--d-minor); }
.diagram .d-minor > .d-badgetext, .diagram .d-minor > .d-edgelabel { fill: var(--d-minor); }
.d-muted > .d-shape { stroke: var(--d-frame); stroke-width: 1.2; }
.diagram .d-muted > .d-label { fill: var(--d-soft); font-weight: 400; }
.diagram a:hover .d-label, .diagram a:focus .d-label { fill: var(--d-accent); text-decoration: underline; }
.diagram a:focus-visible .d-shape, .diagram a:focus-visible .d-outline { stroke: var(--d-accent); stroke-width: 3; }
.d-cell { stroke: var(--d-line); stroke-width: 1; fill: var(--d-fill); }
.d-level-critical .d-cell { fill: var(--d-critical-fill); stroke: var(--d-critical); stroke-width: 2; }
.d-level-major .d-cell { fill: var(--d-major-fill); stroke: var(--d-major); stroke-width: 1.5; }
.d-level-minor .d-cell { fill: var(--d-minor-fill); stroke: var(--d-minor); stroke-dasharray: 4 3; }
.d-count { font-size: 22px; font-weight: 700; text-anchor: middle; }
.d-count.d-none { font-weight: 400; }
.d-was { font-size: 12px; text-anchor: middle; }
.d-axis { font-size: 12px; font-weight: 600; text-anchor: middle; }
.d-tick { font-size: 12px; text-anchor: middle; }
.d-tick.d-left { text-anchor: end; }
.d-legend { font-size: 12px; }
.d-mark { font-size: 12px; font-weight: 700; }
.diagram .d-tick, .diagram .d-was, .diagram .d-legend, .diagram .d-count.d-none { fill: var(--d-soft); }
.diagram .d-level-critical .d-mark { fill: var(--d-critical); }
.diagram .d-level-major .d-mark { fill: var(--d-major); }
.diagram .d-level-minor .d-mark { fill: var(--d-minor); }
@media print { .diagram { max-width: 100%; } }
`
