import type { JobLogEntry } from '@interpeer/peer'
import type { MemberLog } from '@interpeer/peer/node'
import type { LogLine } from './merged-logs.js'

/** A line for people. What strangers wrote can't move the cursor, nor turn the direction of the text. */
export function textOfLine({ entry, members, of }: LogLine): string {
  const { timeMs, ran, method, target, status, fuel, memoryBytes, said, cutBytes } = entry
  const facts = [
    timeText(timeMs),
    ran.padEnd(8),
    `${harmless(method)} ${harmless(target)}`,
    status === 0 ? 'given up' : String(status),
    ...(fuel === null ? [] : [`${fuel.toLocaleString('en')} fuel`]),
    ...(memoryBytes === null ? [] : [`${(memoryBytes / 2 ** 20).toFixed(1)} MiB`]),
    members.length > 1 ? `${members.length} of ${of} members` : members.map(shortPeer).join(' '),
  ]
  const words = said === '' ? [] : said.trimEnd().split('\n')
  const cut = cutBytes === 0 ? [] : [`… and ${cutBytes} bytes more`]
  return [facts.join('  '), ...[...words.map(harmless), ...cut].map((line) => `    ${line}`)].join('\n')
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

/** As JSON that moves no cursor either: it means the same. */
export const jsonOf = (facts: object): string =>
  JSON.stringify(facts).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (letter) =>
    Array.from({ length: letter.length }, (_, i) => `\\u${letter.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  )

/** A member may say any time; dates have an end. */
const timeText = (timeMs: number): string => (timeMs <= DATE_MS_MAX ? new Date(timeMs).toISOString() : String(timeMs))
const DATE_MS_MAX = 8.64e15

/** Enough to tell members apart. */
const shortPeer = (peer: string): string => `${peer.slice(0, 10)}…${peer.slice(-4)}`

export const harmless = (text: JobLogEntry['said']): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (letter) => (letter === '\t' ? '  ' : `\\u{${letter.codePointAt(0)?.toString(16)}}`))
