import { type DayOdds, GROUP_SIZE_MAX, GROUP_SIZE_MIN, type GroupOdds, groupOdds } from '@interpeer/peer-group'
import { print } from './print.js'

export interface OddsOptions {
  readonly size?: number
  /** In parts per million. */
  readonly traitors: number
  readonly peers?: number
  /** In parts per million. */
  readonly silent: number
  readonly tenureMs: number
  readonly json?: boolean
}

/** Prints how likely a group is in the hands of who colludes (WP §6.2): for one size all there is, else a line for each. */
export function showOdds(options: OddsOptions): void {
  const { size, traitors, peers = null, silent, tenureMs } = options
  const of = (members: number) => groupOdds({ members, traitorsPpm: traitors, peers, silentPpm: silent, tenureMs })
  const sizes = sizesUpTo(Math.min(GROUP_SIZE_MAX, peers ?? GROUP_SIZE_MAX))
  const [odds, text] = size === undefined ? [sizes.map(of), oddsOfSizes(sizes.map(of))] : [of(size), oddsOfOne(of(size))]
  print(odds, text, options)
}
const sizesUpTo = (most: number): number[] => Array.from({ length: most }, (_, i) => GROUP_SIZE_MIN + i)

/** What an uploader is told before a site is published (design §11). */
export function oddsLine(odds: GroupOdds): string {
  const { members, quorum, traitorsPpm, quorumColludes, allCollude, juryColludes } = odds
  return [
    `the odds, should ${shareOf(traitorsPpm)} of a large network collude: ${quorum} of ${members} members do ${chanceOf(quorumColludes.now)} of the time`,
    `(a day: ${chanceOf(quorumColludes.anyInDay)}), all ${members} ${chanceOf(allCollude.now)} (a day: ${chanceOf(allCollude.anyInDay)}),`,
    `a jury's majority ${chanceOf(juryColludes)}; more: interpeer group odds --size ${members}`,
  ].join(' ')
}

function oddsOfOne(odds: GroupOdds): readonly string[] {
  const { members, quorum, jurors, quorumColludes, allCollude } = odds
  const day = (of: DayOdds) => [chanceOf(of.now), figure(of.runsPerDay), inDay(of)] as const
  const rows = [
    ['', 'now', 'begins a day', 'at least once a day'],
    [`${quorum} or more collude: enough without late dissent or jury`, ...day(quorumColludes)],
    [`all ${members} collude: nobody is left to dissent`, ...day(allCollude)],
    [`${quorum} or more collude, no honest one can be reached`, chanceOf(odds.nobodyDissents)],
    [jurors === 0 ? 'no jury: too few outsiders' : `most of a jury of ${jurors} collude: each dispute`, chanceOf(odds.juryColludes)],
    [`all ${members} and the jury's majority collude`, chanceOf(odds.allAndJuryCollude)],
    [`${members - quorum + 1} or more are silent: the group waits`, chanceOf(odds.halts)],
    [`${members - quorum + 1} or more collude or are silent: it can be made to wait`, chanceOf(odds.canBeHalted)],
  ]
  return [modelOf(odds), '', ...table(rows), '', MODEL]
}

function oddsOfSizes(all: readonly GroupOdds[]): readonly string[] {
  const rows = all.map((odds) => [
    `${odds.members}`,
    `${odds.quorum}`,
    chanceOf(odds.quorumColludes.now),
    inDay(odds.quorumColludes),
    chanceOf(odds.allCollude.now),
    inDay(odds.allCollude),
    odds.jurors === 0 ? 'none' : chanceOf(odds.juryColludes),
    chanceOf(odds.halts),
  ])
  const head = ['N', 'q', 'q collude', 'in a day', 'all collude', 'in a day', 'jury', 'waits']
  return [all[0] === undefined ? '' : modelOf(all[0], false), '', ...table([head, ...rows]), '', MODEL]
}

const MODEL = 'The model: docs/odds.md'

function modelOf({ members, quorum, traitorsPpm, peers, silentPpm, tenureMs, changesPerDay }: GroupOdds, one = true): string {
  const among = peers === null ? 'of very many peers' : `of ${peers.toLocaleString('en')} peers`
  const change = changesPerDay === 0 ? 'nobody is left to change seats with' : `a seat changes every ${figure(tenureMs / members / 1000)} s`
  return [
    one ? `A group of ${members}, of which ${quorum} must agree (q)` : 'Groups of N, of which q must agree',
    `${shareOf(traitorsPpm)} ${among} collude`,
    `${shareOf(silentPpm)} of the honest are silent`,
    `a peer keeps its seat for ${tenureMs / 1000} s${one ? `: ${change}` : ''}`,
  ].join('; ')
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const cells = (row: readonly string[]) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
  return rows.map((row) => cells(row).join('   ').trimEnd())
}

/** At least once in a day. An estimate says so. */
export const inDay = ({ anyInDay, anyInDayExact }: DayOdds): string => `${anyInDayExact ? '' : '≈ '}${chanceOf(anyInDay)}`
/** A chance as people read it: in per cent down to a thousandth, then as one in so many. */
export function chanceOf(chance: number): string {
  if (chance === 0) return 'never'
  if (chance > 0.9995) return '> 99.9 %'
  if (chance >= 0.001) return `${figure(chance * 100)} %`
  return `1 in ${figure(1 / chance)}`
}
const shareOf = (ppm: number): string => `${ppm / 10_000} %`
/** Three digits that count; from a billion on with its power of ten. */
const figure = (value: number): string =>
  value >= 1e9 || (value > 0 && value < 1e-3)
    ? value.toExponential(2).replace('e+', 'e')
    : Number(value.toPrecision(3)).toLocaleString('en')
