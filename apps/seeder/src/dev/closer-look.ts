import { randomUUID } from 'node:crypto'
import { canonicalText, kindOfPath, type ScriptOutcome, type ScriptRequest, type SiteConfiguration } from '@interpeer/php-runtime-bridge'
import type { AgreedPoint, PhpRuntime } from '@interpeer/php-runtime-bridge/node'

/** What one run of a request does not show. */
export interface Closer {
  /** What the script wanted to write, and the site's configuration lets it not: it got EROFS. Paths of the site, sorted. */
  readonly refused: readonly string[]
  /** What it wrote to scratch: gone for writes, and for other peers. */
  readonly scratch: readonly string[]
  /** What it wrote to caches: dropped, where it was a read. */
  readonly caches: readonly string[]
  /** Whether the answer is another one with an empty scratch: members would not agree on it. */
  readonly dependsOnScratch: boolean
}
export interface CloserOrder {
  readonly runtime: PhpRuntime
  readonly root: string
  readonly configuration: SiteConfiguration
  readonly request: ScriptRequest
  readonly at: AgreedPoint
  readonly outcome: ScriptOutcome & { readonly type: 'answered' }
}
const CONFIGURATION_MODE = { mode: 0o644, mtimeS: 0 }

/**
 * Runs a request again, at the same time and with the same seed: on the site as if scripts could write anywhere and nothing were scratch or a cache, and with scratch
 * empty. Nothing of it is kept.
 */
export async function lookCloser({ runtime, root, configuration, request, at, outcome }: CloserOrder): Promise<Closer> {
  const open = `${root}, open ${randomUUID()}`
  const bytes = new TextEncoder().encode(canonicalText({ ...configuration, mutable: 'everything', scratch: [], caches: [], warmUp: [] }))
  await runtime.derive(open, root, [{ type: 'write', path: 'interpeer.json', ...CONFIGURATION_MODE, bytes }])
  try {
    const free = await runtime.run(open, request, at, { kind: 'read' })
    const written = free.type === 'answered' ? free.changes.map(({ path }) => path) : []
    const ofKind = (kind: 'immutable' | 'scratch' | 'cache') => written.filter((path) => kindOfPath(configuration, path) === kind)
    return { refused: ofKind('immutable'), scratch: ofKind('scratch'), caches: ofKind('cache'), dependsOnScratch: await dependsOnScratch() }
  } finally {
    runtime.forget(open)
  }

  async function dependsOnScratch(): Promise<boolean> {
    if (configuration.scratch.length === 0) return false
    const empty = await runtime.run(root, request, at, { kind: 'read' })
    return empty.type === 'answered' && (empty.status !== outcome.status || Buffer.compare(empty.body, outcome.body) !== 0)
  }
}
