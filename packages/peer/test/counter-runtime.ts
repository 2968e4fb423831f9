import type { OpenFile } from '@interpeer/content-store'
import { sha256 } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import type { ScriptChange, ScriptEffect, ScriptOutcome, ScriptRequest, ScriptRuntime } from '../src/script-runtime.js'

const TIMER = { type: 'after', name: 'later', seconds: 60, script: 'later.php', args: Uint8Array.of(1) } as const

/**
 * A runtime small enough to reason about: GET answers with the log, POST appends its body and a random byte, `/slow` abstains, `/touch` is a GET
 * that writes, `/asks` one that changes nothing and sets a timer. A POST of `/after` sets one of a second, of `/mail` sends a mail and wants to know how that ends, of
 * `/others` sets two, of which the first that runs puts another in the other's place, `/many` sets more timers than anyone has room for. An event appends what it is; a file `cron` is a line for each minute. Deterministic in (files, request, time, seed), as every runtime must be.
 */
export class CounterRuntime implements ScriptRuntime {
  readonly runtimeId = 'counter'
  readonly runs: string[] = []
  /** Set on a traitor: what it answers instead. */
  lie = ''
  protected readonly trees = new Map<string, ReadonlyMap<string, Uint8Array>>()

  has(root: string): boolean {
    return this.trees.has(root)
  }
  async load(root: string, files: readonly OpenFile[]): Promise<void> {
    const read = files.map((file) => [file.path, Buffer.concat([...file.read()])] as const)
    const short = files.find(({ size }, index) => read[index]?.[1].length !== size)
    if (short !== undefined) throw new Error(`${short.path} ends early`)
    this.trees.set(root, new Map(read))
  }
  async derive(root: string, from: string, changes: readonly ScriptChange[]): Promise<void> {
    const tree = new Map(this.trees.get(from))
    for (const change of changes) if (change.type === 'write') tree.set(change.path, change.bytes)
    this.trees.set(root, tree)
  }
  forget(root: string): void {
    this.trees.delete(root)
  }
  async run(root: string, request: ScriptRequest, { timeMs, seed }: { timeMs: number; seed: Uint8Array }): Promise<ScriptOutcome> {
    const tree = this.trees.get(root)
    if (tree === undefined) throw new Error(`no tree ${root}`)
    this.runs.push(`${request.method} ${request.target}`)
    if (request.target === '/slow') return { type: 'abstained', reason: 'GUARD_TIME' }
    const log = new TextDecoder().decode(tree.get('log') ?? new Uint8Array())
    const isWrite = request.method === 'POST' || request.target === '/touch' || request.event !== undefined
    const line = `${saidBy(request)}@${timeMs}#${seed[0]}${this.lie};`
    const bytes = new TextEncoder().encode(isWrite ? log + line : log)
    const changes: ScriptChange[] = isWrite ? [{ type: 'write', path: 'log', mode: 0o644, mtimeS: Math.floor(timeMs / 1000), bytes }] : []
    return {
      type: 'answered',
      status: 200,
      headers: [['content-type', 'text/plain']],
      body: bytes,
      changes,
      effects: effectsOf(request, seed),
      fuel: bytes.length,
      transcript: sha256(bytes),
    }
  }
  cron(root: string) {
    return this.trees.get(root)?.has('cron') ? [{ schedule: EVERY_MINUTE, target: '/cron' }] : []
  }
  async close(): Promise<void> {}
}

function saidBy({ event, body, target }: ScriptRequest): string {
  if (event === undefined) return new TextDecoder().decode(body)
  if (event.type === 'cron') return `cron ${target}`
  if (event.type === 'timer') return `timer ${event.script} ${event.args}`
  return `answer ${event.script} ${event.error ?? event.answer?.status}`
}

function effectsOf({ target, event }: ScriptRequest, seed: Uint8Array): readonly ScriptEffect[] {
  if (event?.type === 'timer' && event.script === 'other.php') return [{ ...TIMER, name: event.args[0] === 1 ? 'two' : 'one' }]
  if (event !== undefined) return []
  if (target === '/others')
    return [1, 2].map((n) => ({ ...TIMER, name: n === 1 ? 'one' : 'two', seconds: 1, script: 'other.php', args: Uint8Array.of(n) }))
  if (target === '/asks') return [TIMER]
  if (target === '/after') return [{ ...TIMER, seconds: 1 }]
  if (target === '/many') return Array.from({ length: 300 }, (_, i) => ({ ...TIMER, name: `${i}` }))
  const mail = { type: 'mail', to: 'ada@a.test', subject: 'Hello', headers: [], body: new Uint8Array(300_000).fill(65) } as const
  return target === '/mail' ? [{ type: 'outbox', key: hexOf(sha256(seed)), request: mail, answerTo: 'sent.php' }] : []
}
const EVERY_MINUTE = {
  minutes: new Uint8Array(8).fill(255),
  hours: 2 ** 24 - 1,
  days: 2 ** 32 - 2,
  months: 2 ** 13 - 2,
  weekdays: 127,
  either: false,
}
