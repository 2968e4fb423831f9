import { hexOf } from '@interpeer/wire-codec'
import { ChainError } from './errors.js'
import type { TipReply } from './sync-messages.js'

/** A checkpoint as a peer names it. */
export type NamedCheckpoint = TipReply['checkpoints'][number]
export interface ToldTip<Source> {
  readonly source: Source
  readonly tip: TipReply
}
export interface AgreedCheckpoints<Source> {
  /** The older of the two: to start from. */
  readonly start: NamedCheckpoint
  /** The newer: its hash shows all headers from the older one on. */
  readonly newest: NamedCheckpoint
  /** Who says so. */
  readonly sources: readonly Source[]
  /** Who says otherwise of one of them: not to be asked for anything more. */
  readonly liars: readonly Source[]
}

/**
 * The last two checkpoints that more than half of those who told of theirs say are the same (§6.7, design §7). Those who don't name them yet, or no more, count as
 * saying nothing else, and not as saying so.
 * @param told of each source once @param sourcesMin how many have to say so, at the least
 * @throws {ChainError} SYNC_SOURCES: too few say the same
 */
export function agreedCheckpoints<Source>(
  told: readonly ToldTip<Source>[],
  { checkpointCycles, sourcesMin }: { readonly checkpointCycles: number; readonly sourcesMin: number },
): AgreedCheckpoints<Source> {
  const named = told.flatMap(({ tip }) => tip.checkpoints)
  const heights = [...new Set(named.map(({ height }) => height))].sort((a, b) => b - a)
  for (const height of heights) {
    const earlier = height - checkpointCycles
    const pairs = new Map<string, { readonly start: NamedCheckpoint; readonly newest: NamedCheckpoint; readonly sources: Source[] }>()
    for (const { source, tip } of told) {
      const [newest, start] = [height, earlier].map((wanted) => tip.checkpoints.find((one) => one.height === wanted))
      if (newest === undefined || start === undefined) continue
      const name = nameOf(newest) + nameOf(start)
      const pair = pairs.get(name) ?? { start, newest, sources: [] }
      pairs.set(name, { ...pair, sources: [...pair.sources, source] })
    }
    const best = [...pairs.values()].sort((a, b) => b.sources.length - a.sources.length)[0]
    if (best === undefined || best.sources.length < sourcesMin || 2 * best.sources.length <= told.length) continue
    const says = [best.start, best.newest]
    const isLiar = ({ tip }: ToldTip<Source>) =>
      tip.checkpoints.some((one) => says.some((said) => said.height === one.height && nameOf(said) !== nameOf(one)))
    return { ...best, liars: told.filter(isLiar).map(({ source }) => source) }
  }
  throw new ChainError({ code: 'SYNC_SOURCES', told: told.length, heights: told.map(({ tip }) => tip.height) })
}
const nameOf = ({ height, block, state }: NamedCheckpoint): string => `${height}/${hexOf(block)}/${hexOf(state)} `
