import { changesBelow } from '../changes.js'
import type { TreeDirectory } from '../file-tree.js'
import type { ChildJobRecord } from '../host-calls/child-task.js'
import { type AbstainReason, codedAnswer, type Draft } from '../outcome.js'
import { Overlay } from '../overlay.js'
import { parentOf } from '../path.js'
import { SITE_FOLDER } from '../php-ini.js'
import { parseResponseHead } from '../response-headers.js'
import type { Route } from '../route.js'
import type { Scratch } from '../scratch.js'
import { serverVariablesOf } from '../server-variables.js'
import { mountSite, scratchOf, writabilityOf } from '../system-tree.js'
import { VirtualClock } from '../virtual-clock.js'
import { DescriptorTable } from './descriptors.js'
import type { ExecutionLog } from './execution-log.js'
import { hostTroubleOf } from './halt.js'
import { hostContextOf } from './host-context.js'
import type { RequestWorld } from './kernel.js'
import { RequestOutput } from './output.js'
import type { RequestScope } from './request-scope.js'
import { runScript } from './sapi.js'
import { processIdOf, SeededRandom } from './seeded-random.js'

export interface Ran {
  readonly draft: Draft
  readonly childJobs: readonly ChildJobRecord[]
}

/** Answers a request by the script that it leads to. @param leave takes what it left in scratch, if it changed nothing else */
export function runRoute(
  site: TreeDirectory,
  route: Route & { type: 'script' },
  scope: RequestScope,
  log: ExecutionLog,
  leave?: (scratch: Scratch) => void,
): Ran | AbstainReason {
  const draft = draftOf(site, route, scope, log, leave)
  return typeof draft === 'string' ? draft : { draft, childJobs: scope.childJobs }
}

function draftOf(
  site: TreeDirectory,
  route: Route & { type: 'script' },
  scope: RequestScope,
  executionLog: ExecutionLog,
  leave: ((scratch: Scratch) => void) | undefined,
): Draft | AbstainReason {
  const { request, at, configuration } = scope
  const { php, snapshot } = scope.php(0)
  const { kernel } = php
  const files = new Overlay(mountSite(site), writabilityOf(configuration))
  const world: RequestWorld = {
    files,
    clock: new VirtualClock(at.timeMs),
    random: new SeededRandom(at.seed),
    processId: processIdOf(at.seed),
    output: new RequestOutput(),
    log: executionLog,
    host: hostContextOf(kernel, scope, 0),
  }
  executionLog.begin(snapshot.places)
  kernel.begin(world, new DescriptorTable(snapshot.descriptors))
  kernel.workingDirectory = files.place(parentOf(`${SITE_FOLDER}/${route.script}`)).path
  const log = () => Buffer.from(world.output.read('log')).toString('utf8')
  let trapped = false
  try {
    runScript(php, request.method, request.target, request.host, serverVariablesOf(request, route, site), request.body)
  } catch (error) {
    const trouble = hostTroubleOf(error)?.reason
    if (trouble !== undefined) return trouble
    trapped = kernel.halted === undefined
  }
  const { buffer, byteOffset, byteLength } = snapshot.memory
  executionLog.end(kernel.memory.view, new DataView(buffer, byteOffset, byteLength))
  if (trapped) return codedAnswer(php.stackOverran(snapshot) ? 'STACK_EXHAUSTED' : 'SCRIPT_TRAPPED', '', log())
  const halted = kernel.halted?.reason
  if (halted?.type === 'abstain') return halted.reason
  if (halted?.type === 'answer') return codedAnswer(halted.code, '', log())
  if (php.stackOverran(snapshot)) return codedAnswer('STACK_EXHAUSTED', '', log())

  const top = files.get(SITE_FOLDER)
  const changes = top.kind === 'directory' ? changesBelow(top, configuration.scratch) : []
  if (!changes) return codedAnswer('CHANGES_INVALID', '', log())
  const { all: effects } = scope.effects
  if (changes.length === 0 && effects.length === 0) leave?.(scratchOf(files, configuration))
  const head = parseResponseHead(textOf(world.output.read('headers')))
  if (!head) return { ...codedAnswer('HEADERS_MALFORMED', '', log()), changes, effects }
  return { ...head, body: world.output.read('output'), changes, effects, log: log() }
}

function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes)
  const decoded = text.toString('utf8')
  return decoded.includes('\ufffd') ? text.toString('latin1') : decoded
}
