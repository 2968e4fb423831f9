import { openSync, writeSync } from 'node:fs'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Corpus } from 'jsfuzz/build/src/corpus.js'
import { diceOf } from './dice.ts'
import { mutateCbor } from './mutate-cbor.ts'
import { DEFAULT_MAX_BYTES, DEFAULT_MAX_MIB, DEFAULT_MAX_MS, type Target } from './target.ts'
import { tinyItems } from './tiny-items.ts'

/** Put before the bundle: `fresh.n` counts the counters that were hit for the first time. */
declare global {
  var fuzzCoverage: { readonly counters: Uint32Array; readonly fresh: { n: number } }
}

/** Seconds (from the start, seeds included), executions or findings: whichever comes first. However few the seconds, 100 inputs are run. */
export interface Budget {
  readonly seed: number
  readonly seconds: number
  readonly executions: number
  readonly findings: number
}
export interface Finding {
  readonly target: string
  readonly kind: 'uncoded' | 'slow' | 'memory' | 'hang' | 'crash'
  readonly detail: string
  readonly input: Uint8Array
}
export interface Tally {
  readonly executions: number
  readonly seconds: number
  /** How many statements and branches of our packages ran: after the seeds, and at the end. */
  readonly covered: readonly [atFirst: number, atLast: number]
  readonly corpus: number
}

const INPUT_MAX_BYTES = 4096
const REPORT_MS = 200
/** However little time there is. */
const EXECUTIONS_MIN = 100
const RERUNS = 3
/** For time alone: what is slow stays so, however often it is run; what met code that was not compiled yet does not. */
const TIME_RERUNS = 12
/** Of 100 inputs, so many are made by changing a value of CBOR rather than bytes. */
const CBOR_PER_100 = 50

