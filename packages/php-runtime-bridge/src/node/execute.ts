import { createHash } from 'node:crypto'
import { answerForm } from '../answer-form.js'
import { siteConfiguration } from '../configuration/of-site.js'
import { type ConfigurationReading, faultText } from '../configuration/parse.js'
import { CONFIGURATION_FILE } from '../configuration/reserved.js'
import { followNode, type TreeDirectory } from '../file-tree.js'
import type { JobFacts } from '../host-calls/host-calls.js'
import type { SlotLimits } from '../limits.js'
import { type AbstainReason, codedAnswer, type Draft, type ScriptOutcome } from '../outcome.js'
import { faultOf, type ScriptEvent, type ScriptRequest } from '../request.js'
import { type Route, routeOf } from '../route.js'
import type { Scratch } from '../scratch.js'
import { staticAnswer } from '../static-answer.js'
import { withScratch } from '../system-tree.js'
import { ExecutionLog } from './execution-log.js'
import type { HostServices } from './host-context.js'
import { type PhpAtLevel, requestScopeOf } from './request-scope.js'
import { type Ran, runRoute } from './script-run.js'

/** What is agreed about a request: with the site and the request, all that its outcome depends on. */
export interface AgreedPoint {
  /** Milliseconds since 1970, 0 to 4,000,000,000,000. */
  readonly timeMs: number
  readonly seed: Uint8Array
  /** What `Interpeer\job()` tells; without it that call throws `Interpeer\Unsupported`. */
  readonly job?: JobFacts
  /** What `Interpeer\balance()` tells, in smallest units, 0 to 2^64 - 1; without it that call throws, and `Interpeer\pay()` too. */
  readonly balance?: bigint
}

/** What a site's scratch holds when a request begins, and who takes what it leaves there, if it changes nothing else. */
export interface ScratchUse {
  readonly kept: Scratch
  readonly leave: (scratch: Scratch) => void
}

/** What a request runs on. */
export interface ScriptHost {
  readonly php: PhpAtLevel
  readonly services: HostServices
  /** Of one slot. */
  readonly limits: SlotLimits
  /** None for what members agree on: scratch is empty then. */
  readonly scratch?: ScratchUse | undefined
}

export function execute(site: TreeDirectory, request: ScriptRequest, at: AgreedPoint, host: ScriptHost): ScriptOutcome {
  const log = new ExecutionLog()
  const ran = answerOf(site, request, at, host, log)
  if (typeof ran === 'string') return { type: 'abstained', reason: ran }
  const { draft, ...used } = ran
  const answer = request.method === 'HEAD' && draft.body.length > 0 ? { ...draft, body: new Uint8Array(0) } : draft
  return { type: 'answered', ...answer, ...used, transcript: log.transcript(digestOf(answer)) }
}

function answerOf(
  stored: TreeDirectory,
  request: ScriptRequest,
  at: AgreedPoint,
  { scratch, ...host }: ScriptHost,
  log: ExecutionLog,
): Ran | AbstainReason {
  const fault = faultOf(request)
  if (fault !== undefined) return withoutScript(codedAnswer('REQUEST_INVALID', fault))
  const reading = siteConfiguration(stored)
  if (reading.type === 'invalid') return withoutScript(invalidConfiguration(reading))
  const site = withScratch(stored, reading.configuration, scratch?.kept)
  const mark = request.target.indexOf('?')
  const route = eventRoute(site, request.event) ?? routeOf(site, mark < 0 ? request.target : request.target.slice(0, mark))
  if (route.type === 'missing') return withoutScript(codedAnswer('NOT_FOUND'))
  if (route.type === 'script')
    return runRoute(site, route, requestScopeOf({ configuration: reading.configuration, request, at, ...host }), log, scratch?.leave)
  return withoutScript(staticAnswer(request, route))
}

/** An event's script may lie beside the document root, where no visitor comes. */
function eventRoute(site: TreeDirectory, event: ScriptEvent | undefined): Route | undefined {
  if (event === undefined || event.type === 'cron') return undefined
  const { script } = event
  return followNode(site, script)?.kind === 'file'
    ? { type: 'script', script, scriptName: `/${script}`, pathInfo: '' }
    : { type: 'missing' }
}

/** A site whose uploader did not check it: visitors are told the first fault, alike by all members. */
function invalidConfiguration({ faults }: ConfigurationReading & { type: 'invalid' }): Draft {
  const [first] = faults
  return codedAnswer('CONFIGURATION_INVALID', first && `${CONFIGURATION_FILE}:${faultText(first)}`)
}

function withoutScript(draft: Draft): Ran {
  return { draft, fuel: 0, memoryBytes: 0, childJobs: [] }
}

function digestOf(answer: Draft): Uint8Array {
  const hash = createHash('sha256')
  for (const part of answerForm(answer, (text) => Buffer.byteLength(text))) hash.update(part)
  return Uint8Array.from(hash.digest())
}
