import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type SiteOptions, siteOfRecipe } from '../../apps/src/site/recipe.ts'
import { type Figure, percentile } from '../figures.ts'
import { startNativePhp } from './native-php.ts'
import { copyOfSite } from './native-site.ts'
import { type Visitor, visitorInProcess, visitorOfServer } from './visitors.ts'

export const OWNER: SiteOptions = { title: 'Everybody’s', admin: 'Ada', password: 'correct horse battery' }
/** V8 compiles PHP's functions well only once they ran often, of MediaWiki's page some dozens of times: a peer's have long been. */
const WARM_UP = 80

/** Who is told what is done, and who may end it. */
export interface Steps {
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

export interface Both {
  readonly ours: Visitor
  readonly native: Visitor
  readonly nativeName: string
}

/** Calls `use` with a visitor of a recipe's site in this process, and one of the same site on the machine's own PHP. */
export async function withBoth<T>(recipe: string, idlePath: string, use: (both: Both) => Promise<T>): Promise<T> {
  const site = await siteOfRecipe(recipe, OWNER)
  const copy = copyOfSite(site)
  try {
    const php = await startNativePhp(join(copy, 'public'), idlePath)
    const [ours, native] = [await visitorInProcess(site), visitorOfServer(php.port, idlePath)]
    try {
      return await use({ ours, native, nativeName: `${php.name}, opcache` })
    } finally {
      for (const one of [ours, native]) one.close()
      await php.stop()
    }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** One step of both, in turns: whoever is first changes. */
export async function inTurns(
  id: string,
  count: number,
  { ours, native, nativeName: peerName }: Both,
  { say, signal }: Steps,
  step: (visitor: Visitor, turn: number) => Promise<number>,
): Promise<Figure> {
  say(`${id}: ${count} on each side`)
  const [mine, theirs]: [number[], number[]] = [[], []]
  for (let turn = -WARM_UP; turn < count; turn++) {
    signal.throwIfAborted()
    for (const visitor of turn % 2 === 0 ? [ours, native] : [native, ours]) {
      const ms = await step(visitor, turn)
      if (turn >= 0) (visitor === ours ? mine : theirs).push(ms)
    }
  }
  return { id, ours: percentile(mine, 50), peer: percentile(theirs, 50), peerName, unit: 'ms' }
}

/** A whole page. */
export async function view(visitor: Visitor, path: string): Promise<number> {
  const { ms, status, text } = await visitor.ask(path)
  if (status !== 200 || !text.includes('</html>')) throw new Error(`${path} was answered with ${status}: ${text.slice(0, 500)}`)
  return ms
}
