import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { build, type Plugin, transform } from 'esbuild'
import type { SourceCounters } from './lines.ts'

const COUNTERS_MAX = 2 ** 17
const PACKAGES = /\/(packages|apps)\/[a-z-]+\/src\/.*\.ts$/
// One that nyc brings, which jsfuzz instruments with; it knows the JavaScript of 2019, so the sources are put into that first.
const { createInstrumenter } = createRequire(createRequire(import.meta.url).resolve('jsfuzz'))('istanbul-lib-instrument') as {
  createInstrumenter(options: object): { instrumentSync(code: string, path: string): string }
}

/** Paths. */
export interface Bundle {
  readonly code: string
  /** `SourceCounters`, as JSON. */
  readonly sources: string
}

/**
 * Engine and targets as one CommonJS file in `folder`, with a counter at every statement and branch of `packages/*​/src`. The engine's own
 * imports of a package are of what was built, without counters.
 * @param entry a file that calls the engine's `main` with targets
 * @param measured which sources have counters
 */
export async function bundle(root: string, entry: string, folder: string, measured: RegExp = PACKAGES): Promise<Bundle> {
  const [code, sources] = [join(folder, 'fuzz.cjs'), join(folder, 'sources.json')]
  const counters: Record<string, readonly [number, number]> = {}
  await build({
    entryPoints: [entry],
    outfile: code,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    // else esbuild writes private members as calls, and inputs are timed in another program than ships
    supported: {
      'class-private-accessor': true,
      'class-private-brand-check': true,
      'class-private-field': true,
      'class-private-method': true,
      'class-private-static-accessor': true,
      'class-private-static-field': true,
      'class-private-static-method': true,
    },
    logLevel: 'warning',
    banner: {
      js: `globalThis.fuzzCoverage={counters:new Uint32Array(${COUNTERS_MAX}),fresh:{n:0}};const fuzzCounters=fuzzCoverage.counters,fuzzFresh=fuzzCoverage.fresh;`,
    },
    plugins: [packageSources(root), instrumented(root, measured, counters)],
  })
  writeFileSync(sources, JSON.stringify(counters satisfies SourceCounters))
  return { code, sources }
}

/** Where an entry of a package is in its sources, if not at `NAME/index.ts`. */
const ENTRIES: Readonly<Record<string, string>> = { '': 'index.ts', car: 'car.ts', 'onion-secp256k1': 'onion/secp256k1.ts' }

/** Imports of our packages lead to their sources. */
const packageSources = (root: string): Plugin => ({
  name: 'package-sources',
  setup({ onResolve }) {
    onResolve({ filter: /^@interpeer\/[a-z-]+(\/[a-z0-9-]+)?$/ }, ({ path, importer }) => {
      if (importer.startsWith(join(root, 'tools/fuzz/src/'))) return undefined
      const [, name = '', part = ''] = path.split('/')
      const file = ENTRIES[part] ?? `${part}/index.ts`
      return { path: join(root, 'packages', name, 'src', file) }
    })
    onResolve({ filter: /^#backend$/ }, () => ({ path: join(root, 'packages/crypto-ids/src/node/backend.ts') }))
  },
})

const instrumented = (root: string, measured: RegExp, counters: Record<string, readonly [number, number]>): Plugin => {
  const instrumenter = createInstrumenter({ compact: true, esModules: true })
  let next = 0
  return {
    name: 'instrumented',
    setup({ onLoad }) {
      onLoad({ filter: measured }, async ({ path }) => {
        const { code } = await transform(readFileSync(path, 'utf8'), {
          loader: 'ts',
          format: 'esm',
          target: 'es2019',
          supported: { bigint: true },
        })
        const first = next
        const contents = instrumenter
          .instrumentSync(code, path)
          .replace(/^var cov_\w+=function\(\)\{.*?return coverage\[path\]=coverageData;\}\(\);/s, '')
          .replace(/cov_\w+\.(?:[sf]\[\d+\]|b\[\d+\]\[\d+\])\+\+/g, () => `(fuzzCounters[${next++}]++||fuzzFresh.n++)`)
        if (/\bcov_\w+\./.test(contents)) throw new Error(`${path}: the instrumenter writes counters in another form`)
        if (next > COUNTERS_MAX) throw new Error('more counters than there is room for')
        counters[relative(root, path)] = [first, next - first]
        return { contents, loader: 'js' }
      })
    },
  }
}
