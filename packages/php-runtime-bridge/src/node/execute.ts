import { answerForm } from '../answer-form.js'
import { siteConfiguration } from '../configuration/of-site.js'
import { type ConfigurationReading, faultText } from '../configuration/parse.js'
import { CONFIGURATION_FILE } from '../configuration/reserved.js'
import type { SiteConfiguration } from '../configuration/site-configuration.js'
import { followNode, type TreeDirectory } from '../file-tree.js'
import type { JobFacts } from '../host-calls/host-calls.js'
import type { SlotLimits } from '../limits.js'
import { type AbstainReason, codedAnswer, type Draft, type ScriptOutcome } from '../outcome.js'
import { faultOf, type ScriptEvent, type ScriptRequest } from '../request.js'
import { readVisitor, rulesOf } from '../rewrite/rewrite.js'
import { documentRootOf, type Redirect, type Routed, routeRequest } from '../route.js'
import { PASS_HEADER } from '../router-script.js'
import type { RunKind } from '../run-queue.js'
import type { Scratch } from '../scratch.js'
import { staticAnswer } from '../static-answer.js'
import { withScratch } from '../system-tree.js'
import { contentTagOf, pieceDigestsOf, wholeDigestOf } from './content-hash.js'
import { ExecutionLog } from './execution-log.js'
import type { HostServices } from './host-context.js'
import { type PhpAtLevel, requestScopeOf } from './request-scope.js'
import { type Ran, runRoute } from './script-run.js'
import { sha256 } from './sha256.js'

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
  /** Of a read, changes in caches are not told; of a write (default) they are. */
  readonly kind?: RunKind
  /** None for what members agree on: scratch is empty then. */
  readonly scratch?: ScratchUse | undefined
}

/** @param inPieces of large static files the digests of their pieces are told: whoever asked fetches those one by one */
export function execute(site: TreeDirectory, request: ScriptRequest, at: AgreedPoint, host: ScriptHost, inPieces = false): ScriptOutcome {
  const log = new ExecutionLog()
  const ran = answerOf(site, request, at, { ...host, inPieces }, log)
  if (typeof ran === 'string') return { type: 'abstained', reason: ran }
  const { draft, ...used } = ran
  const answer = request.method === 'HEAD' && draft.body.length > 0 ? { ...draft, body: new Uint8Array(0) } : draft
  return { type: 'answered', ...answer, ...used, transcript: log.transcript(digestOf(answer)) }
}

function answerOf(
  stored: TreeDirectory,
  request: ScriptRequest,
  at: AgreedPoint,
  { kind = 'write', scratch, inPieces, ...host }: ScriptHost & { readonly inPieces: boolean },
  log: ExecutionLog,
): Ran | AbstainReason {
  const fault = faultOf(request)
  if (fault !== undefined) return withoutScript(codedAnswer('REQUEST_INVALID', fault))
  const reading = siteConfiguration(stored)
  if (reading.type === 'invalid') return withoutScript(invalidConfiguration(reading))
  const { configuration } = reading
  const site = withScratch(stored, configuration, scratch?.kept)
  const routed = eventRoute(site, request.event) ?? routeRequest(site, request, configuration)
  const isShared = routed.router === undefined && !readVisitor(rulesOf(configuration.rewrite))
  const withoutPhp = () => plainAnswer(request, routed.passed ?? routed, { stored, site, configuration, inPieces, isShared })
  if (routed.route.type !== 'script' && routed.router === undefined) return withoutScript(withoutPhp())
  const ran = runRoute(site, routed, requestScopeOf({ configuration, request, at, kind, ...host }), log, scratch?.leave)
  if (typeof ran === 'string' || routed.router === undefined || routed.route.type === 'script' || !isPassed(ran.draft)) return ran
  // what the router did before it left the answer to the file stays done
  const { changes, effects, log: said } = ran.draft
  return { ...ran, draft: { ...withoutPhp(), changes, effects, log: said } }
}

const isPassed = ({ headers }: Draft) => headers.some(([name]) => name.toLowerCase() === PASS_HEADER)

interface Around {
  readonly stored: TreeDirectory
  readonly site: TreeDirectory
  readonly configuration: SiteConfiguration
  readonly inPieces: boolean
  readonly isShared: boolean
}
/** What needs no PHP. */
function plainAnswer(request: ScriptRequest, { route, errorStatus }: Routed, around: Around): Draft {
  const { stored, site, configuration, inPieces } = around
  switch (route.type) {
    case 'redirect':
      return redirectTo(route)
    case 'refused':
      return codedAnswer(REFUSED[route.status])
    case 'static': {
      const root = documentRootOf(site, configuration)
      // what reads left in scratch nobody else has
      const isStored = followNode(stored, root === '' ? route.path : `${root}/${route.path}`) === route.file
      const pieces = inPieces && isStored ? pieceDigestsOf : undefined
      return staticAnswer(request, route, {
        configuration,
        tag: contentTagOf,
        sha256: wholeDigestOf,
        pieces,
        status: errorStatus,
        isShared: around.isShared && isStored,
      })
    }
    default:
      return codedAnswer('NOT_FOUND')
  }
}
const REFUSED = { 403: 'FORBIDDEN', 405: 'METHOD_NOT_ALLOWED', 410: 'GONE', 500: 'REWRITE_ENDLESS' } as const

function redirectTo({ status, location }: Redirect): Draft {
  return { ...codedAnswer('NOT_FOUND'), status, headers: [['location', location]], body: new Uint8Array(0) }
}

/** An event's script may lie beside the document root, where no visitor comes. */
function eventRoute(site: TreeDirectory, event: ScriptEvent | undefined): Routed | undefined {
  if (event === undefined || event.type === 'cron') return undefined
  const { script } = event
  const isThere = followNode(site, script)?.kind === 'file'
  return { route: isThere ? { type: 'script', script, scriptName: `/${script}`, pathInfo: '' } : { type: 'missing' }, query: '' }
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
  return sha256(answerForm(answer, (text) => Buffer.byteLength(text)))
}
