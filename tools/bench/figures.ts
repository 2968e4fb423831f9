/** One measured thing. `ours` and `peer` are in `unit`; `peer` is null where nothing was compared. */
export interface Figure {
  /** The suite, a slash, what was measured: `e2e/read`. */
  readonly id: string
  readonly ours: number
  readonly peer: number | null
  readonly peerName: string | null
  readonly unit: 'ms' | 'us' | 'MB' | '%' | '/s'
}

/**
 * The smallest sample that at least `per100` of 100 do not exceed (nearest rank). 50 gives the median.
 * @param samples at least one, in any order
 */
export function percentile(samples: readonly number[], per100: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const found = sorted[Math.max(0, Math.ceil((per100 / 100) * sorted.length) - 1)]
  if (found === undefined) throw new RangeError('no samples')
  return found
}

/** p50 and p99 of two rows of samples: the ids `id` and `id-p99`. */
export function latencyFigures(id: string, ours: readonly number[], peer: readonly number[] | null, peerName: string | null): Figure[] {
  return (
    [
      [id, 50],
      [`${id}-p99`, 99],
    ] as const
  ).map(([name, per100]) => ({
    id: name,
    ours: percentile(ours, per100),
    peer: peer === null ? null : percentile(peer, per100),
    peerName: peer === null ? null : peerName,
    unit: 'ms',
  }))
}

/** How many times better ours is, above 1 is better: less time is better, and more in a second. */
export const ratioOf = ({ ours, peer, unit }: Figure): number | null => {
  if (peer === null) return null
  return unit === '/s' ? ours / peer : peer / ours
}

/** `design.md` §12.10. */
export function jsonLine(figure: Figure): string {
  const { id, ours, peer, peerName, unit } = figure
  const ratio = ratioOf(figure)
  return JSON.stringify({ id, ours: rounded(ours), peer: peer && rounded(peer), peerName, unit, ratio: ratio && rounded(ratio) })
}

const rounded = (value: number): number => Number(value.toPrecision(4))

export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { id, ours, peer, peerName, unit } = figure
    const ratio = ratioOf(figure)
    const compared = peer === null || ratio === null ? ['', '', ''] : [`${peer.toFixed(2)} ${unit}`, `${rounded(ratio)}`, peerName ?? '']
    return [id, `${ours.toFixed(2)} ${unit}`, ...compared]
  })
  const all = [['', 'ours', 'compared', 'ratio', 'with'], ...rows]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === 0 || i === 4 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return all.map(line).join('\n')
}