/** The file that says what input is being run, for when this process is killed in the middle of it: its length in 4 bytes, and the input. */
export class Trace {
  readonly #file: number
  #buffer = Buffer.alloc(4 + INPUT_MAX_BYTES)
  constructor(path: string) {
    this.#file = openSync(path, 'w')
  }
  write(input: Uint8Array): void {
    if (input.length > this.#buffer.length - 4) this.#buffer = Buffer.alloc(4 + input.length) // one to be replayed
    this.#buffer.writeUInt32BE(input.length)
    this.#buffer.set(input, 4)
    writeSync(this.#file, this.#buffer, 0, 4 + input.length, 0)
  }
}

/**
 * Feeds one target inputs made by jsfuzz's changes of bytes, and by changes of values of CBOR; one that reaches something new is kept and
 * changed again. jsfuzz's own process model asks a worker over a pipe for each input, ends the process at the first finding, and counts all
 * counters after each input: only its corpus is used here.
 */
export async function fuzz(
  target: Target,
  seeds: readonly Uint8Array[],
  budget: Budget,
  trace: Trace,
  onAlive: () => void,
  onFinding: (finding: Finding) => void,
): Promise<Tally> {
  const { counters, fresh } = fuzzCoverage
  const dice = diceOf(budget.seed)
  Math.random = dice // jsfuzz's
  Error.stackTraceLimit = 0 // most inputs end in an error, and its stack costs more than all the rest
  counters.fill(0)
  fresh.n = 0
  const corpus = new Corpus([], false)
  const known = new Set<string>()
  const startedAtMs = performance.now()
  let [executions, aliveAtMs] = [0, startedAtMs]

  const judge = async (input: Uint8Array): Promise<void> => {
    const fault = await faultOf(target, input, trace)
    executions++
    if (fault === undefined) return
    const name = `${fault.kind} ${fault.detail.split('\n').slice(0, 2).join(' ')}`
    if (known.has(name)) return
    known.add(name)
    onFinding({ target: target.name, ...fault, input: Uint8Array.from(input) })
  }
  const isAlive = (): boolean => {
    const nowMs = performance.now()
    if (nowMs - aliveAtMs > REPORT_MS) {
      aliveAtMs = nowMs
      onAlive()
    }
    const inTime = executions < EXECUTIONS_MIN || nowMs - startedAtMs < budget.seconds * 1000
    return inTime && known.size < budget.findings && executions < budget.executions
  }

  for (const seed of [new Uint8Array(), ...seeds]) {
    if (seed.length > INPUT_MAX_BYTES) continue
    const before = fresh.n
    await judge(seed)
    if (fresh.n > before) corpus.putBuffer(Buffer.from(seed))
    if (!isAlive()) break
  }
  // what small inputs can't show: memory for all that a long one holds, before anyone asks whether it may
  const longest = tinyItems(target.maxBytes ?? DEFAULT_MAX_BYTES)
  collect() // what is collected meanwhile is taken off what it takes
  await judge(longest) // however little time there is
  const atFirst = fresh.n
  const mutate = (bytes: Uint8Array): Uint8Array => corpus.mutate(Buffer.from(bytes))
  while (isAlive()) {
    const before = fresh.n
    const input = madeFrom(corpus, dice, mutate)
    fresh.n = before // making it ran nothing of the target's
    await judge(input)
    if (fresh.n > before) corpus.putBuffer(Buffer.from(input))
  }
  return { executions, seconds: (performance.now() - startedAtMs) / 1000, covered: [atFirst, fresh.n], corpus: corpus.getLength() }
}

function madeFrom(corpus: Corpus, dice: () => number, mutate: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  if (corpus.inputs.length > 0 && dice() * 100 < CBOR_PER_100) {
    const parent = corpus.inputs[Math.floor(dice() * corpus.inputs.length)] as Uint8Array
    const made = mutateCbor(parent, dice, mutate)
    if (made !== undefined && made.length <= INPUT_MAX_BYTES) return made
  }
  return new Uint8Array(corpus.generateInput())
}

type Fault = Pick<Finding, 'kind' | 'detail'>
/** What is wrong with how `target` takes `input`, if anything. */
export async function faultOf(target: Target, input: Uint8Array, trace: Trace): Promise<Fault | undefined> {
  const { maxMs = DEFAULT_MAX_MS, maxMiB = DEFAULT_MAX_MIB } = target
  trace.write(input)
  let measured = await runOnce(target, input)
  // Compilation, collection and other processes cost time and memory too. What an input costs, it costs each time: in time of this thread's
  // own, and with nothing left to collect meanwhile, which would be taken off what it takes.
  for (let run = 0; measured.fault === undefined && run < (measured.mib > maxMiB ? RERUNS : TIME_RERUNS); run++) {
    if (measured.ms <= maxMs && measured.mib <= maxMiB) break
    collect()
    const before = process.threadCpuUsage()
    const again = await runOnce(target, input)
    const { user, system } = process.threadCpuUsage(before)
    measured = { fault: again.fault, ms: Math.min(measured.ms, (user + system) / 1000), mib: Math.min(measured.mib, again.mib) }
  }
  if (measured.fault !== undefined) return (await withStack(target, input)) ?? measured.fault
  if (measured.mib > maxMiB) return { kind: 'memory', detail: `more than ${maxMiB} MiB` }
  return measured.ms > maxMs ? { kind: 'slow', detail: `more than ${maxMs} ms` } : undefined
}

async function withStack(target: Target, input: Uint8Array): Promise<Fault | undefined> {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 20
  const { fault } = await runOnce(target, input)
  Error.stackTraceLimit = limit
  return fault
}

async function runOnce(target: Target, input: Uint8Array): Promise<{ fault: Fault | undefined; ms: number; mib: number }> {
  const before = memoryBytes()
  const start = performance.now()
  let fault: Fault | undefined
  try {
    const running = target.run(input)
    if (running !== undefined) await running
  } catch (error) {
    if (!isCoded(error, target))
      fault = { kind: 'uncoded', detail: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
  return { fault, ms: performance.now() - start, mib: (memoryBytes() - before) / 2 ** 20 }
}
setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')
const memoryBytes = (): number => {
  const { used_heap_size, external_memory } = getHeapStatistics()
  return used_heap_size + external_memory
}
const isCoded = (error: unknown, { errors }: Target): boolean =>
  error instanceof Error && errors.includes(error.name) && typeof (error as { code?: unknown }).code === 'string'
