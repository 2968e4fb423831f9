import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Address, LinkTally } from './relay.ts'

export interface Shape {
  readonly delayMs?: number
  readonly jitterMs?: number
  /** 0 to 100. */
  readonly lossPercent?: number
  /** 0: no limit. */
  readonly bytesPerSecond?: number
  readonly queueBytes?: number
}
/** Names, `all`, or `others`: whoever is no named peer. */
export type Names = readonly string[] | 'all' | 'others'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const WORDS = { delayMs: 'delay', jitterMs: 'jitter', lossPercent: 'loss', bytesPerSecond: 'rate', queueBytes: 'queue' }

/** A relay in a process of its own, so that what else its user does delays no datagram. Whatever resolves has taken effect. */
export class RelayProcess {
  readonly #child: ChildProcess
  readonly #asked: { resolve(value: unknown): void; reject(error: Error): void }[] = []
  readonly #exited: Promise<void>

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#exited = new Promise((exited) => child.once('exit', () => exited()).once('error', () => exited()))
    void this.#exited.then(() => {
      for (const { reject } of this.#asked.splice(0)) reject(new Error('the relay has ended'))
    })
  }

  static async start(): Promise<RelayProcess> {
    const child = spawn(process.execPath, [MAIN], { stdio: ['pipe', 'pipe', 'inherit'] })
    const relay = new RelayProcess(child)
    child.stdin?.on('error', () => {})
    await new Promise<void>((ready, failed) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        if (line.startsWith('{"ready"')) ready()
        else relay.#onAnswer(JSON.parse(line))
      })
      void relay.#exited.then(() => failed(new Error('the relay did not start')))
    })
    return relay
  }

  /** Where all others will reach a peer that binds to `host`. */
  addPeer(name: string, host: string): Promise<Address> {
    return this.#command(`peer ${name} ${host}`) as Promise<Address>
  }

  async place(name: string, { host, port }: Address): Promise<void> {
    await this.#command(`place ${name} ${host}:${port}`)
  }

  async shape(from: Names, to: Names, shape: Shape): Promise<void> {
    const words = Object.entries(shape).map(([key, value]) => `${WORDS[key as keyof Shape]}=${value}`)
    await this.#command(`shape ${wordOf(from)} ${wordOf(to)} ${words.join(' ')}`)
  }

  async cut(from: Names, to: Names): Promise<void> {
    await this.#command(`cut ${wordOf(from)} ${wordOf(to)}`)
  }

  async partition(...sides: readonly Names[]): Promise<void> {
    await this.#command(`part ${sides.map(wordOf).join(' ')}`)
  }

  async clog(from: Names, to: Names, ms: number): Promise<void> {
    await this.#command(`clog ${wordOf(from)} ${wordOf(to)} ${ms}`)
  }

  async heal(): Promise<void> {
    await this.#command('heal')
  }

  async calm(): Promise<void> {
    await this.#command('calm')
  }

  show(): Promise<{ readonly links: readonly LinkTally[]; readonly refused: number; readonly droppedByKernel: number }> {
    return this.#command('show') as ReturnType<RelayProcess['show']>
  }

  async stop(): Promise<void> {
    this.#child.stdin?.end()
    await this.#exited
  }

  #command(line: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) return reject(new Error('the relay has ended'))
      this.#asked.push({ resolve, reject })
      this.#child.stdin?.write(`${line}\n`)
    })
  }

  #onAnswer(answer: { readonly ok: unknown } | { readonly error: string }): void {
    const asked = this.#asked.shift()
    if ('error' in answer) asked?.reject(new RangeError(answer.error))
    else asked?.resolve(answer.ok)
  }
}

const wordOf = (names: Names): string => (typeof names === 'string' ? names : names.join(','))
