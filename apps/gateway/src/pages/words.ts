import { html, type SafeHtml } from './html.js'

const UNITS_PER_COIN = 10n ** 9n
const SHOWN_DECIMALS = 4

/** Units as coins (1 coin = 10^9 units), rounded down to four decimals: '1234500000000' is '1,234.5'. What is no number is '–'. */
export function formatCoins(units: string): string {
  if (!/^-?\d{1,40}$/.test(units)) return '–'
  const amount = BigInt(units)
  const size = amount < 0n ? -amount : amount
  const smallest = UNITS_PER_COIN / 10n ** BigInt(SHOWN_DECIMALS)
  if (size > 0n && size < smallest) return amount < 0n ? '−0.0001 or less' : 'under 0.0001'
  const whole = String(size / UNITS_PER_COIN).replace(/\B(?=(\d{3})+$)/g, ',')
  const decimals = String((size % UNITS_PER_COIN) / smallest)
    .padStart(SHOWN_DECIMALS, '0')
    .replace(/0+$/, '')
  return `${amount < 0n ? '−' : ''}${whole}${decimals === '' ? '' : `.${decimals}`}`
}

const LARGE = [
  ['billion', 10n ** 9n],
  ['million', 10n ** 6n],
] as const

/** Units as whole coins, short enough for a headline: '1,000,001'; from ten million on '12.3' million, rounded down. */
export function roughCoins(units: string): { readonly number: string; readonly of: string } {
  if (!/^\d{1,40}$/.test(units)) return { number: '–', of: '' }
  const coins = BigInt(units) / UNITS_PER_COIN
  const grouped = (whole: bigint) => String(whole).replace(/\B(?=(\d{3})+$)/g, ',')
  for (const [of, size] of LARGE) {
    if (coins >= 10n * size) return { number: `${grouped(coins / size)}.${((coins % size) * 10n) / size}`, of }
  }
  return { number: grouped(coins), of: '' }
}

/** How long, in one unit: '42 s', '3 min', '5 h', '2 d'. The page's script writes the same, see network-script.ts. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (!Number.isFinite(seconds)) return '–'
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** A time that the page's script keeps current: how long ago it was, or how long until then. */
export function ticking(kind: 'ago' | 'left', atMs: number, nowMs: number): SafeHtml {
  const text = kind === 'ago' ? `${formatDuration(nowMs - atMs)} ago` : formatDuration(atMs - nowMs)
  return html`<time data-${kind}="${atMs}" datetime="${isoOf(atMs)}">${text}</time>`
}

/** The first and last characters of an id: every PeerId begins alike, so more of the end is kept. */
export function shortId(id: string): string {
  return id.length <= 14 ? id : `${id.slice(0, 4)}…${id.slice(-6)}`
}

export function idTag(id: string): SafeHtml {
  return html`<code class="id" title="${id}">${shortId(id)}</code>`
}

/** `count` of what: plural(1, 'site') is '1 site'. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

export function formatCount(count: number): string {
  return Number.isSafeInteger(count) ? String(count).replace(/\B(?=(\d{3})+$)/g, ',') : '–'
}

function isoOf(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : ''
}
