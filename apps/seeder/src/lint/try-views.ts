import type { SiteConfiguration } from '@interpeer/php-runtime-bridge'
import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { lookCloser } from '../dev/closer-look.js'
import { type Finding, findingOf } from '../findings.js'

const BEGIN_MS = 1_800_000_000_000
/** Between two visits of a page: what is written once in an hour, or a minute, is written again. */
const LATER_MS = 7_200_000
const PATHS_TOLD = 5
const CACHE = /cache/i

/**
 * Visits pages twice, as different visitors, and says which of them write: those are agreed by the whole group, each time. Changes of one page are there for those after it; none
 * is kept. @param targets of GET requests @param documentRoot '' for the site itself
 */
export async function tryViews(
  runtime: PhpRuntime,
  root: string,
  configuration: SiteConfiguration,
  documentRoot: string,
  targets: readonly string[],
  say: (line: string) => void,
): Promise<Finding[]> {
  const findings: Finding[] = []
  let now = root
  let versions = 0
  let timeMs = BEGIN_MS
  const change = async (changes: Parameters<PhpRuntime['derive']>[2]): Promise<void> => {
    const next = `${root}, visit ${++versions}`
    await runtime.derive(next, now, changes)
    if (now !== root) runtime.forget(now)
    now = next
  }
  const visit = async (target: string, looksCloser: boolean) => {
    const request = { method: 'GET', target, host: 'localhost', https: false, headers: [], body: new Uint8Array() }
    const at = { timeMs, seed: Uint8Array.of(versions & 255, versions >> 8) }
    timeMs += LATER_MS
    // scratch is of one state of the site: what wrote since has emptied it
    if (looksCloser && configuration.scratch.length > 0) await runtime.run(now, request, at, { kind: 'read', scratch: true })
    const outcome = await runtime.run(now, request, at, { kind: 'read', scratch: true })
    const closer =
      looksCloser && outcome.type === 'answered' ? await lookCloser({ runtime, root: now, configuration, request, at, outcome }) : undefined
    return { outcome, closer }
  }
  const failed = new Set<string>()
  for (const isSecond of [false, true]) {
    for (const target of targets) {
      say(`visiting ${target}${isSecond ? ' again' : ''}`)
      const { outcome, closer } = await visit(target, isSecond)
      if (outcome.type === 'abstained') {
        if (!failed.has(target)) findings.push(findingOf('error', 'VIEW_FAILED', `${target} was given up: ${outcome.reason}`))
        failed.add(target)
        continue
      }
      if (outcome.status >= 500 && !failed.has(target)) {
        failed.add(target)
        const isOurs = outcome.headers.some(([name]) => name.toLowerCase() === 'interpeer-error')
        // what the runtime itself answers says why
        const reason = (isOurs ? Buffer.from(outcome.body).toString('utf8') : outcome.log).trim().split('\n')[0] ?? ''
        findings.push(
          findingOf('error', 'VIEW_FAILED', `${target} answers ${outcome.status}${reason === '' ? '' : `: ${reason.slice(0, 300)}`}`),
        )
      }
      if (closer !== undefined && closer.refused.length > 0)
        findings.push(
          findingOf(
            'warning',
            'WRITE_REFUSED',
            `${target} wants to write what is not in "mutable"`,
            closer.refused.map((path) => ({ path })),
          ),
        )
      if (closer?.dependsOnScratch === true)
        findings.push(
          findingOf(
            'warning',
            'SCRATCH_SHOWS',
            `${target} answers otherwise with an empty scratch, which is what members have who run it as a write`,
          ),
        )
      const linked = closer === undefined || outcome.type !== 'answered' ? [] : linkedIn(outcome.body, closer.caches, documentRoot)
      if (linked.length > 0)
        findings.push(
          findingOf(
            'warning',
            'CACHE_LINKED',
            `${target} makes files in "caches" that the page leads to: a read keeps none, and visitors will not find them; what is fetched by itself belongs in "mutable"`,
            linked.map((path) => ({ path })),
          ),
        )
      if (outcome.changes.length === 0) continue
      await change(outcome.changes)
      const paths = outcome.changes.map(({ path }) => path)
      const hint = paths.some((path) => CACHE.test(path)) ? '; what views can do without belongs in "caches"' : ''
      const text = `${target} writes ${isSecond ? 'each time' : 'at its first visit'}: ${paths.slice(0, PATHS_TOLD).join(', ')}${paths.length > PATHS_TOLD ? ` and ${paths.length - PATHS_TOLD} more` : ''}${hint}`
      findings.push(
        findingOf(
          isSecond ? 'warning' : 'info',
          'VIEW_WRITES',
          text,
          paths.map((path) => ({ path })),
        ),
      )
    }
  }
  if (now !== root) runtime.forget(now)
  return findings
}

/** Of files that a page made, those whose address, or its end, the page has in it. */
function linkedIn(body: Uint8Array, made: readonly string[], documentRoot: string): readonly string[] {
  const below = documentRoot === '' ? '' : `${documentRoot}/`
  const page = Buffer.from(body)
  return made.filter((path) => path.startsWith(below) && page.includes(encodeURI(`/${path.slice(below.length)}`)))
}
