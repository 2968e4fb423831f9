import { createHash } from 'node:crypto'
import { answerForm } from '../answer-form.js'
import { contentTypeOf } from '../content-types.js'
import type { TreeDirectory } from '../file-tree.js'
import type { SlotLimits } from '../limits.js'
import { type AbstainReason, codedAnswer, type Draft, type ScriptOutcome } from '../outcome.js'
import { faultOf, type ScriptRequest } from '../request.js'
import { routeOf } from '../route.js'
import { ExecutionLog } from './execution-log.js'
import { type PristinePhp, type Ran, runRoute } from './script-run.js'

/** The agreed time and seed of a request: with the site and the request, all that its outcome depends on. */
export interface AgreedPoint {
  readonly timeMs: number
  readonly seed: Uint8Array
}

export function execute(
  site: TreeDirectory,
  request: ScriptRequest,
  at: AgreedPoint,
  limits: SlotLimits,
  pristine: PristinePhp,
): ScriptOutcome {
  const log = new ExecutionLog()
  const ran = answerOf(site, request, at, limits, pristine, log)
  if (typeof ran === 'string') return { type: 'abstained', reason: ran }
  const { draft, fuel, memoryBytes } = ran
  const answer = request.method === 'HEAD' && draft.body.length > 0 ? { ...draft, body: new Uint8Array(0) } : draft
  return { type: 'answered', ...answer, fuel, memoryBytes, transcript: log.transcript(digestOf(answer)) }
}

function answerOf(
  site: TreeDirectory,
  request: ScriptRequest,
  at: AgreedPoint,
  limits: SlotLimits,
  pristine: PristinePhp,
  log: ExecutionLog,
): Ran | AbstainReason {
  const fault = faultOf(request)
  if (fault !== undefined) return withoutScript(codedAnswer('REQUEST_INVALID', fault))
  const mark = request.target.indexOf('?')
  const route = routeOf(site, mark < 0 ? request.target : request.target.slice(0, mark))
  if (route.type === 'missing') return withoutScript(codedAnswer('NOT_FOUND'))
  if (route.type === 'script') return runRoute(site, request, route, at, limits, pristine, log)
  if (request.method !== 'GET' && request.method !== 'HEAD') return withoutScript(codedAnswer('METHOD_NOT_ALLOWED'))
  const headers: [string, string][] = [['content-type', contentTypeOf(route.path)]]
  return withoutScript({ status: 200, headers, body: route.file.bytes.slice(), changes: [], log: '' })
}

function withoutScript(draft: Draft): Ran {
  return { draft, fuel: 0, memoryBytes: 0 }
}

function digestOf(answer: Draft): Uint8Array {
  const hash = createHash('sha256')
  for (const part of answerForm(answer, (text) => Buffer.byteLength(text))) hash.update(part)
  return Uint8Array.from(hash.digest())
}
