import { setTimeout as sleep } from 'node:timers/promises'
import type { PeerId } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import { ChainError, type Genesis, type Tip, trustedCycles } from '@interpeer/vote-chain'
import { sameBytes } from '@interpeer/wire-codec'
import { PeerError } from '../errors.js'
import type { AddressBook } from './address-book.js'
import { agree } from './chain-sync.js'
import { chosenSources } from './chosen-sources.js'
import type { PeerLog } from './log.js'
import { SyncSources } from './sync-sources.js'

/** How long somebody's answer is waited for, and how often it is asked for: where a whole network was off, others are about to start, too. */
const [WAIT_MS, AGAIN_MS] = [15_000, 1_000]

/** The newest block of a peer, and the hashes of those before. */
export interface OwnChain extends Pick<Tip<unknown>, 'height' | 'timeMs'> {
  readonly hashAt: (height: number) => Uint8Array | undefined
}
export interface AwakeOptions {
  readonly genesis: Genesis
  readonly self: PeerId
  readonly overlay: Pick<Overlay, 'request'>
  readonly addresses: Pick<AddressBook, 'known' | 'start'>
  readonly bootstrap: readonly PeerId[]
  readonly log: PeerLog
  readonly count: (code: string) => void
  readonly signal: AbortSignal
  readonly waitMs?: number
}

/**
 * How a peer goes on whose newest block is trusted no more (`isTrusted`): electors that left since may have sold their keys, and whoever has a quorum of them writes another past from
 * there on, which looks as good. `on`: most sources say that the chain is still where this peer is, or not so far ahead that electors left: it stood still. `anew`: it went on for
 * longer, and they name checkpoints beyond this peer, to begin at as a new one does.
 * @throws {PeerError} SYNC_REFUSED: sources don't agree, name another chain, or don't answer
 */
export async function afterSleep(at: AwakeOptions, own: OwnChain): Promise<'on' | 'anew'> {
  const { genesis, self, signal } = at
  const begunMs = performance.now()
  for (;;) {
    const peers = (await chosenSources(at)).filter((peer) => peer !== self)
    const said = await ask(at, peers)
    // what one alone says of its height keeps nobody: all of a network may have slept
    const near = said.heights.filter((height) => height < own.height + trustedCycles(genesis))
    const isNear = 2 * near.length > said.heights.length || said.heights.length === 0
    if ('start' in said) return compared(own, said, isNear)
    const isEnough = said.told > 0 && said.told >= Math.min(2, peers.length)
    if (isEnough && isNear) return 'on'
    const isOver = peers.length === 0 || performance.now() - begunMs >= (at.waitMs ?? WAIT_MS)
    // a founder that too few answer is the first to go on
    if (isOver && !isEnough && isNear && genesis.peers.includes(self)) return 'on'
    if (isOver) throw new PeerError({ code: 'SYNC_REFUSED', because: 'SYNC_SOURCES', told: said.told, asked: peers.length })
    await sleep(AGAIN_MS, undefined, { signal })
  }
}

async function ask(at: AwakeOptions, peers: readonly PeerId[]) {
  try {
    return await agree({ genesis: at.genesis, sources: new SyncSources({ ...at, peers }) })
  } catch (error) {
    if (error instanceof ChainError && error.failure.code === 'SYNC_SOURCES') return error.failure
    throw error
  }
}

/**
 * Of two checkpoints that sources name alike this peer has one, and the other is no more than twice K ahead; or it is behind both. Then their heights say how far: where a chain halted
 * soon after this peer stopped, its checkpoints may be too old for anybody to begin at, and it needs this peer to go on.
 */
function compared(
  own: OwnChain,
  { start, newest }: Exclude<Awaited<ReturnType<typeof ask>>, { code: string }>,
  isNear: boolean,
): 'on' | 'anew' {
  const same = [newest, start].flatMap(({ height, block }) => {
    const hash = height > own.height ? undefined : own.hashAt(height)
    return hash === undefined ? [] : [sameBytes(hash, block)]
  })
  if (same.includes(false)) throw new PeerError({ code: 'SYNC_REFUSED', because: 'SYNC_OTHER', told: null })
  return same.length > 0 || (start.height > own.height && isNear) ? 'on' : 'anew'
}
