import type { ScriptChange, ScriptOutcome, ScriptRequest, ScriptRuntime } from '@interpeer/peer'

const FILE = 'count'
const TRANSCRIPT = new Uint8Array(32)

/** A site without scripts: each POST adds one to a number in a file and answers with it. What a write costs then is what agreeing on it costs. */
export class TrivialRuntime implements ScriptRuntime {
  readonly runtimeId = 'trivial'
  readonly #counts = new Map<string, number>()

  has(root: string): boolean {
    return this.#counts.has(root)
  }
  async load(...[root, files]: Parameters<ScriptRuntime['load']>): Promise<void> {
    const file = files.find(({ path }) => path === FILE)
    this.#counts.set(root, countIn(file && Buffer.concat([...file.read()])))
  }
  async derive(root: string, from: string, changes: readonly ScriptChange[]): Promise<void> {
    const written = changes.find((change) => change.type === 'write' && change.path === FILE)
    this.#counts.set(root, written?.type === 'write' ? countIn(written.bytes) : (this.#counts.get(from) ?? 0))
  }
  forget(root: string): void {
    this.#counts.delete(root)
  }
  cron(): readonly [] {
    return []
  }
  async run(root: string, request: ScriptRequest, { timeMs }: { readonly timeMs: number }): Promise<ScriptOutcome> {
    const count = (this.#counts.get(root) ?? 0) + (request.method === 'POST' ? 1 : 0)
    const bytes = new TextEncoder().encode(`${count}`)
    const mtimeS = Math.floor(timeMs / 1000)
    const changes: ScriptChange[] = request.method === 'POST' ? [{ type: 'write', path: FILE, mode: 0o644, mtimeS, bytes }] : []
    return { type: 'answered', status: 200, headers: [], body: bytes, changes, fuel: 1, transcript: TRANSCRIPT }
  }
  async close(): Promise<void> {}
}

const countIn = (bytes: Uint8Array | undefined): number => (bytes === undefined ? 0 : Number(new TextDecoder().decode(bytes)))
