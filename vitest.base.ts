import { fileURLToPath } from 'node:url'

/** Bounds for a machine that has much else to do. They end what hangs; how fast anything should be is the benchmarks' business. */
const bounds = { testTimeout: 300_000, hookTimeout: 300_000, teardownTimeout: 60_000, expect: { poll: { timeout: 60_000 } } }

/** For every project's tests: nothing fails by load or by chance. */
export const steady = {
  ...bounds,
  alias: [{ find: /^fast-check$/, replacement: fileURLToPath(new URL('tools/seeded-fast-check.ts', import.meta.url)) }],
}

/**
 * For projects whose tests leave nothing behind in a process: timers go on again, no module stands in another's place, and what helpers remember belongs to one file. Their files share a process and its modules, helpers too, which takes a tenth of the time to load.
 */
export const shared = { ...steady, isolate: false }
