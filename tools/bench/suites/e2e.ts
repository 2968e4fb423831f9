import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LocalNetwork } from '../../devnet/network.mjs'
import { type Figure, latencyFigures } from '../figures.ts'
import { HOW_TO_INSTALL, phpVersion, startPhpServer } from '../php-server.ts'
import { TimedClient, type TimedReply } from '../timed-client.ts'

const WIKI = fileURLToPath(new URL('../../../examples/wiki', import.meta.url))
const [READS, WRITES] = [200, 60]
const [WARM_UP_READS, WARM_UP_WRITES] = [20, 5]
// what `npm start` runs
const SHAPE = { seeders: 7, group: 5, cycleMs: 3_000, tenureMs: 75_000, name: 'wiki' }

/**
 * A visitor of the example wiki through the gateway, beside the same wiki on this machine's `php -S`. Both run at the same time and are
 * asked in turns, one request at a time. An edit counts as done when the answer is there: ours is final by then, on every disk of the group.
 */
export async function measure(say: (line: string) => void, signal: AbortSignal): Promise<Figure[]> {
  const data = mkdtempSync(join(tmpdir(), 'interpeer-bench-'))
  const undo: (() => Promise<void> | void)[] = [() => rmSync(data, { recursive: true, force: true })]
  try {
    const network = new LocalNetwork({ ...SHAPE, port: 0, data: join(data, 'network'), site: WIKI }, say)
    undo.push(async () => void (await network.stop()))
    // stopping early lets a start that still waits for its processes end with an error
    signal.addEventListener('abort', () => void network.stop(), { once: true })
    await network.start()
    signal.throwIfAborted()
    const ours = visitorOf(network.gatewayPort, `${SHAPE.name}.localhost`, isFinal)
    undo.push(() => ours.client.close())

    const version = phpVersion()
    if (version === undefined) {
      say(HOW_TO_INSTALL)
      return await compare({ ours, peer: null, peerName: null, say, signal })
    }
    const folder = join(data, 'wiki')
    cpSync(WIKI, folder, { recursive: true, filter: (path) => !path.startsWith(join(WIKI, 'data')) })
    const php = await startPhpServer(join(folder, 'public'), version)
    undo.push(() => php.stop())
    const peer = visitorOf(php.port, 'localhost', () => true)
    undo.push(() => peer.client.close())
    return await compare({ ours, peer, peerName: php.name, say, signal })
  } finally {
    for (const step of undo.reverse()) await step()
  }
}

interface Visitor {
  readonly client: TimedClient
  readonly wasKept: (reply: TimedReply) => boolean
}
const visitorOf = (port: number, host: string, wasKept: Visitor['wasKept']): Visitor => ({ client: new TimedClient(port, host), wasKept })
/** A write that the group agreed on says so. */
const isFinal = ({ headers }: TimedReply): boolean => headers['interpeer-certificate'] !== undefined

interface Comparison {
  readonly ours: Visitor
  readonly peer: Visitor | null
  readonly peerName: string | null
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}
async function compare({ ours, peer, peerName, say, signal }: Comparison): Promise<Figure[]> {
  const visitors = peer === null ? [ours] : [ours, peer]
  /** Asks all visitors in turns; the samples of each. */
  const sample = async (count: number, ask: (visitor: Visitor, turn: number) => Promise<number>): Promise<number[][]> => {
    const samples = visitors.map((): number[] => [])
    for (let turn = 0; turn < count; turn++) {
      signal.throwIfAborted()
      // whoever goes first changes, so that neither always follows the other's load
      const order = turn % 2 === 0 ? visitors : visitors.toReversed()
      for (const visitor of order) samples[visitors.indexOf(visitor)]?.push(await ask(visitor, turn))
    }
    return samples
  }
  say(`warming up: ${WARM_UP_WRITES} edits and ${WARM_UP_READS} reads on each side`)
  await sample(WARM_UP_WRITES, (visitor, turn) => edit(visitor, `Warm ${turn}`))
  await sample(WARM_UP_READS, read)
  say(`${READS} reads on each side`)
  const [ourReads = [], peerReads = null] = await sample(READS, read)
  say(`${WRITES} edits on each side`)
  const [ourWrites = [], peerWrites = null] = await sample(WRITES, (visitor, turn) => edit(visitor, `Bench ${turn}`))
  for (const visitor of visitors) await mustShow(visitor, `Bench ${WRITES - 1}`)
  return [...latencyFigures('e2e/read', ourReads, peerReads, peerName), ...latencyFigures('e2e/write', ourWrites, peerWrites, peerName)]
}

async function read({ client }: Visitor): Promise<number> {
  const { ms, status, body } = await client.ask({ path: '/' })
  if (status !== 200) throw new Error(`a read was answered with ${status}: ${body.slice(0, 200)}`)
  return ms
}

const textOf = (page: string): string =>
  `${page} was written by a benchmark.\n\nIt links to [[Home]] and says a few words more, as a page does.\n`

/** Makes a new page, so that every edit is one: the same text again would change nothing. */
async function edit({ client, wasKept }: Visitor, page: string): Promise<number> {
  const form = { page, base: '0', text: textOf(page), note: 'benchmark', author: 'bench', do: 'save' }
  const reply = await client.ask({ path: '/', form })
  if (reply.status < 200 || reply.status >= 400 || !wasKept(reply))
    throw new Error(`an edit was answered with ${reply.status}: ${reply.body.slice(0, 200)}`)
  return reply.ms
}

async function mustShow({ client }: Visitor, page: string): Promise<void> {
  const { status, body } = await client.ask({ path: `/?page=${encodeURIComponent(page)}` })
  if (status !== 200 || !body.includes('was written by a benchmark'))
    throw new Error(`"${page}" is not there after it was saved (status ${status})`)
}
