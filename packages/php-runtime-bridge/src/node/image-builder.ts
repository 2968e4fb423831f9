import { type SiteConfiguration, usualConfiguration } from '../configuration/site-configuration.js'
import { emptyTree, type TreeDirectory } from '../file-tree.js'
import { blacklistOf, lastingNames, NAME_VARIABLE, ROOMY, SWEEP_PATH, type Swept, sizesFor, sweepScript } from '../image-recipe.js'
import { SLOT, type SlotLimits } from '../limits.js'
import type { ScriptOutcome } from '../outcome.js'
import { Overlay } from '../overlay.js'
import { BLACKLIST_PATH, extensionIni, INI_PATH, type OpcacheSizes, opcacheIni, PLAIN_SIZES } from '../php-ini.js'
import { mountSite, systemTreeWith, writabilityOf } from '../system-tree.js'
import { VirtualClock } from '../virtual-clock.js'
import type { MeteredModule } from './binary.js'
import { DescriptorTable } from './descriptors.js'
import { execute } from './execute.js'
import { functionAt } from './function-named.js'
import { PAGE_BYTES } from './guest-memory.js'
import type { RequestWorld } from './kernel.js'
import { RequestOutput } from './output.js'
import { PhpInstance, type PhpParts, type Snapshot } from './php-instance.js'
import type { PhpAtLevel } from './request-scope.js'
import { runScript } from './sapi.js'
import { processIdOf, SeededRandom, START_SEED } from './seeded-random.js'

/** What an image is made of, beside the runtime: the same order gives the same bytes everywhere. */
export interface ImageOrder {
  /** What warm-up requests find: the site's code, or the site as it was published; not what became of it, so that a newcomer can do the same. */
  readonly initial: TreeDirectory
  readonly configuration: SiteConfiguration
}
export interface Image {
  readonly snapshot: Snapshot
  /** Scripts that opcache holds: absolute paths, sorted. */
  readonly held: readonly string[]
  /** Warm-up requests that would have broken the image, which is without them. */
  readonly leftOut: readonly string[]
}

/** Each request runs that often: the first time PHP compiles, the second it links what it found compiled, then nothing changes. */
const ROUNDS = 3
/** How often a warm-up request runs while an image is made, where none is left out. */
export const RUNS_OF_EACH = 2 * ROUNDS
/** Long before any request: whatever a warm-up kept for a while is too old by then. */
const BUILD_TIME_MS = 1_000_000_000_000
const MIB = 1024 * 1024
/** Names of files that warm-up asked for, which are looked at. */
const NAMES_ASKED_MAX = 20_000
/** Room for requests, above what the image holds, as PHP has it when it starts: an instance whose memory grows can be used once only. */
const HEADROOM_PAGES = (40 * 1024 * 1024) / PAGE_BYTES

/**
 * Starts PHP and runs the site's warm-up requests, each on the same files. Keeps PHP's memory, and nothing of what they wrote. Made twice: the
 * first time shows how much memory opcache needs. A request that leaves PHP unfit for others (it broke it, or keeps a file open) is left out.
 * @throws {Error} where this machine has not enough memory
 */
export function buildImage(parts: PhpParts, { initial, configuration }: ImageOrder): Image {
  const targets = [...configuration.warmUp]
  const leftOut: string[] = []
  let [sizes, measured] = [ROOMY, false]
  for (;;) {
    const attempt = warm(new PhpInstance(parts), parts, initial, { ...configuration, warmUp: targets }, sizes)
    if ('unfit' in attempt) {
      targets.splice(targets.indexOf(attempt.unfit), 1)
      leftOut.push(attempt.unfit)
    } else if (measured) {
      return { snapshot: finished(attempt.php, parts.binary, parts.limits), held: attempt.swept.held, leftOut }
    } else {
      sizes = sizesFor(attempt.swept)
      measured = true
    }
  }
}

/** PHP as sites without an image of their own get it: with the system's scripts compiled, and nothing of any site. */
export function plainImage(parts: PhpParts): Image {
  const attempt = warm(new PhpInstance(parts), parts, emptyTree, usualConfiguration, PLAIN_SIZES)
  if ('unfit' in attempt) throw new Error('PHP is unfit without any request')
  return { snapshot: finished(attempt.php, parts.binary, parts.limits), held: [], leftOut: [] }
}

