import { isIPv4 } from 'node:net'
import type { Relay } from './relay.ts'
import type { LinkWeather } from './weather.ts'

export const HELP = `one command a line; each is answered by one line of JSON, {"ok":…} or {"error":"…"}
  peer NAME HOST          a peer that binds to HOST, an address of 127.0.0.0/8 that is its own; answered with where all others reach it
  place NAME HOST:PORT    where a peer is that has not sent anything yet
  shape FROM TO KEY=N…    delay= and jitter= in ms, loss= in percent, rate= and queue= in bytes (a second); rate=0: no limit
  cut FROM TO             nothing gets from FROM to TO, one way
  part A,B C,D…           nothing gets from one side to another, either way
  clog FROM TO MS         everything waits so long
  heal                    ends cuts
  calm                    everything passes at once again
  show                    what passed, by link
FROM and TO: names with commas between them, "all", or "others" for whoever is no named peer`

/** Does what a line says. The answer is what is to be printed. @throws {RangeError} where it makes no sense */
export async function obey(relay: Relay, line: string): Promise<unknown> {
  const [verb, ...words] = line.trim().split(/\s+/)
  const names = (word: string | undefined): readonly string[] => (word === 'all' ? relay.names : (word ?? '').split(','))
  const [first = '', second = '', third = ''] = words
  switch (verb) {
    case 'peer':
      return relay.addPeer(first, second)
    case 'place':
      return relay.place(first, addressOf(second))
    case 'shape':
      return relay.shape(names(first), names(second), weatherOf(words.slice(2)))
    case 'cut':
      return relay.cut(names(first), names(second))
    case 'part':
      if (words.length < 2) throw new RangeError('at least two sides')
      return relay.partition(words.map(names))
    case 'clog':
      return relay.clog(names(first), names(second), numberOf(third, 600_000))
    case 'heal':
      return relay.heal()
    case 'calm':
      return relay.calm()
    case 'show':
      return { links: relay.tallies(), refused: relay.refused, droppedByKernel: relay.droppedByKernel() }
    default:
      throw new RangeError(`no command ${verb}`)
  }
}

function weatherOf(words: readonly string[]): Partial<LinkWeather> {
  if (words.length === 0) throw new RangeError('KEY=N…')
  return Object.assign({}, ...words.map(partOf))
}

function partOf(word: string): Partial<LinkWeather> {
  const [key, text = ''] = word.split('=')
  if (key === 'delay') return { delayMs: numberOf(text, 60_000) }
  if (key === 'jitter') return { jitterMs: numberOf(text, 60_000) }
  if (key === 'loss') return { loss: numberOf(text, 100) / 100 }
  if (key === 'rate') return { bytesPerSecond: numberOf(text, 1e12) || Number.POSITIVE_INFINITY }
  if (key === 'queue') return { queueBytes: numberOf(text, 1e9) }
  throw new RangeError(`no setting ${key}`)
}

function numberOf(text: string, max: number): number {
  const value = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || value > max) throw new RangeError(`a number from 0 to ${max}, not ${text}`)
  return value
}

function addressOf(text: string): { host: string; port: number } {
  const [host = '', port = ''] = text.split(':')
  if (!isIPv4(host) || !/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) throw new RangeError(`HOST:PORT, not ${text}`)
  return { host, port: Number(port) }
}
