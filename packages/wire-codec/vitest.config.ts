import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: 'wire-codec', include: ['test/**/*.test.ts'] } })
