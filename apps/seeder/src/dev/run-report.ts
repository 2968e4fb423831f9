import { type Effect, type FileChange, type ScriptRequest, type SiteConfiguration, SLOT } from '@interpeer/php-runtime-bridge'
import { OUTBOX_PATH } from './dev-outbox.js'
import type { DevRun } from './dev-site.js'

export interface RunReport {
  readonly request: ScriptRequest
  readonly run: DevRun
  readonly slots: SiteConfiguration['slots']
}
/** Without `--explain`, of a request that changes a thousand files the first are named. */
const CHANGES_TOLD = 8
/** Says what the runtime itself answered. */
const ERROR_HEADER = 'interpeer-error'
const LOG_LINES_TOLD = 40
const PAGE_KIB = 64

/** One line a request, and below it what its author may want to know. */
export function linesOfRun({ request, run, slots }: RunReport, explain: boolean): readonly string[] {
  const { outcome, ran, because, ms, closer } = run
  const head = `${request.method.padEnd(4)} ${request.target}`
  if (outcome.type === 'abstained') return [`${head}  given up: ${outcome.reason}  ${ms.toFixed(0)} ms`]
  const code = outcome.headers.find(([name]) => name.toLowerCase() === ERROR_HEADER)?.[1]
  const facts = [
    head,
    `${outcome.status}${code === undefined ? '' : ` ${code}`}`,
    ran === 'promoted' ? 'read -> write' : ran,
    ...(outcome.fuel === 0 ? ['no script'] : [fuelText(outcome.fuel, slots), `${(outcome.memoryBytes / 2 ** 20).toFixed(1)} MiB`]),
    `${ms.toFixed(0)} ms`,
    ...(outcome.changes.length === 0 ? [] : [`${outcome.changes.length} changed`]),
  ]
  const told = explain ? Number.POSITIVE_INFINITY : CHANGES_TOLD
  const log = outcome.log.trimEnd()
  const logLines = log === '' ? [] : log.split('\n')
  return [
    facts.join('  '),
    ...(ran === 'promoted' ? [`  a write, because ${reasonOf(because, outcome.effects)}`] : []),
    ...outcome.changes.slice(0, told).map((change) => `  ${changeText(change, explain)}`),
    ...(outcome.changes.length > told ? [`  … and ${outcome.changes.length - told} more (--explain names them)`] : []),
    ...outcome.effects.map((effect) => `  asks for ${effectText(effect)}`),
    ...(closer?.refused ?? []).map((path) => `  REFUSED: ${path} is not in "mutable"`),
    ...(closer?.scratch ?? []).map((path) => `  scratch: ${path}`),
    ...(ran === 'read' ? (closer?.caches ?? []) : []).map((path) => `  cache, made in vain: ${path}`),
    ...(closer?.dependsOnScratch === true ? ['  SCRATCH SHOWS: with an empty scratch the answer is another one'] : []),
    ...(READ_ONLY.test(log) ? ['  REFUSED: a script wrote to what is not in "mutable" (--explain names it)'] : []),
    ...logLines.slice(0, LOG_LINES_TOLD).map((line) => `  | ${line}`),
    ...(logLines.length > LOG_LINES_TOLD ? [`  | … and ${logLines.length - LOG_LINES_TOLD} lines more`] : []),
  ]
}
const READ_ONLY = /Read-only file system/

/** The same for programs. */
export function factsOfRun({ request, run, slots }: RunReport): object {
  const { outcome, ran, because, ms, closer } = run
  const facts = { method: request.method, target: request.target, ran, ms: Math.round(ms * 10) / 10 }
  if (outcome.type === 'abstained') return { ...facts, status: null, reason: outcome.reason }
  return {
    ...facts,
    status: outcome.status,
    code: outcome.headers.find(([name]) => name.toLowerCase() === ERROR_HEADER)?.[1] ?? null,
    fuel: outcome.fuel,
    share: outcome.fuel / (SLOT.fuel * slots),
    memoryBytes: outcome.memoryBytes,
    changes: outcome.changes.map(factsOfChange),
    because: because.map(({ path }) => path),
    effects: outcome.effects.map(({ type }) => type),
    ...(closer === undefined ? {} : closer),
    log: outcome.log,
  }
}

const fuelText = (fuel: number, slots: number): string =>
  `${fuel.toLocaleString('en')} fuel (${((100 * fuel) / (SLOT.fuel * slots)).toFixed(1)} % of ${slots === 1 ? 'its slot' : `${slots} slots`})`

function reasonOf(because: readonly FileChange[], effects: readonly Effect[]): string {
  if (because.length === 0)
    return effects.length === 0 ? 'of what it did at first, and not again' : `it asked for ${effects.map(({ type }) => type).join(', ')}`
  const [first, ...others] = because
  return `it changed ${first?.path}${others.length === 0 ? '' : ` and ${others.length} more`}`
}

function changeText(change: FileChange, explain: boolean): string {
  const { bytes, pages } = sizesOf(change)
  const size =
    pages === undefined ? (bytes === undefined ? '' : `, ${bytes.toLocaleString('en')} bytes`) : `, ${pages} pages of ${PAGE_KIB} KiB`
  return `${change.type === 'write' ? 'wrote' : PAST[change.type]} ${change.path}${explain || change.type === 'patch' ? size : ''}`
}
const PAST = { write: 'wrote', patch: 'changed', delete: 'removed', directory: 'made folder', symlink: 'made link' } as const

function sizesOf(change: FileChange): { readonly bytes?: number; readonly pages?: number } {
  if (change.type === 'write') return { bytes: change.bytes.length }
  return change.type === 'patch' ? { bytes: change.size, pages: change.parts.length } : {}
}
const factsOfChange = (change: FileChange): object => ({ type: change.type, path: change.path, ...sizesOf(change) })

function effectText(effect: Effect): string {
  if (effect.type === 'after') return `${effect.script} after ${effect.seconds} s (timer "${effect.name}")`
  if (effect.type === 'pay') return `${effect.amount} units paid to ${effect.account}; not carried out here`
  const { request } = effect
  return `${request.type === 'mail' ? `mail to ${request.to}: ${request.subject}` : `${request.method} ${request.url}`}; not sent, but shown at ${OUTBOX_PATH}`
}
