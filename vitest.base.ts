/** Bounds for a machine that has much else to do. They end what hangs; how fast anything should be is the benchmarks' business. */
export const patient = { testTimeout: 300_000, hookTimeout: 300_000, teardownTimeout: 60_000, expect: { poll: { timeout: 60_000 } } }
