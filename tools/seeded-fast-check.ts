// In the place of fast-check in all tests (vitest.base.ts): the same cases on every machine, as the simulations and the fuzzer have. FC_SEED=n has others.
import fc from '../node_modules/fast-check/lib/fast-check.js'

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 1) })

export * from '../node_modules/fast-check/lib/fast-check.js'
export default fc