function warm(
  php: PhpInstance,
  parts: PhpParts,
  initial: TreeDirectory,
  configuration: SiteConfiguration,
  sizes: OpcacheSizes,
): { readonly php: PhpInstance; readonly swept: Swept } | { readonly unfit: string } {
  const around = systemTreeWith(
    new Map([
      [INI_PATH, Buffer.from(opcacheIni(sizes) + extensionIni(parts.extensions.map(({ side }) => side.name)))],
      [BLACKLIST_PATH, Buffer.from(blacklistOf(configuration))],
      [SWEEP_PATH, Buffer.from(sweepScript(configuration))],
    ]),
  )
  const started = php.start(around)
  php.warmsUp = true
  const { kernel } = php
  const asked = new Set<string>()
  kernel.onName = (name) => {
    if (asked.size < NAMES_ASKED_MAX) asked.add(name)
  }
  // what they ask for is thrown away, as what they write is; content is no part of an image
  const services = { carriedOut: new Set(parts.carriedOut), content: undefined }
  const childOf = (snapshot: Snapshot) => {
    const child = new PhpInstance(parts)
    child.restore(snapshot)
    return child
  }
  let descriptors = started.descriptors
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of configuration.warmUp) {
      const at = { timeMs: BUILD_TIME_MS, seed: START_SEED }
      const snapshot = { ...started, descriptors }
      const ours: PhpAtLevel = (level) => (level === 0 ? { php, snapshot } : { php: childOf(started), snapshot: started })
      const outcome = execute(initial, visitOf(target), at, { php: ours, services, limits: parts.limits })
      if (outcome.type === 'abstained') throw new Error(outcome.reason)
      if (broke(outcome) || kernel.descriptors.holdsFiles || kernel.memory.pages * PAGE_BYTES > parts.limits.memoryMiB * MIB)
        return { unfit: target }
      descriptors = kernel.descriptors.list()
    }
  }
  kernel.onName = undefined
  const swept = () => JSON.parse(sweep(php, initial, configuration, around, descriptors)) as Swept
  for (let round = 1; round < ROUNDS; round++) swept()
  const names = lastingNames(asked, swept().held, configuration, initial)
  // names are noted again
  php.warmsUp = false
  for (const name of names) sweep(php, initial, configuration, around, descriptors, name)
  return { php, swept: swept() }
}

/** @returns what the sweep says */
function sweep(
  php: PhpInstance,
  initial: TreeDirectory,
  configuration: SiteConfiguration,
  around: TreeDirectory,
  descriptors: Snapshot['descriptors'],
  name?: string,
): string {
  const output = new RequestOutput()
  const world: RequestWorld = {
    files: new Overlay(mountSite(initial, around), writabilityOf(configuration)),
    clock: new VirtualClock(BUILD_TIME_MS),
    random: new SeededRandom(START_SEED),
    processId: processIdOf(START_SEED),
    output,
    log: undefined,
    host: undefined,
  }
  php.begin(world, new DescriptorTable(descriptors), SLOT)
  const variables = new Map<string, string>(name === undefined ? [] : [[NAME_VARIABLE, name]])
  runScript(php, visitOf('/'), { script: SWEEP_PATH, query: '', contentType: undefined, cookies: undefined, variables }, SLOT)
  return Buffer.from(output.read('output')).toString('utf8')
}

const visitOf = (target: string) => ({ method: 'GET', target, host: 'localhost', https: false, headers: [], body: new Uint8Array() })

/** Ended other than PHP ends a script. The header may be the script's own, which then is left out on every machine. */
function broke(outcome: ScriptOutcome & { type: 'answered' }): boolean {
  const code = outcome.headers.find(([name]) => name.toLowerCase() === 'interpeer-error')?.[1]
  return code !== undefined && code !== 'NOT_FOUND'
}

/** What warm-up left in PHP that would show in a later request, or repeat there, goes. */
function finished(php: PhpInstance, { sqliteRandomness }: MeteredModule, limits: SlotLimits): Snapshot {
  const { memory } = php.kernel
  const pagesMax = (limits.memoryMiB * MIB) / PAGE_BYTES
  php.function('realpath_cache_clean')()
  // SQLite's own generator, seeded once in a process: with nothing asked for, it forgets its state and seeds itself anew at its next use
  functionAt(php, sqliteRandomness)(0, 0)
  const kept = php.snapshot()
  const pages = Math.min(pagesMax, Math.ceil(kept.memory.length / PAGE_BYTES) + HEADROOM_PAGES)
  return { ...kept, pages: Math.max(memory.pages, pages) }
}
