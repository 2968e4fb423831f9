import { defineConfig } from 'vitest/config'
import { steady } from '../vitest.base.ts'

// Tests of the repository as a whole. tools/simulator and tools/bench are projects of their own.
export default defineConfig({ test: { ...steady, name: 'tools', include: ['test/**/*.test.ts'] } })
