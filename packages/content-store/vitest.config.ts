import { defineConfig } from 'vitest/config'

// The time is for a loaded machine: the longest test takes two seconds on an idle one.
export default defineConfig({ test: { name: 'content-store', include: ['test/**/*.test.ts'], testTimeout: 60_000 } })
