import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: 'phpt', include: ['test/**/*.test.ts'] } })
