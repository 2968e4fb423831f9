/** One style sheet for all of the gateway's own pages; the palette is that of the example wiki. */
export const pagesCss = `:root {
  color-scheme: light dark;
  --paper: #f5f7f5; --sheet: #fff; --ink: #1a2420; --quiet: #5b6963; --rule: #dce3df;
  --accent: #14695a; --accent-ink: #fff; --tint: #e6f1ed; --warn: #7a5200; --warn-tint: #fcf3dd; --bad: #9d2c1f; --bad-tint: #fcebe8;
  --hue-0: #14695a; --hue-1: #a3552b; --hue-2: #4457a5; --hue-3: #8c3f73; --hue-4: #2a7290; --hue-5: #67741f; --hue-6: #94394a; --hue-7: #5f4a9c; --hue-8: #87650f; --hue-9: #5b625f;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif;
  --serif: Charter, "Bitstream Charter", "Sitka Text", Cambria, "Noto Serif", "DejaVu Serif", Georgia, serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #111714; --sheet: #171e1b; --ink: #e3e9e6; --quiet: #98a69f; --rule: #2b3530;
    --accent: #69cdb0; --accent-ink: #0c1f19; --tint: #1b2f29; --warn: #ecc36c; --warn-tint: #2b2413; --bad: #f0998c; --bad-tint: #2f1b18;
    --hue-0: #3f9d87; --hue-1: #c9794b; --hue-2: #7488d8; --hue-3: #bb6ea2; --hue-4: #4f9dbd; --hue-5: #93a345; --hue-6: #c96678; --hue-7: #937dd2; --hue-8: #b8933a; --hue-9: #8a938f;
  }
}
*, *::before, *::after { box-sizing: border-box }
html { -webkit-text-size-adjust: 100% }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: flex; flex-direction: column; background: var(--paper); color: var(--ink); font: 15.5px/1.5 var(--sans); overflow-wrap: break-word }
main { flex: 1; padding-block: 2rem 3rem }
.wide { width: 100%; max-width: 76rem; margin-inline: auto; padding-inline: clamp(1rem, 3vw, 2rem) }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .18em; text-decoration-color: color-mix(in srgb, currentColor 40%, transparent) }
a:hover { text-decoration-color: currentColor }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px }
.quiet { color: var(--quiet) }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.skip { position: absolute; left: -999rem; padding: .5rem 1rem; background: var(--accent); color: var(--accent-ink) }
.skip:focus { left: 1rem; top: .5rem; z-index: 1 }
h1, h2, h3 { font-family: var(--serif); font-weight: 600; letter-spacing: -.012em; line-height: 1.2; margin: 0; text-wrap: balance }
h1 { font-size: clamp(1.6rem, 1.2rem + 1.6vw, 2.15rem) }
h2 { font-size: 1.3rem; margin: 2.6rem 0 .9rem }
h4 { font: 600 .82rem/1.4 var(--sans); color: var(--quiet); margin: 1.6rem 0 .5rem }
code { font: .87em/1.4 var(--mono) }
time { white-space: nowrap; font-variant-numeric: tabular-nums }

.top { background: var(--sheet); border-bottom: 1px solid var(--rule) }
.top .wide { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem 1.4rem; padding-block: .75rem }
.top p { margin: 0; font-size: .9rem }
.brand { display: flex; align-items: center; gap: .6rem; font: 600 1.3rem/1 var(--serif); letter-spacing: -.01em }
.pulse { margin-left: auto !important; display: flex; align-items: center; gap: .5rem; color: var(--quiet) }
.pulse[hidden] { display: none }
.pulse::before { content: ""; width: .55rem; height: .55rem; border-radius: 50%; background: var(--accent) }
.pulse.troubled { color: var(--bad) }
.pulse.troubled::before { background: var(--bad) }
.bottom { border-top: 1px solid var(--rule); color: var(--quiet); font-size: .88rem }
.bottom p { margin: 0; padding-block: 1.2rem 2rem }

dl, dd, dt { margin: 0 }
dt { color: var(--quiet); font-size: .85rem }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 1px; margin-top: 1.4rem; background: var(--rule); border: 1px solid var(--rule); border-radius: 10px; overflow: hidden }
.figures > div { background: var(--sheet); padding: .8rem 1.1rem .9rem }
.figures dd { color: var(--quiet); font-size: .88rem }
.figures b { white-space: nowrap; color: var(--ink); font: 600 1.45rem/1.35 var(--serif); font-variant-numeric: tabular-nums; margin-right: .25rem }
.card, .empty { background: var(--sheet); border: 1px solid var(--rule); border-radius: 10px; padding: 1.2rem 1.4rem }
.empty { border-style: dashed; color: var(--quiet) }
.empty p { margin: 0 }
.card + .card { margin-top: 1.2rem }
.pair { display: grid; grid-template-columns: 1.35fr 1fr; gap: 0 1.6rem; align-items: start }

.peer { display: inline-flex; align-items: baseline; gap: .5rem; white-space: nowrap }
.dot { flex: none; width: .68rem; height: .68rem; border-radius: 3px; background: var(--hue) }
.name { font-weight: 600 }
.peer .name + .id { color: var(--quiet) }
.state { display: inline-flex; align-items: center; gap: .42rem; font-size: .86rem; font-weight: 600; color: var(--accent); white-space: nowrap }
.state::before { content: ""; width: .5rem; height: .5rem; border-radius: 50%; background: currentColor }
.state.recovering, .state.starting, .state.disputed { color: var(--warn) }
.state.away { color: var(--quiet); font-weight: 400 }
.state.away::before { background: none; border: 1.5px solid currentColor }
.hue-0 { --hue: var(--hue-0) } .hue-1 { --hue: var(--hue-1) } .hue-2 { --hue: var(--hue-2) } .hue-3 { --hue: var(--hue-3) } .hue-4 { --hue: var(--hue-4) }
.hue-5 { --hue: var(--hue-5) } .hue-6 { --hue: var(--hue-6) } .hue-7 { --hue: var(--hue-7) } .hue-8 { --hue: var(--hue-8) } .hue-9 { --hue: var(--hue-9) }

.site-head { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem 1.1rem }
.site-head h3 { font-size: 1.5rem }
.address { font-size: .88rem }
.why { margin: .6rem 0 0; padding: .6rem .9rem; border-radius: 8px; background: var(--warn-tint) }
.site-body { display: grid; grid-template-columns: 16rem minmax(0, 1fr) 11rem; gap: 1rem 2.2rem; align-items: center; margin-top: .4rem }
.ring { width: 100%; max-width: 17rem; justify-self: center; font-family: var(--sans) }
.thread { stroke: var(--rule); stroke-width: 1 }
.node { fill: var(--hue) }
.track { fill: none; stroke: var(--rule); stroke-width: 3 }
.arc { fill: none; stroke: var(--hue); stroke-width: 3; stroke-linecap: round }
.seat { fill: #fff; font-size: 13px; font-weight: 700; text-anchor: middle }
.coming { stroke: var(--quiet); stroke-width: 1.5; stroke-dasharray: 2 4; stroke-linecap: round }
.centre { fill: var(--sheet) }
.step { fill: var(--ink); font: 600 19px var(--serif); text-anchor: middle }
.step-label { fill: var(--quiet); font-size: 11px; text-anchor: middle }
.next { margin: .8rem 0 0; display: flex; flex-wrap: wrap; gap: .2rem .7rem; font-size: .92rem }
.facts { display: grid; gap: .7rem }
.facts dd { font-variant-numeric: tabular-nums }
.wide-facts { grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)) }
.left { display: flex; align-items: center; gap: .8rem }
.left time { min-width: 3.2rem; text-align: right }
progress { appearance: none; flex: 1; width: 100%; min-width: 3rem; height: .36rem; border: 0; border-radius: 9px; overflow: hidden; background: var(--rule); color: var(--accent) }
progress::-webkit-progress-bar { background: var(--rule) }
progress::-webkit-progress-value { background: var(--accent); border-radius: 9px }
progress::-moz-progress-bar { background: var(--accent); border-radius: 9px }

table { width: 100%; border-collapse: collapse }
th { text-align: left; font-weight: 400; font-size: .85rem; color: var(--quiet) }
.stack th, .stack td { padding: .42rem .9rem .42rem 0; border-bottom: 1px solid var(--rule); vertical-align: baseline }
.stack tbody tr:last-child td { border-bottom: 0 }
.stack th:last-child, .stack td:last-child { padding-right: 0 }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.nil { color: var(--quiet) }
.warned { color: var(--warn); font-weight: 600 }
.bad { color: var(--bad); font-weight: 700 }
.none { margin: 1.2rem 0 0 }
.votes { display: inline-flex; align-items: center; gap: .7rem; white-space: nowrap }
.dots { display: inline-flex; gap: .22rem }
.dots i { width: .62rem; height: .62rem; border-radius: 50%; background: var(--accent) }
.dots .no { background: none; border: 1.5px solid var(--quiet) }
.signers { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .3rem 1.2rem }
.sum td { text-align: right; font-variant-numeric: tabular-nums }
.sum th { font-size: .95rem; color: inherit }
.sum th, .sum td { padding: .3rem 0 }
.sum tfoot th, .sum tfoot td { border-top: 1px solid var(--ink); font-weight: 600 }
.balance { margin: .8rem 0 0; font-size: .9rem }
.holds { color: var(--accent) }
.broken { color: var(--bad); font-weight: 700 }
@media (prefers-reduced-motion: no-preference) {
  tr.fresh td { animation: fresh 2.5s ease-out }
  .arc { transition: stroke-dasharray .5s linear }
}
@keyframes fresh { from { background: var(--tint) } }

.error { width: 100%; max-width: 38rem; margin: auto; padding: 3rem 1.5rem; flex: 0 1 auto }
.error .brand { margin: 0 0 2.2rem }
.error h2 { font: 600 .95rem/1.4 var(--sans); letter-spacing: 0; margin: 1.8rem 0 .3rem }
.error p { margin: 0 }
.error ul { margin: 0; padding-left: 1.2rem }
.error .lead { font: 1.2rem/1.55 var(--serif); margin-top: .8rem }
.error .ways { display: flex; flex-wrap: wrap; align-items: center; gap: .8rem 1.3rem; margin-top: 2rem }
.button { display: inline-block; padding: .55rem 1.15rem; background: var(--accent); color: var(--accent-ink); border-radius: 6px; font-weight: 600; text-decoration: none }
.button:hover { filter: brightness(1.12) }
.error .code { margin-top: 2.6rem; padding-top: 1rem; border-top: 1px solid var(--rule); font-size: .88rem }

@media (max-width: 60rem) {
  .site-body { grid-template-columns: 15rem minmax(0, 1fr) }
  .site-body .facts { grid-column: 1 / -1; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)) }
  .pair { grid-template-columns: minmax(0, 1fr) }
}
@media (max-width: 46rem) {
  main { padding-top: 1.4rem }
  .pulse { margin-left: 0 !important }
  .card { padding: 1rem }
  .figures { grid-template-columns: 1fr 1fr }
  .figures > :last-child:nth-child(odd) { grid-column: 1 / -1 }
  .ring { margin-bottom: -1.4rem }
  .seats .name + .id { display: none }
  .site-body { grid-template-columns: minmax(0, 1fr) }
  .peers thead, .certificates thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden }
  .peers tr, .certificates tr { display: grid; grid-template-columns: 1fr 1fr; gap: .1rem 1.2rem; padding: .7rem 0; border-bottom: 1px solid var(--rule) }
  .peers tbody tr:last-child, .certificates tbody tr:last-child { border-bottom: 0; padding-bottom: 0 }
  .peers td, .certificates td { display: flex; justify-content: space-between; gap: .8rem; padding: 0; border: 0 }
  .peers td::before, .certificates td::before { content: attr(data-label); color: var(--quiet); font-weight: 400; font-size: .88rem }
  .peers td:first-child, .certificates td:nth-child(3) { grid-column: 1 / -1 }
  .peers td:first-child::before, .peers td:nth-child(2)::before { display: none }
}
@media print { .pulse, .skip { display: none } }
`
