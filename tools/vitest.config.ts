import { defineConfig } from 'vitest/config'

// Tests of the repository as a whole. tools/simulator and tools/bench are projects of their own.
export default defineConfig({ test: { name: 'tools', include: ['test/**/*.test.ts'] } })
