import { createHash } from 'node:crypto'
import type { TreeDirectory } from '../file-tree.js'
import type { ChildEnd, ChildFailure, ChildTask } from '../host-calls/child-task.js'
import { checkStarts, lendSlots, noSlot } from '../host-calls/lend-slots.js'
import { CHILD_PATH } from '../host-calls/php-library.js'
import type { AbstainReason, AnswerCode } from '../outcome.js'
import { Overlay } from '../overlay.js'
import { adoptFork } from '../overlay-fork.js'
import { parentOf } from '../path.js'
import { SITE_FOLDER } from '../php-ini.js'
import type { ScriptRequest } from '../request.js'
import { serverVariablesOf } from '../server-variables.js'
import { settledTree } from '../settled-tree.js'
import { writabilityOf } from '../system-tree.js'
import { DescriptorTable } from './descriptors.js'
import { PAGE_BYTES } from './guest-memory.js'
import { hostTroubleOf } from './halt.js'
import { hostContextOf, type ScriptPlace } from './host-context.js'
import type { Kernel, RequestWorld } from './kernel.js'
import { RequestOutput } from './output.js'
import type { PhpInstance } from './php-instance.js'
import type { RequestScope } from './request-scope.js'
import { runScript } from './sapi.js'
import { stopOf, wantOf } from './script-run.js'
import { processIdOf, SeededRandom } from './seeded-random.js'
import {
  ADOPTED_KIB_FUEL,
  ADOPTED_NODE_FUEL,
  CHILD_ENTRY_FUEL,
  CHILD_IMAGE_MIB_FUEL,
  CHILD_KIB_FUEL,
  CHILD_START_FUEL,
  COMPARED_KIB_FUEL,
  COMPARED_NAME_FUEL,
} from './syscalls/costs.js'

/** A script that runs in a child job runs in a child job …: each level is one more instance, and more of the thread's own stack. */
const LEVELS_MAX = 4
const KIB = 1024
const MIB = 1024 * KIB
/** What a script can change. */
const SHARED_FOLDERS = [SITE_FOLDER, '/tmp']
const NO_VALUE = new TextEncoder().encode('N;')
const EXHAUSTED: Partial<Record<AnswerCode, 'SlotExhausted' | 'MemoryExhausted'>> = {
  SLOT_EXHAUSTED: 'SlotExhausted',
  MEMORY_EXHAUSTED: 'MemoryExhausted',
}

interface Order {
  /** Path in the site. */
  readonly script: string
  readonly args: Uint8Array
  readonly slots: number
}
type Ending = { readonly type: 'ended'; readonly status: number } | { readonly type: 'stopped'; readonly code: AnswerCode }

/**
 * Runs a script in an instance and slots of its own while `parent` waits. It finds the files as they are; what it changes and asks for becomes the
 * request's when it ends well, and is gone when it does not. Ends the whole request where this machine could not run it.
 * @throws {HostCallError} NoFreeSlot
 */
