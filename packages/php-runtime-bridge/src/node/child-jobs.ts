import { createHash } from 'node:crypto'
import type { TreeDirectory } from '../file-tree.js'
import type { ChildEnd, ChildFailure, ChildTask } from '../host-calls/child-task.js'
import { HostCallError } from '../host-calls/host-call-error.js'
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
import { hostContextOf } from './host-context.js'
import type { Kernel, RequestWorld } from './kernel.js'
import { RequestOutput } from './output.js'
import type { RequestScope } from './request-scope.js'
import { runScript } from './sapi.js'
import { processIdOf, SeededRandom } from './seeded-random.js'

/** A script that runs in a child job runs in a child job …: each level is one more instance, and more of the thread's own stack. */
const LEVELS_MAX = 4
/** What a script can change. */
const SHARED_FOLDERS = [SITE_FOLDER, '/tmp']
const NO_VALUE = new TextEncoder().encode('N;')
const MEMORY_ERROR = /^(Allowed memory size of|Out of memory)/

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
export function runChild(parent: Kernel, scope: RequestScope, level: number, { script, args, slots }: Order): ChildEnd {
  if (level > LEVELS_MAX) throw new HostCallError('NoFreeSlot', `Interpeer\\run(): scripts run each other ${LEVELS_MAX} deep at most`)
  scope.slots.take(slots)
  const { effects, childJobs } = scope
  const { php, snapshot } = scope.php(level)
  const { kernel } = php
  const task: ChildTask = { script: `${SITE_FOLDER}/${script}`, args, result: undefined, failure: undefined }
  const asked = effects.length
  const world = childWorld(parent.world, kernel, scope, level, task)
  kernel.begin(world, new DescriptorTable(snapshot.descriptors))
  kernel.workingDirectory = parentOf(task.script)
  const ending = endingOf(
    () => {
      const request = childRequest(scope.request, script)
      const route = { type: 'script', script, scriptName: `/${script}`, pathInfo: '' } as const
      const variables = serverVariablesOf(request, route, siteOf(world.files))
      return runScript(php, request.method, request.target, request.host, { ...variables, script: CHILD_PATH }, request.body)
    },
    kernel,
    () => php.stackOverran(snapshot),
  )
  if (typeof ending === 'string') return parent.halt({ type: 'abstain', reason: ending })

  parent.world.output.write('log', world.output.read('log'))
  const { clock, files } = parent.world
  const output = world.output.read('output')
  let end = endOf(ending, task, output)
  if (end.type === 'returned' && !adoptFork(files, world.files, SHARED_FOLDERS, clock.seconds))
    end = { type: 'failed', reason: 'CHANGES_INVALID', message: parent.memory.encode('it left what no site can hold'), output }
  if (end.type !== 'returned') effects.takeBack(asked)
  const memoryBytes = kernel.memory.pages * PAGE_BYTES
  childJobs.push({ script, slots, end: nameOf(end), fuel: 0, memoryBytes })
  scope.slots.giveBack(slots, 0)
  return end
}

function childWorld(parent: RequestWorld, kernel: Kernel, scope: RequestScope, level: number, task: ChildTask): RequestWorld {
  const seed = Uint8Array.from(
    createHash('sha256')
      .update(`interpeer child job ${scope.starts++};`)
      .update(scope.at.seed)
      .digest(),
  )
  return {
    files: new Overlay(settledTree(parent.files.root) as TreeDirectory, writabilityOf(scope.configuration), parent.files.left),
    clock: parent.clock,
    random: new SeededRandom(seed),
    processId: processIdOf(seed),
    output: new RequestOutput(),
    log: parent.log,
    host: hostContextOf(kernel, scope, level, task),
  }
}

/** What $_SERVER tells of: a visit of the script's own address, by nobody. */
function childRequest({ host, https }: ScriptRequest, script: string): ScriptRequest {
  return { method: 'GET', target: encodeURI(`/${script}`), host, https, headers: [], body: new Uint8Array() }
}

function endingOf(run: () => number, kernel: Kernel, stackOverran: () => boolean): Ending | AbstainReason {
  let status = 0
  let trapped = false
  try {
    status = run()
  } catch (error) {
    const trouble = hostTroubleOf(error)?.reason
    if (trouble !== undefined) return trouble
    trapped = kernel.halted === undefined
  }
  const halted = kernel.halted?.reason
  if (halted?.type === 'abstain') return halted.reason
  if (halted?.type === 'answer') return { type: 'stopped', code: halted.code }
  if (stackOverran()) return { type: 'stopped', code: 'STACK_EXHAUSTED' }
  if (trapped) return { type: 'stopped', code: 'SCRIPT_TRAPPED' }
  return { type: 'ended', status: halted?.type === 'exit' ? halted.status : status }
}

function endOf(ending: Ending, { result, failure }: ChildTask, output: Uint8Array): ChildEnd {
  const failed = (reason: ChildFailure, text: string): ChildEnd => ({ type: 'failed', reason, message: Buffer.from(text), output })
  if (ending.type === 'stopped') return failed(ending.code as ChildFailure, 'it was stopped')
  if (failure !== undefined && MEMORY_ERROR.test(Buffer.from(failure).toString('latin1')))
    return { type: 'exhausted', what: 'MemoryExhausted', output }
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
