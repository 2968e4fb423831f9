import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type Figure, percentile } from '../figures.ts'
import type { NewcomerTold } from './sync-newcomer.ts'
import type { SourcesTold } from './sync-source.ts'

const hooks = new URL('../../typescript-sources.mjs', import.meta.url).href
const PROOF_TIMES = 3

/** Of how large a network; usually what `many-voters.ts` says. */
export interface NetworkSize {
  readonly accounts: number
  readonly peers: number
}

/**
 * A new seeder of a network with a million accounts and 100,000 peers, from its last two checkpoints: two sources in one process, each newcomer in another, over UDP of this machine; the clock runs from where
 * its modules are loaded. `chain/sync`: it fetches the whole state, writes it to its disk and opens its chain, as `interpeer peer start` does. `-proofs`: what every peer has to know at the least, by proofs
 * alone: both checkpoints checked by 64 votes each, the headers between, every setting, its own entry and account. `-cpu`: processor time of both sides.
 */
export async function measureSync(say: (line: string) => void, signal: AbortSignal, size?: NetworkSize): Promise<Figure[]> {
  const env =
    size === undefined
      ? process.env
      : { ...process.env, BENCH_CHAIN_ACCOUNTS: String(size.accounts), BENCH_CHAIN_PEERS: String(size.peers) }
  const began = (file: string, words: readonly string[]): ChildProcess =>
    fork(new URL(file, import.meta.url), words, { execArgv: ['--import', hooks, '--max-old-space-size=8192'], signal, env })
  say('the sources of a large network')
  const source = began('./sync-source.ts', [])
  try {
    const told = (await said(source, signal)) as SourcesTold
    say(`a state of ${(told.stateBytes / 1e6).toFixed(1)} MB`)
    const newcomer = async (way: 'proofs' | 'whole') => {
      const before = await cpuOf(source, signal)
      const own = (await said(began('./sync-newcomer.ts', [way, JSON.stringify(told)]), signal)) as NewcomerTold
      return { ...own, cpuMs: own.cpuMs + (await cpuOf(source, signal)) - before }
    }
    const proofs: NewcomerTold[] = []
    for (let i = 0; i < (size === undefined ? PROOF_TIMES : 1); i++) proofs.push(await newcomer('proofs'))
    const whole = await newcomer('whole')
    say(
      `fetched after ${Math.round(whole.fetchedMs ?? 0)} ms, written after ${Math.round(whole.writtenMs ?? 0)} ms, ${Math.round(whole.memoryMb)} MB of memory`,
    )
    return [...figures('chain/sync', [whole]), ...figures('chain/sync-proofs', proofs)]
  } finally {
    source.kill()
  }
}
function figures(id: string, told: readonly NewcomerTold[]): Figure[] {
  const figure = (name: string, samples: readonly number[], unit: Figure['unit']): Figure => ({
    ...{ id: name, ours: percentile(samples, 50), peer: null, peerName: null, unit },
  })
  const of = (what: 'ms' | 'cpuMs' | 'bytes') => told.map((one) => one[what])
  return [
    figure(id, of('ms'), 'ms'),
    figure(`${id}-cpu`, of('cpuMs'), 'ms'),
    figure(
      `${id}-bytes`,
      of('bytes').map((bytes) => bytes / 1e6),
      'MB',
    ),
  ]
}

async function cpuOf(child: ChildProcess, signal: AbortSignal): Promise<number> {
  const told = said(child, signal)
  child.send('cpu')
  return (await told) as number
}
/** What a process says next. Rejects where it ends first. */
async function said(child: ChildProcess, signal: AbortSignal): Promise<unknown> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const ended = once(child, 'exit', { signal: either }).then(([code]) => {
    throw new Error(`it ended with ${code}`)
  })
  ended.catch(() => {})
  try {
    const [message] = await Promise.race([once(child, 'message', { signal: either }), ended])
    return message
  } finally {
    stop.abort()
  }
}