export function runChild(parent: Kernel, scope: RequestScope, caller: Omit<ScriptPlace, 'task'>, { script, args, slots }: Order): ChildEnd {
  const level = caller.level + 1
  if (level > LEVELS_MAX) throw noSlot(`scripts run each other ${LEVELS_MAX} deep at most`)
  checkStarts(scope.starts)
  const memoryBytesOf = ({ memory }: Kernel) => memory.pages * PAGE_BYTES
  const lender = { slots: caller.slots, memoryBytes: memoryBytesOf(parent), fuelLeft: parent.fuel.left }
  const lent = lendSlots(scope.limits, lender, slots)
  const { effects, childJobs } = scope
  const { php, snapshot } = scope.php(level)
  parent.fuel.charge(CHILD_START_FUEL + Math.ceil(snapshot.memory.length / MIB) * CHILD_IMAGE_MIB_FUEL)
  const work = { entries: 0, bytes: 0 }
  const found = settledTree(parent.world.files.root, work) as TreeDirectory
  parent.fuel.charge(work.entries * CHILD_ENTRY_FUEL + Math.ceil(work.bytes / KIB) * CHILD_KIB_FUEL)
  // an instance has all the pages of its image from the start
  if (snapshot.pages * PAGE_BYTES > lent.memoryMiB * MIB) throw noSlot(`the site's image alone holds more memory than ${slots} slots have`)
  const limits = { ...lent, fuel: Math.max(1, Math.min(lent.fuel, parent.fuel.left)) }
  const { kernel } = php
  const task: ChildTask = { script: `${SITE_FOLDER}/${script}`, args, result: undefined, failure: undefined }
  const asked = effects.length
  const world = childWorld(parent.world, found, kernel, scope, { level, slots, task })
  php.begin(world, new DescriptorTable(snapshot.descriptors), limits)
  kernel.workingDirectory = parentOf(task.script)
  const ending = endingOf(php, () => {
    const request = childRequest(scope.request, script)
    const route = { type: 'script', script, scriptName: `/${script}`, pathInfo: '' } as const
    const variables = serverVariablesOf(request, { route, query: '' }, siteOf(world.files), scope.configuration)
    return runScript(php, request, { ...variables, script: CHILD_PATH }, limits)
  })
  if (typeof ending === 'string') return parent.halt({ type: 'abstain', reason: ending })

  // before anything that can fail: nobody's work is free
  const fuel = php.fuel.used
  parent.fuel.charge(fuel)
  parent.world.output.write('log', world.output.read('log'))
  const { clock, files } = parent.world
  const output = world.output.read('output')
  let end = endOf(ending, task, output)
  if (end.type === 'returned') {
    const { compared, adopted } = adoptFork(files, world.files, SHARED_FOLDERS, clock.seconds)
    parent.fuel.charge(compared.names * COMPARED_NAME_FUEL + Math.ceil(compared.bytes / KIB) * COMPARED_KIB_FUEL)
    if (adopted) parent.fuel.charge(adopted.nodes * ADOPTED_NODE_FUEL + Math.ceil(adopted.bytes / KIB) * ADOPTED_KIB_FUEL)
    else end = { type: 'failed', reason: 'CHANGES_INVALID', message: parent.memory.encode('it left what no site can hold'), output }
  }
  if (end.type !== 'returned') effects.takeBack(asked)
  childJobs.push({ script, slots, end: nameOf(end), fuel, memoryBytes: memoryBytesOf(kernel) })
  return end
}

function childWorld(parent: RequestWorld, found: TreeDirectory, kernel: Kernel, scope: RequestScope, place: ScriptPlace): RequestWorld {
  const seed = Uint8Array.from(
    createHash('sha256')
      .update(`interpeer child job ${scope.starts++};`)
      .update(scope.at.seed)
      .digest(),
  )
  return {
    files: new Overlay(found, writabilityOf(scope.configuration), parent.files.left),
    clock: parent.clock,
    random: new SeededRandom(seed),
    processId: processIdOf(seed),
    output: new RequestOutput(),
    log: parent.log,
    host: hostContextOf(kernel, scope, place),
  }
}

/** What $_SERVER tells of: a visit of the script's own address, by nobody. */
function childRequest({ host, https }: ScriptRequest, script: string): ScriptRequest {
  return { method: 'GET', target: encodeURI(`/${script}`), host, https, headers: [], body: new Uint8Array() }
}

function endingOf(php: PhpInstance, run: () => number): Ending | AbstainReason {
  let [status, threw] = [0, false]
  try {
    status = run()
  } catch (error) {
    const trouble = hostTroubleOf(error)
    if (trouble !== undefined) return trouble.reason
    threw = true
  }
  const halted = php.kernel.halted?.reason
  if (halted?.type === 'abstain') return halted.reason
  const code = stopOf(php, threw) ?? wantOf(php)
  if (code !== undefined) return { type: 'stopped', code }
  return { type: 'ended', status: halted?.type === 'exit' ? halted.status : status }
}

function endOf(ending: Ending, { result, failure }: ChildTask, output: Uint8Array): ChildEnd {
  const failed = (reason: ChildFailure, text: string): ChildEnd => ({ type: 'failed', reason, message: Buffer.from(text), output })
  if (ending.type === 'stopped') {
    const what = EXHAUSTED[ending.code]
    return what === undefined ? failed(ending.code as ChildFailure, 'it was stopped') : { type: 'exhausted', what, output }
  }
  if (failure !== undefined) return { type: 'failed', reason: 'FATAL_ERROR', message: failure, output }
  if (ending.status !== 0) return failed('EXITED', `it exited with status ${ending.status}`)
  return { type: 'returned', result: result ?? NO_VALUE, output }
}

function nameOf(end: ChildEnd): 'returned' | 'SLOT_EXHAUSTED' | 'MEMORY_EXHAUSTED' | ChildFailure {
  if (end.type === 'returned') return 'returned'
  if (end.type === 'failed') return end.reason
  return end.what === 'SlotExhausted' ? 'SLOT_EXHAUSTED' : 'MEMORY_EXHAUSTED'
}

function siteOf(files: Overlay): TreeDirectory {
  return files.root.base?.entries.get(SITE_FOLDER.slice(1)) as TreeDirectory
}
