import { html, type SafeHtml } from './html.js'
import type { JobStatus } from './status.js'
import { shortId } from './words.js'

const CENTRE = 130
const RADIUS = 78

/**
 * The seats of a site as a ring: who sits where, an arc for the time each has left, and who comes next. The table beside it
 * says the same in words, so the picture is hidden from screen readers. Sizes are attributes: our CSP allows no style attributes.
 */
export function ringOf(job: JobStatus, nowMs: number, colourOf: (peerId: string) => number): SafeHtml {
  const count = Math.max(1, job.members.length)
  const size = Math.max(6, Math.min(19, (Math.PI * RADIUS * 0.62) / count))
  const places = job.members.map((member, i) => ({ ...member, ...placeOf(i, count, RADIUS) }))
  const threads = places.flatMap((one, i) =>
    places.slice(i + 1).map((other) => html`<line class="thread" x1="${one.x}" y1="${one.y}" x2="${other.x}" y2="${other.y}"/>`),
  )
  const nodes = places.map(
    ({ x, y, seat, peerId, sinceMs, untilMs }) => html`<g data-key="seat-${seat}">
<circle class="node hue-${colourOf(peerId)}" cx="${x}" cy="${y}" r="${size}"/>
<circle class="track" cx="${x}" cy="${y}" r="${tenth(size + 4)}"/>
<circle class="arc hue-${colourOf(peerId)}" cx="${x}" cy="${y}" r="${tenth(size + 4)}" pathLength="100" stroke-dasharray="${shareLeft(sinceMs, untilMs, nowMs)} 100" data-since="${sinceMs}" data-until="${untilMs}" transform="rotate(-90 ${x} ${y})"/>
${size >= 12 && html`<text class="seat" x="${x}" y="${tenth(y + 4.5)}">${seat}</text>`}
</g>`,
  )
  return html`<svg class="ring" viewBox="0 0 260 260" aria-hidden="true">
${threads}${joinerOf(job, size, count, colourOf)}${nodes}
<rect class="centre" x="${CENTRE - 34}" y="${CENTRE - 22}" width="68" height="44" rx="10"/>
<text class="step-label" x="${CENTRE}" y="${CENTRE - 5}">step</text>
<text class="step" x="${CENTRE}" y="${CENTRE + 14}">${job.step}</text>
</svg>`
}

function joinerOf(job: JobStatus, size: number, count: number, colourOf: (peerId: string) => number): SafeHtml | undefined {
  const next = job.next
  const at = next === undefined ? -1 : job.members.findIndex((member) => member.seat === next.seat)
  if (next === undefined || at < 0 || job.members[at]?.peerId === next.peerId) return undefined
  const seat = placeOf(at, count, RADIUS)
  const outside = placeOf(at, count, RADIUS + 38)
  return html`<g data-key="joiner"><title>${shortId(next.peerId)}</title><line class="coming" x1="${outside.x}" y1="${outside.y}" x2="${seat.x}" y2="${seat.y}"/>
<circle class="node hue-${colourOf(next.peerId)}" cx="${outside.x}" cy="${outside.y}" r="${tenth(size * 0.45)}"/></g>`
}

/** How much of a seat's time is left, 0 to 100. */
export function shareLeft(sinceMs: number, untilMs: number, nowMs: number): number {
  const share = untilMs > sinceMs ? (untilMs - nowMs) / (untilMs - sinceMs) : 0
  return Math.round(100 * Math.min(1, Math.max(0, share)))
}

function placeOf(i: number, count: number, radius: number): { x: number; y: number } {
  const angle = (2 * Math.PI * i) / count - Math.PI / 2
  return { x: tenth(CENTRE + radius * Math.cos(angle)), y: tenth(CENTRE + radius * Math.sin(angle)) }
}

const tenth = (value: number) => Math.round(10 * value) / 10
