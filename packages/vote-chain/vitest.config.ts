import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: 'vote-chain', include: ['test/**/*.test.ts'] } })
