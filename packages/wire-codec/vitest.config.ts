import { defineConfig } from 'vitest/config'

// The time is for a loaded machine: the longest test takes three seconds on an idle one.
export default defineConfig({ test: { name: 'wire-codec', include: ['test/**/*.test.ts'], testTimeout: 60_000 } })
