import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: 'peer', include: ['test/**/*.test.ts'] } })
