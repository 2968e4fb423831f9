import type { MemberLog } from '@interpeer/peer/node'
import type { LogLine } from './merged-logs.js'

/** Lines for people. */
export function linesOfRun({ entry, members, of }: LogLine): readonly string[] {
  const { timeMs, ran, method, target, status, fuel, memoryBytes, said, cutBytes } = entry
  const facts = [
    timeText(timeMs),
    ran.padEnd(8),
    `${method} ${target}`,
    status === 0 ? 'given up' : String(status),
    ...(fuel === null ? [] : [`${fuel.toLocaleString('en')} fuel`]),
    ...(memoryBytes === null ? [] : [`${(memoryBytes / 2 ** 20).toFixed(1)} MiB`]),
    members.length > 1 ? `${members.length} of ${of} members` : members.map(shortPeer).join(' '),
  ]
  const words = said === '' ? [] : said.trimEnd().split('\n')
  const cut = cutBytes === 0 ? [] : [`… and ${cutBytes} bytes more`]
  return [facts.join('  '), ...[...words, ...cut].map((line) => `    ${line}`)]
}

/** A line for programs. */
export function factsOfLine({ entry, members, of }: LogLine): object {
  const { number: _, id, timeMs, status, ...rest } = entry
  const time = timeText(timeMs)
  return { time, ...rest, status: status === 0 ? null : status, id: Buffer.from(id).toString('hex'), members, of }
}

/** What a member could not tell; undefined where that is nothing. */
export function noticeOf({ peer, dropped, failure }: MemberLog): { readonly text: string; readonly facts: object } | undefined {
  if (failure !== undefined) return { text: `${shortPeer(peer)} did not answer: ${failure}`, facts: { member: peer, failure } }
  if (dropped === 0) return undefined
  return { text: `${shortPeer(peer)}: ${dropped} earlier entries had to make room`, facts: { member: peer, dropped } }
}

/** A member may say any time; dates have an end. */
const timeText = (timeMs: number): string => (timeMs <= DATE_MS_MAX ? new Date(timeMs).toISOString() : String(timeMs))
const DATE_MS_MAX = 8.64e15

/** Enough to tell members apart. */
const shortPeer = (peer: string): string => `${peer.slice(0, 10)}…${peer.slice(-4)}`
