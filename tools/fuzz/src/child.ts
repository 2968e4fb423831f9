import { readFileSync, writeSync } from 'node:fs'
import { type Finding, faultOf, fuzz, Trace } from './engine.ts'
import type { ChildLine, ChildOrders, SourceCounters } from './lines.ts'
import { seedsIn } from './seeds.ts'
import type { Target } from './target.ts'

/**
 * A bundle's main function: `node fuzz.cjs ORDERS` (JSON), or `node fuzz.cjs list`. Says what happens in lines of JSON on stdout, each
 * written at once, because nothing here waits.
 */
export async function main(targets: readonly Target[], argument: string): Promise<void> {
  if (argument === 'list') return void writeSync(1, JSON.stringify(targets.map(({ name }) => name)))
  await obey(targets, JSON.parse(argument))
}

async function obey(
  targets: readonly Target[],
  { root, targets: names, budget, trace: path, sources, replay }: ChildOrders,
): Promise<void> {
  const trace = new Trace(path)
  const counters: SourceCounters = JSON.parse(readFileSync(sources, 'utf8'))
  const onFinding = ({ input, ...finding }: Finding): void =>
    say({ type: 'finding', ...finding, input: Buffer.from(input).toString('hex') })
  for (const name of names) {
    const target = targets.find((each) => each.name === name)
    if (target === undefined) throw new Error(`no target ${name}`)
    say({ type: 'start', target: name })
    if (replay !== undefined) {
      const input = new Uint8Array(readFileSync(replay))
      const fault = await faultOf(target, input, trace)
      if (fault !== undefined) onFinding({ target: name, ...fault, input })
      say({ type: 'replayed', target: name })
      continue
    }
    const seeds = [...(target.seeds?.() ?? []), ...seedsIn(root, name.split('/')[0] as string)]
    const tally = await fuzz(target, seeds, budget, trace, () => say({ type: 'alive' }), onFinding)
    say({ type: 'end', target: name, ...tally, file: coverageOf(counters[target.file ?? '']) })
  }
}

const say = (line: ChildLine): void => {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

function coverageOf([first, count]: readonly [first: number, count: number] = [0, 0]): readonly [covered: number, all: number] {
  return [fuzzCoverage.counters.subarray(first, first + count).reduce((sum, hits) => sum + (hits === 0 ? 0 : 1), 0), count]
}
