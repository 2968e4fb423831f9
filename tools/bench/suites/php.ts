import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import '../php/sources.mjs'
import { type Figure, percentile } from '../figures.ts'
import { compiled, type Php, runTheirs, theirBinary, theirPhp } from '../php/theirs.ts'

const hello = '<?php echo "hello";'
const benchPath = fileURLToPath(new URL('../php/bench.php', import.meta.url))
const bench = readFileSync(benchPath, 'utf8')
const PEER_NAME = '@php-wasm/node, warm'

/**
 * PHP, each figure beside what one would use otherwise, both sides in turns. `BENCH_PHP=trivial,memory`: only these.
 *
 * - `trivial`: one echo on an instance that is ready and warm: each side after 1,000 of them, in turns of 50, so that neither finds caches full of the other's memory; `pristine`: on one that is as the image, restored each time, which the peer
 *   does not do; `start`: a further instance and its first echo, of a binary that is compiled; `memory`: what six further instances, used once, add to
 *   a process, each.
 * - `fuel`: Zend/bench.php by the metered binary and by the same one as it comes, below the same host (the peer's), in processor time of the thread.
 * - `bench`: the same by ours, wholly, as a site without an image of its own, and by the machine's own `php` without opcache, both in processor time; `bench-image`: by a
 *   site with an image, which has opcache. Left out where there is no `php`.
 */
export async function measure(
  say: (line: string) => void,
  signal: AbortSignal,
  known: (figure: Figure) => void = () => undefined,
): Promise<Figure[]> {
  const isWanted = (part: string) => (process.env.BENCH_PHP ?? part).split(',').includes(part)
  for (const [parts, what, run] of PARTS) {
    if (!parts.some(isWanted)) continue
    say(what)
    for (const one of await run(signal)) if (isWanted(one.id.slice('php/'.length))) known(one)
  }
  return []
}

const PARTS: readonly (readonly [parts: readonly string[], what: string, run: (signal: AbortSignal) => Promise<Figure[]>])[] = [
  [['trivial', 'pristine', 'start'], 'requests and starts', measureRequests],
  [['memory'], 'memory of further instances', measureMemory],
  [['fuel'], 'Zend/bench.php, metered and not', measureMeter],
  [['bench', 'bench-image'], 'Zend/bench.php, and native PHP', measureBench],
]

async function measureRequests(signal: AbortSignal): Promise<Figure[]> {
  const ours = await (await import('../php/ours.ts')).ourPhp(hello)
  const [mine, theirs] = [ours.start(), await theirPhp()]
  const echo = () => runTheirs(theirs, hello)
  const trivial = await inLongTurns(signal, () => ours.run(mine), echo)
  const pristine = () => {
    ours.restore(mine)
    ours.run(mine)
  }
  const restored = await inTurns(100, signal, pristine, echo)
  const start = () => ours.run(ours.start())
  const further: Php[] = []
  const startTheirs = async () => {
    const php = await theirPhp()
    await runTheirs(php, hello)
    further.push(php)
  }
  const started = await inTurns(9, signal, start, startTheirs)
  for (const one of [theirs, ...further]) one.exit()
  return [figure('trivial', 'ms', trivial), figure('pristine', 'ms', restored), figure('start', 'ms', started)]
}

async function measureMemory(): Promise<Figure[]> {
  const [ours, theirs] = ['ours', 'theirs'].map((side) => [1, 2, 3].map(() => megabytesOf(side))) as [number[], number[]]
  return [figure('memory', 'MB', [ours, theirs])]
}

async function measureMeter(signal: AbortSignal): Promise<Figure[]> {
  const { meter } = await import('../../../packages/php-runtime-bridge/src/meter/meter.js')
  const { cardTableAbove, heapBaseOf } = await import('../../../packages/php-runtime-bridge/src/meter/cards.js')
  const binary = theirBinary()
  // as the bridge has it
  const cards = cardTableAbove(heapBaseOf(binary))
  const options = { exhausted: '_emscripten_runtime_keepalive_clear', stack: 1_000_000, cards }
  const [metered, plain] = [await theirPhp(compiled(meter(binary, options).bytes), cards.end), await theirPhp(compiled(binary))]
  const run = (php: Php) => () => runTheirs(php, bench)
  const times = await inTurns(5, signal, run(metered), run(plain), processorMs)
  for (const one of [metered, plain]) one.exit()
  return [figure('fuel', 'ms', times, 'the same binary, unmetered')]
}

async function measureBench(signal: AbortSignal): Promise<Figure[]> {
  const native = spawnSync('php', ['-v'], { encoding: 'utf8' })
  if (native.status !== 0) return []
  const { ourPhp } = await import('../php/ours.ts')
  const figures: Figure[] = []
  for (const image of [false, true]) {
    const whole = await ourPhp(bench, image)
    const php = whole.start()
    const byOurs = () => {
      whole.restore(php)
      whole.run(php)
    }
    const used: number[] = []
    const [times] = await inTurns(5, signal, byOurs, () => void used.push(nativeMs()), processorMs)
    figures.push(figure(image ? 'bench-image' : 'bench', 'ms', [times, used.slice(1)], native.stdout.split(' (')[0]))
  }
  return figures
}

function figure(id: string, unit: Figure['unit'], [ours, peer]: Times, peerName = PEER_NAME): Figure {
  return { id: `php/${id}`, ours: percentile(ours, 50), peer: percentile(peer, 50), peerName, unit }
}

type Times = readonly [ours: number[], theirs: number[]]

/** Each side once before it counts. */
async function inTurns(
  runs: number,
  signal: AbortSignal,
  ours: () => void | Promise<void>,
  theirs: () => void | Promise<void>,
  clock: () => number = () => performance.now(),
): Promise<Times> {
  const times: Times = [[], []]
  for (let run = -1; run < runs; run++) {
    for (const side of run % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const start = clock()
      await (side === 0 ? ours : theirs)()
      if (run >= 0) times[side].push(clock() - start)
    }
    signal.throwIfAborted()
  }
  return times
}

/** Turns of many runs, each side warm before it counts. */
async function inLongTurns(signal: AbortSignal, ours: () => void, theirs: () => Promise<void>): Promise<Times> {
  const times: Times = [[], []]
  for (let turn = -WARM_TURNS; turn < COUNTED_TURNS; turn++) {
    for (const side of [0, 1] as const) {
      for (let run = 0; run < TURN_RUNS; run++) {
        const start = performance.now()
        if (side === 0) ours()
        else await theirs()
        if (turn >= 0) times[side].push(performance.now() - start)
      }
    }
    signal.throwIfAborted()
  }
  return times
}
const [TURN_RUNS, WARM_TURNS, COUNTED_TURNS] = [50, 20, 10]

function processorMs(): number {
  const { user, system } = (process as unknown as { threadCpuUsage(): { user: number; system: number } }).threadCpuUsage()
  return (user + system) / 1000
}

/** What the script itself takes, by its own account: without the start of the process. */
function nativeMs(): number {
  const script =
    'ob_start(); include $argv[1]; ob_end_clean(); $r = getrusage(); echo $r["ru_utime.tv_sec"] * 1e3 + $r["ru_utime.tv_usec"] / 1e3;'
  return Number(execFileSync('php', ['-n', '-r', script, benchPath], { encoding: 'utf8' }).split('\n').at(-1))
}

function megabytesOf(side: string): number {
  const script = fileURLToPath(new URL('../php/memory.ts', import.meta.url))
  return Number(execFileSync(process.execPath, ['--expose-gc', script, side], { encoding: 'utf8' })) / 1e6
}
