import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { StoreKind } from '@interpeer/content-store'
import { isComplaint, type LogCursor, PeerError } from '@interpeer/peer'
import { type MemberLog, openPeer, type Peer, type PeerEndpoint } from '@interpeer/peer/node'
import { parseGenesis } from '@interpeer/vote-chain'
import { openLog } from './log.js'
import { factsOfLine, noticeOf, textOfLine } from './log-text.js'
import { type LogLine, MergedLogs } from './merged-logs.js'
import { openKey } from './open-key.js'
import type { PassphraseOptions } from './passphrase.js'

export interface JobLogsOptions extends PassphraseOptions {
  readonly data: string
  readonly store?: StoreKind
  readonly genesis: string
  readonly bootstrap: readonly PeerEndpoint[]
  readonly host: string
  readonly follow?: boolean
  readonly errors?: boolean
  readonly json?: boolean
}
const POLL_MS = 1_000
const CHAIN_MS = 30_000
const CHAIN_POLL_MS = 100

/** Prints what the runs of a site left at its members, for the key that published it; with `follow`, until it is stopped. */
export async function showJobLogs(name: string, options: JobLogsOptions): Promise<void> {
  mkdirSync(options.data, { recursive: true, mode: 0o700 })
  const genesis = readFileSync(options.genesis, 'utf8')
  const { data, store, host, bootstrap } = options
  const signer = await openKey(data, options)
  const log = openLog(join(data, 'log'), 'info')
  const peer = await openPeer({ data, signer, store, genesis, host, port: 0, bootstrap, runtime: null, log })
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  process.stdout.on('error', () => stop.abort()) // who read it has gone: `| head`
  try {
    await until(() => knowsSite(peer, name, parseGenesis(genesis).settings.cycleMs), stop.signal)
    await (options.follow === true ? follow(peer, name, options, stop.signal) : showOnce(peer, name, options))
  } finally {
    await peer.close()
  }
}

async function showOnce(peer: Peer, name: string, options: JobLogsOptions): Promise<void> {
  const round = await peer.jobLogs(name)
  const answered = round.filter(({ failure }) => failure === undefined)
  if (answered.length === 0) throw new PeerError({ code: 'SITE_UNREACHABLE', name, last: round[0]?.failure ?? 'no members' })
  const merged = new MergedLogs()
  const lines = [...merged.add(round), ...merged.rest(answered.filter(({ isMember }) => isMember).length)]
  for (const one of round) tell(one, options)
  print(
    lines.sort((a, b) => a.entry.timeMs - b.entry.timeMs),
    options,
  )
}

async function follow(peer: Peer, name: string, options: JobLogsOptions, signal: AbortSignal): Promise<void> {
  const merged = new MergedLogs()
  let cursors: ReadonlyMap<MemberLog['peer'], LogCursor> = new Map()
  const silent = new Map<string, string | undefined>()
  while (!signal.aborted) {
    const round = await peer.jobLogs(name, cursors)
    for (const one of round) {
      // one that stays away is told of once
      if (one.failure === undefined || silent.get(one.peer) !== one.failure) tell(one, options)
      silent.set(one.peer, one.failure)
    }
    cursors = cursorsOf(round)
    print(merged.add(round), options)
    await setTimeout(POLL_MS, undefined, { signal }).catch(() => {})
  }
}

/** Of those who have no seat any more only who still answers is asked again: a group moves on for as long as its site lives. */
function cursorsOf(round: readonly MemberLog[]): ReadonlyMap<MemberLog['peer'], LogCursor> {
  const kept = round.filter(({ isMember, failure }) => isMember || failure === undefined)
  return new Map(kept.slice(0, READ_MAX).flatMap(({ peer, cursor }) => (cursor === undefined ? [] : [[peer, cursor] as const])))
}
const READ_MAX = 128

function print(lines: readonly LogLine[], { errors = false, json = false }: JobLogsOptions): void {
  for (const line of lines) {
    if (errors && !isComplaint(line.entry)) continue
    process.stdout.write(json ? `${JSON.stringify(factsOfLine(line))}\n` : `${textOfLine(line)}\n`)
  }
}

function tell(member: MemberLog, { json = false }: JobLogsOptions): void {
  const notice = noticeOf(member)
  if (notice === undefined) return
  if (json) process.stdout.write(`${JSON.stringify(notice.facts)}\n`)
  else process.stderr.write(`${notice.text}\n`)
}

/** Whether the chain as far as it is known here has the site, or is known up to now, so that it has none of that name. */
function knowsSite(peer: Peer, name: string, cycleMs: number): boolean {
  const { height, timeMs, state } = peer.chain()
  const isKnown = [...state.jobs.values()].some((job) => job.manifest.name === name && job.state !== 'ended')
  return isKnown || (height > 0 && timeMs > Date.now() - 3 * cycleMs)
}

async function until(isDone: () => boolean, signal: AbortSignal): Promise<void> {
  for (let waitedMs = 0; !isDone() && !signal.aborted && waitedMs < CHAIN_MS; waitedMs += CHAIN_POLL_MS) {
    await setTimeout(CHAIN_POLL_MS, undefined, { signal }).catch(() => {})
  }
}
