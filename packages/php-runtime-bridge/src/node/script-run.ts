import { changesBelow } from '../changes.js'
import { deriveTree, type TreeDirectory } from '../file-tree.js'
import type { ChildJobRecord } from '../host-calls/child-task.js'
import { EVENT_PATH } from '../host-calls/php-library.js'
import { slotsOf } from '../limits.js'
import { type AbstainReason, type AnswerCode, codedAnswer, type Draft, ERROR_HEADER } from '../outcome.js'
import { Overlay } from '../overlay.js'
import { parentOf } from '../path.js'
import { SITE_FOLDER } from '../php-ini.js'
import { isBodilessStatus, parseResponseHead } from '../response-headers.js'
import type { Routed } from '../route.js'
import type { Scratch } from '../scratch.js'
import { serverVariablesOf } from '../server-variables.js'
import { mountSite, scratchOf, writabilityOf } from '../system-tree.js'
import { isLoadable } from '../tree-size.js'
import { VirtualClock } from '../virtual-clock.js'
import { DescriptorTable } from './descriptors.js'
import { taskOfEvent } from './event-task.js'
import type { ExecutionLog } from './execution-log.js'
import { PAGE_BYTES } from './guest-memory.js'
import { hostTroubleOf } from './halt.js'
import { hostContextOf } from './host-context.js'
import type { RequestWorld } from './kernel.js'
import { RequestOutput } from './output.js'
import type { PhpInstance } from './php-instance.js'
import type { RequestScope } from './request-scope.js'
import { runScript } from './sapi.js'
import { processIdOf, SeededRandom } from './seeded-random.js'

export interface Ran {
  readonly draft: Draft
  readonly fuel: number
  readonly memoryBytes: number
  readonly childJobs: readonly ChildJobRecord[]
}

/** Answers a request by the script that it leads to. @param leave takes what it left in scratch, if it changed nothing else */
export function runRoute(
  site: TreeDirectory,
  routed: Routed,
  scope: RequestScope,
  log: ExecutionLog,
  leave?: (scratch: Scratch) => void,
): Ran | AbstainReason {
  const { request, at, configuration, childJobs } = scope
  const limits = slotsOf(configuration.slots, scope.limits)
  const { php, snapshot } = scope.php(0)
  const { kernel } = php
  const task = taskOfEvent(request.event)
  const files = new Overlay(mountSite(site), writabilityOf(configuration))
  let processId: number | undefined
  const world: RequestWorld = {
    files,
    clock: new VirtualClock(at.timeMs),
    random: new SeededRandom(at.seed),
    get processId() {
      processId ??= processIdOf(at.seed)
      return processId
    },
    output: new RequestOutput(),
    log,
    host: hostContextOf(kernel, scope, { level: 0, slots: configuration.slots, ...(task === undefined ? {} : { task }) }),
  }
  log.begin(snapshot.places)
  php.begin(world, new DescriptorTable(snapshot.descriptors), limits)
  const given = serverVariablesOf(request, routed, site, configuration)
  kernel.workingDirectory = files.place(parentOf(given.script)).path
  let thrown: unknown
  try {
    runScript(php, request, task === undefined ? given : { ...given, script: EVENT_PATH }, limits)
  } catch (error) {
    thrown = error
  }
  const { buffer, byteOffset, byteLength } = snapshot.memory
  log.end(kernel.memory.view, new DataView(buffer, byteOffset, byteLength), kernel.memory.notes)
  const trouble = hostTroubleOf(thrown)
  if (trouble !== undefined) return trouble.reason
  const halted = kernel.halted?.reason
  if (halted?.type === 'abstain') return halted.reason
  const used = { fuel: php.fuel.used, memoryBytes: kernel.memory.pages * PAGE_BYTES, childJobs }
  const errors = bufferOf(world.output.view('log')).toString('utf8')
  const code = stopOf(php, thrown !== undefined)
  if (code !== undefined) return { draft: codedAnswer(code, '', errors), ...used }
  const response = withStatus(responseOf(world, site, scope, errors), routed.errorStatus)
  const want = wantOf(php)
  const { changes, effects } = response
  if (want === undefined && changes.length === 0 && effects.length === 0) leave?.(scratchOf(files, configuration))
  return { draft: want === undefined ? response : lastWords(want, response), ...used }
}

