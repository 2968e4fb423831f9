import { defineConfig } from 'vitest/config'
import { steady } from '../../vitest.base.ts'

export default defineConfig({ test: { ...steady, name: 'gateway', include: ['test/**/*.test.ts'] } })
