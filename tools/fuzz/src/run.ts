import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Bundle } from './bundle.ts'
import type { Budget, Finding, Tally } from './engine.ts'
import type { ChildLine, ChildOrders } from './lines.ts'

/** A child's whole heap: what one input takes beyond its target's limit is found before, unless it takes all at once. */
const HEAP_MIB = 512
/** A child says something five times a second, also on a loaded machine: one that is silent for so long hangs in one input. */
const SILENT_MS = 15_000
/** Loading the bundle takes a second where nothing else runs. */
const STARTING_MS = 60_000

export interface RunOptions {
  readonly root: string
  readonly bundle: Bundle
  /** For what a child is running at the moment. */
  readonly folder: string
  readonly targets: readonly string[]
  /** For each target. */
  readonly budget: Budget
  readonly replay?: Uint8Array
  readonly silentMs?: number
  readonly signal?: AbortSignal
  readonly onStart?: (target: string) => void
  readonly onEnd?: (outcome: Outcome) => void
}
export interface Outcome {
  readonly target: string
  /** Undefined where an input ended the process. */
  readonly tally: (Tally & { readonly file: readonly [covered: number, all: number] }) | undefined
  readonly findings: readonly Finding[]
}

/**
 * Fuzzes the targets one after another in a process of their own, which is killed when it is silent for too long. An input that ends the
 * process, or hangs, is a finding; the targets after it go on in the next process. None is left when this settles.
 */
export async function run(options: RunOptions): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  while (outcomes.length < options.targets.length) {
    options.signal?.throwIfAborted()
    await runChild(options, options.targets.slice(outcomes.length), (outcome) => {
      outcomes.push(outcome)
      options.onEnd?.(outcome)
    })
  }
  return outcomes
}

async function runChild(options: RunOptions, targets: readonly string[], onOutcome: (outcome: Outcome) => void): Promise<void> {
  const { root, bundle, folder, budget, replay, signal, silentMs = SILENT_MS } = options
  const trace = join(folder, 'trace')
  writeFileSync(trace, '')
  const replayed = join(folder, 'replay') // it may be longer than an argument can be
  if (replay !== undefined) writeFileSync(replayed, replay)
  const given = replay === undefined ? {} : { replay: replayed }
  const orders: ChildOrders = { root, targets, budget, trace, sources: bundle.sources, ...given }
  const args = [`--max-old-space-size=${HEAP_MIB}`, bundle.code, JSON.stringify(orders)]
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const stop = (): unknown => child.kill('SIGKILL')
  signal?.addEventListener('abort', stop)

  let [current, hung]: [string | undefined, boolean] = [undefined, false]
  let [findings, errors]: [Finding[], string] = [[], '']
  const hang = (): void => {
    hung = true
    stop()
  }
  let silence = setTimeout(hang, Math.max(silentMs, STARTING_MS))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000)
  })
  createInterface({ input: child.stdout }).on('line', (text) => {
    clearTimeout(silence)
    silence = setTimeout(hang, silentMs)
    const line: ChildLine = JSON.parse(text)
    if (line.type === 'start') {
      current = line.target
      findings = []
      options.onStart?.(line.target)
    } else if (line.type === 'finding') {
      const { target, kind, detail, input } = line
      findings.push({ target, kind, detail, input: new Uint8Array(Buffer.from(input, 'hex')) })
    } else if (line.type === 'replayed') {
      onOutcome({ target: line.target, tally: undefined, findings })
      current = undefined
    } else if (line.type === 'end') {
      const { executions, seconds, covered, corpus, file } = line
      onOutcome({ target: line.target, tally: { executions, seconds, covered, corpus, file }, findings })
      current = undefined
    }
  })
  const code = await ended(child)
  clearTimeout(silence)
  signal?.removeEventListener('abort', stop)
  signal?.throwIfAborted()
  if (code === 0 && !hung && current === undefined) return
  if (current === undefined) throw new Error(`the fuzzing process ended by itself: ${errors}`)
  const lastWords = errors.trim().slice(0, 2000) || `the process ended with ${code}: what was waited for never came`
  const detail = hung ? `silent for ${silentMs / 1000} s` : lastWords
  findings.push({ target: current, kind: hung ? 'hang' : 'crash', detail, input: tracedInput(trace) })
  onOutcome({ target: current, tally: undefined, findings })
}

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve, reject) => {
    child.on('error', reject).on('close', resolve) // 'close': all its lines have been read
  })

function tracedInput(path: string): Uint8Array {
  const bytes = readFileSync(path)
  return bytes.length < 4 ? new Uint8Array() : new Uint8Array(bytes.subarray(4, 4 + bytes.readUInt32BE(0)))
}

/** Writes the input into `folder`. @returns its path */
export function saveFinding(folder: string, { target, input }: Finding): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${target.replaceAll('/', '-')}-${createHash('sha256').update(input).digest('hex').slice(0, 16)}.bin`)
  writeFileSync(path, input)
  return path
}

export const commandFor = (target: string, path: string): string => `npm run fuzz -- ${target} --replay ${path}`

/** One line on what a target has been through. */
export function lineOf({ target, tally, findings }: Outcome): string {
  const found = findings.length === 0 ? '' : `, ${findings.length} FOUND`
  if (tally === undefined) return `${target}: ended by an input${found}`
  const { executions, seconds, covered, corpus, file } = tally
  const share = file[1] === 0 ? '' : `, ${((100 * file[0]) / file[1]).toFixed(0)} % of its file`
  const reached = `${covered[0]} → ${covered[1]} places reached${share}`
  return `${target}: ${executions} inputs in ${seconds.toFixed(1)} s, ${reached}, ${corpus} kept${found}`
}
