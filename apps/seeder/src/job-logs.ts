import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { StoreKind } from '@interpeer/content-store'
import { isComplaint, type LogCursor, PeerError } from '@interpeer/peer'
import { type MemberLog, openPeer, type Peer, type PeerEndpoint } from '@interpeer/peer/node'
import { parseGenesis } from '@interpeer/vote-chain'
import { openLog } from './log.js'
import { factsOfLine, linesOfRun, noticeOf } from './log-text.js'
import { type LogLine, MergedLogs } from './merged-logs.js'
import { openKey } from './open-key.js'
import type { PassphraseOptions } from './passphrase.js'
import { print, printJson, tell } from './print.js'

export interface JobLogsOptions extends PassphraseOptions {
  readonly data: string
  readonly store?: StoreKind
  readonly genesis: string
  readonly bootstrap: readonly PeerEndpoint[]
  readonly checkpoint?: Uint8Array
  readonly host: string
  readonly follow?: boolean
  readonly errors?: boolean
  readonly json?: boolean
}
const POLL_MS = 1_000
const CHAIN_POLL_MS = 200
const CHAIN_POLLS_MAX = 150
/** What the last block says of sites is known a moment after it. */
const POLLS_UP_TO_NOW = 15

type Round = readonly MemberLog[]

/** Prints what the runs of a site left at its members, for the key that published it; with `follow`, until it is stopped. */
export async function showJobLogs(name: string, options: JobLogsOptions): Promise<void> {
  mkdirSync(options.data, { recursive: true, mode: 0o700 })
  const genesis = readFileSync(options.genesis, 'utf8')
  const { data, store, host, bootstrap, checkpoint } = options
  const signer = await openKey(data, options)
  const log = openLog(join(data, 'log'), 'info')
  const peer = await openPeer({ data, signer, store, genesis, host, port: 0, bootstrap, checkpoint, runtime: null, log })
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  process.stdout.on('error', () => stop.abort()) // who read it has gone: `| head`
  try {
    const first = await firstRound(peer, name, parseGenesis(genesis).settings.cycleMs, stop.signal)
    if (options.follow === true) await follow(peer, name, first, options, stop.signal)
    else showOnce(name, first, options)
  } finally {
    await peer.close()
  }
}

function showOnce(name: string, round: Round, options: JobLogsOptions): void {
  const answered = round.filter(({ failure }) => failure === undefined)
  if (answered.length === 0) throw new PeerError({ code: 'SITE_UNREACHABLE', name, last: round[0]?.failure ?? 'no members' })
  const merged = new MergedLogs()
  const lines = [...merged.add(round), ...merged.rest(answered.filter(({ isMember }) => isMember).length)]
  for (const one of round) showNotice(one, options)
  show(
    lines.sort((a, b) => a.entry.timeMs - b.entry.timeMs),
    options,
  )
}

async function follow(peer: Peer, name: string, first: Round, options: JobLogsOptions, signal: AbortSignal): Promise<void> {
  const merged = new MergedLogs()
  let round = first
  let silent: ReadonlySet<string> = new Set()
  while (!signal.aborted) {
    // one that stays away is told of once
    for (const one of round) if (!silent.has(one.peer) || one.failure === undefined) showNotice(one, options)
    silent = new Set(round.filter(({ failure }) => failure !== undefined).map(({ peer }) => peer))
    show(merged.add(round), options)
    await setTimeout(POLL_MS, undefined, { signal }).catch(() => {})
    if (!signal.aborted) round = await peer.jobLogs(name, cursorsOf(round))
  }
}

/** Of those who have no seat any more only who still answers is asked again: a group moves on for as long as its site lives. */
function cursorsOf(round: readonly MemberLog[]): ReadonlyMap<MemberLog['peer'], LogCursor> {
  const kept = round.filter(({ isMember, failure }) => isMember || failure === undefined)
  return new Map(kept.slice(0, READ_MAX).flatMap(({ peer, cursor }) => (cursor === undefined ? [] : [[peer, cursor] as const])))
}
const READ_MAX = 128

function show(lines: readonly LogLine[], options: JobLogsOptions): void {
  for (const line of lines) {
    if (options.errors === true && !isComplaint(line.entry)) continue
    print(factsOfLine(line), linesOfRun(line), options)
  }
}

function showNotice(member: MemberLog, { json = false }: JobLogsOptions): void {
  const notice = noticeOf(member)
  if (notice === undefined) return
  if (json) printJson(notice.facts)
  else tell(notice.text)
}

/** The first answers; a site that nobody knows is waited for until the chain is known up to now. */
async function firstRound(peer: Peer, name: string, cycleMs: number, signal: AbortSignal): Promise<Round> {
  const isUpToNow = () => peer.chain().height > 0 && peer.chain().timeMs > Date.now() - 3 * cycleMs
  let pollsUpToNow = 0
  for (let polls = 0; ; polls++) {
    try {
      return await peer.jobLogs(name)
    } catch (error) {
      const isUnknown = error instanceof PeerError && error.code === 'SITE_UNKNOWN'
      if (isUpToNow()) pollsUpToNow++
      if (!isUnknown || signal.aborted || polls >= CHAIN_POLLS_MAX || pollsUpToNow > POLLS_UP_TO_NOW) throw error
      await setTimeout(CHAIN_POLL_MS, undefined, { signal }).catch(() => {})
    }
  }
}