/** What stopped the script from outside, told by the state it left, not by what was thrown. Undefined where PHP itself answered. */
export function stopOf(php: PhpInstance, threw: boolean): AnswerCode | undefined {
  const { kernel, fuel, hooks, stackOverran } = php
  const halted = kernel.halted?.reason
  // PHP that gave a script up for want of memory may stumble over what that left half done: register_shutdown_function(), for one, puts an empty
  // entry on its list and then asks for the memory that it should point to; at the end PHP calls, or clears, what it takes to lie at address 0
  const lackedMemory = kernel.memoryRefused || hooks.outOfMemory
  if (halted?.type === 'answer') {
    if (halted.code === 'SCRIPT_TRAPPED' && lackedMemory) return 'MEMORY_EXHAUSTED'
    // too much may be said only because the script was ended in the middle of it
    return wantOf(php) ?? halted.code
  }
  if (fuel.spent || (threw && fuel.isFarBelow)) return 'SLOT_EXHAUSTED'
  if (stackOverran) return 'STACK_EXHAUSTED'
  if (!threw) return undefined
  // exit() of the C library, and traps: so end those that cannot go on without memory, or cannot clean up after a script that was ended anywhere
  if (lackedMemory) return 'MEMORY_EXHAUSTED'
  const want = wantOf(php)
  if (want !== undefined) return want
  return halted?.type === 'exit' ? undefined : 'SCRIPT_TRAPPED'
}

/** What a script wanted for that ended in an error of PHP's which it did not deal with. */
export function wantOf({ hooks }: PhpInstance): AnswerCode | undefined {
  if (hooks.outOfMemory) return 'MEMORY_EXHAUSTED'
  return hooks.failedExhausted ? 'SLOT_EXHAUSTED' : undefined
}

/** Nothing that the script did counts, but what its shutdown functions, or it before, said to the visitor is the body. */
function lastWords(code: AnswerCode, response: Draft): Draft {
  const coded = codedAnswer(code, '', response.log)
  if (response.body.length === 0 || response.headers.some(([name]) => name.toLowerCase() === ERROR_HEADER)) return coded
  return { ...coded, headers: [...response.headers, [ERROR_HEADER, code]], body: response.body }
}

/** A page that is shown for an error has that error's number, unless its script says another than 200. */
function withStatus(response: Draft, status: number | undefined): Draft {
  return status === undefined || response.status !== 200 ? response : { ...response, status }
}

function responseOf(
  { files, output }: RequestWorld,
  site: TreeDirectory,
  { configuration, kind, effects: { all: effects } }: RequestScope,
  log: string,
): Draft {
  const top = files.get(SITE_FOLDER)
  // caches are state that a read may change, as nobody keeps that
  const left = kind === 'read' ? [...configuration.scratch, ...configuration.caches] : configuration.scratch
  const changes = top.kind === 'directory' ? changesBelow(top, left) : []
  if (!changes || (changes.length > 0 && !isLoadable(deriveTree(site, changes)))) return codedAnswer('CHANGES_INVALID', '', log)
  const head = parseResponseHead(textOf(output.view('headers')))
  if (!head) return { ...codedAnswer('HEADERS_MALFORMED', '', log), changes, effects }
  const body = isBodilessStatus(head.status) ? new Uint8Array(0) : output.read('output')
  return { ...head, body, changes, effects, log }
}

function textOf(bytes: Uint8Array): string {
  const text = bufferOf(bytes)
  const decoded = text.toString('utf8')
  return decoded.includes('\ufffd') ? text.toString('latin1') : decoded
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer => Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
