import type { FileEntry } from '@interpeer/content-store'
import { sha256 } from '@interpeer/crypto-ids'
import type { ScriptChange, ScriptOutcome, ScriptRequest, ScriptRuntime } from '../src/script-runtime.js'

const TIMER = { type: 'after', name: 'later', seconds: 60, script: 'later.php', args: Uint8Array.of(1) } as const

/**
 * A runtime small enough to reason about: GET answers with the log, POST appends its body and a random byte, `/slow` abstains, `/touch` is a GET
 * that writes, `/asks` one that changes nothing and sets a timer. Deterministic in (files, request, time, seed), as every runtime must be.
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
  async load(root: string, files: readonly FileEntry[]): Promise<void> {
    this.trees.set(root, new Map(files.map(({ path, bytes }) => [path, bytes])))
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
    const isWrite = request.method === 'POST' || request.target === '/touch'
    const line = `${new TextDecoder().decode(request.body)}@${timeMs}#${seed[0]}${this.lie};`
    const bytes = new TextEncoder().encode(isWrite ? log + line : log)
    const changes: ScriptChange[] = isWrite ? [{ type: 'write', path: 'log', mode: 0o644, mtimeS: Math.floor(timeMs / 1000), bytes }] : []
    return {
      type: 'answered',
      status: 200,
      headers: [['content-type', 'text/plain']],
      body: bytes,
      changes,
      effects: request.target === '/asks' ? [TIMER] : [],
      fuel: bytes.length,
      transcript: sha256(bytes),
    }
  }
  async close(): Promise<void> {}
}
