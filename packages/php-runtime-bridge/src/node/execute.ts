import { createHash } from 'node:crypto'
import { answerForm } from '../answer-form.js'
import { changesBelow } from '../changes.js'
import { siteConfiguration } from '../configuration/of-site.js'
import { type ConfigurationReading, faultText } from '../configuration/parse.js'
import { CONFIGURATION_FILE } from '../configuration/reserved.js'
import type { SiteConfiguration } from '../configuration/site-configuration.js'
import type { TreeDirectory } from '../file-tree.js'
import { type AbstainReason, codedAnswer, type Draft, type ScriptOutcome } from '../outcome.js'
import { Overlay } from '../overlay.js'
import { parentOf } from '../path.js'
import { SITE_FOLDER } from '../php-ini.js'
import { faultOf, type ScriptRequest } from '../request.js'
import { parseResponseHead } from '../response-headers.js'
import { type Route, routeOf } from '../route.js'
import type { Scratch } from '../scratch.js'
import { serverVariablesOf } from '../server-variables.js'
import { staticAnswer } from '../static-answer.js'
import { mountSite, scratchOf, withScratch, writabilityOf } from '../system-tree.js'
import { VirtualClock } from '../virtual-clock.js'
import { DescriptorTable } from './descriptors.js'
import { ExecutionLog } from './execution-log.js'
import type { RequestWorld } from './kernel.js'
import { RequestOutput } from './output.js'
import type { PhpInstance, Snapshot } from './php-instance.js'
import { runScript } from './sapi.js'
import { processIdOf, SeededRandom } from './seeded-random.js'

/** The agreed time and seed of a request: with the site and the request, all that its outcome depends on. */
export interface AgreedPoint {
  readonly timeMs: number
  readonly seed: Uint8Array
}
/** PHP as the snapshot left it. Asked for only where a script runs. */
export type PristinePhp = () => { readonly php: PhpInstance; readonly snapshot: Snapshot }

/** What a site's scratch holds when a request begins, and who takes what it leaves there, if it changes nothing else. */
export interface ScratchUse {
  readonly kept: Scratch
  readonly leave: (scratch: Scratch) => void
}

/** @param scratch none for what members agree on: scratch is empty then */
export function execute(
  site: TreeDirectory,
  request: ScriptRequest,
  at: AgreedPoint,
  pristine: PristinePhp,
  scratch?: ScratchUse,
): ScriptOutcome {
  const log = new ExecutionLog()
  const answer = answerOf(site, request, at, pristine, log, scratch)
  if (typeof answer === 'string') return { type: 'abstained', reason: answer }
  return { type: 'answered', ...answer, transcript: log.transcript(digestOf(answer)) }
}

function answerOf(
  stored: TreeDirectory,
  request: ScriptRequest,
  at: AgreedPoint,
  pristine: PristinePhp,
  log: ExecutionLog,
  scratch: ScratchUse | undefined,
): Draft | AbstainReason {
  const fault = faultOf(request)
  if (fault !== undefined) return codedAnswer('REQUEST_INVALID', fault)
  const reading = siteConfiguration(stored)
  if (reading.type === 'invalid') return withoutBody(request, invalidConfiguration(reading))
  const site = withScratch(stored, reading.configuration, scratch?.kept)
  const mark = request.target.indexOf('?')
  const route = routeOf(site, mark < 0 ? request.target : request.target.slice(0, mark))
  if (route.type === 'missing') return withoutBody(request, codedAnswer('NOT_FOUND'))
  if (route.type === 'script') {
    const answer = runRoute(site, reading.configuration, request, route, at, pristine, log, scratch)
    return typeof answer === 'string' ? answer : withoutBody(request, answer)
  }
  return withoutBody(request, staticAnswer(request, route))
}

/** A site whose uploader did not check it: visitors are told the first fault, alike by all members. */
function invalidConfiguration({ faults }: ConfigurationReading & { type: 'invalid' }): Draft {
  const [first] = faults
  return codedAnswer('CONFIGURATION_INVALID', first && `${CONFIGURATION_FILE}:${faultText(first)}`)
}

function runRoute(
  site: TreeDirectory,
  configuration: SiteConfiguration,
  request: ScriptRequest,
  route: Route & { type: 'script' },
  at: AgreedPoint,
  pristine: PristinePhp,
  executionLog: ExecutionLog,
  scratch: ScratchUse | undefined,
): Draft | AbstainReason {
  const { php, snapshot } = pristine()
  const { kernel } = php
  const files = new Overlay(mountSite(site), writabilityOf(configuration))
  const world: RequestWorld = {
    files,
    clock: new VirtualClock(at.timeMs),
    random: new SeededRandom(at.seed),
    processId: processIdOf(at.seed),
    output: new RequestOutput(),
    log: executionLog,
  }
  executionLog.begin(snapshot.places)
  kernel.begin(world, new DescriptorTable(snapshot.descriptors, files))
  kernel.workingDirectory = files.place(parentOf(`${SITE_FOLDER}/${route.script}`)).path
  const log = () => Buffer.from(world.output.read('log')).toString('utf8')
  let trapped = false
  try {
    runScript(php, request.method, request.target, request.host, serverVariablesOf(request, route, site), request.body)
  } catch (error) {
    const host = hostTroubleOf(error)
    if (host !== undefined) return host
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
  if (changes.length === 0) scratch?.leave(scratchOf(files, configuration))
  const head = parseResponseHead(textOf(world.output.read('headers')))
  if (!head) return { ...codedAnswer('HEADERS_MALFORMED', '', log()), changes }
  return { ...head, body: world.output.read('output'), changes, log: log() }
}

/** Errors that another machine, or this one on another day, would not have had. */
function hostTroubleOf(error: unknown): AbstainReason | undefined {
  if (!(error instanceof RangeError)) return undefined
  if (error.message.includes('call stack')) return 'HOST_STACK'
  return error.message.includes('allocation') ? 'HOST_MEMORY' : undefined
}

function withoutBody(request: ScriptRequest, answer: Draft): Draft {
  if (request.method !== 'HEAD' || answer.body.length === 0) return answer
  return { ...answer, body: new Uint8Array(0) }
}

function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes)
  const decoded = text.toString('utf8')
  return decoded.includes('\ufffd') ? text.toString('latin1') : decoded
}

function digestOf(answer: Draft): Uint8Array {
  const hash = createHash('sha256')
  for (const part of answerForm(answer, (text) => Buffer.byteLength(text))) hash.update(part)
  return Uint8Array.from(hash.digest())
}
