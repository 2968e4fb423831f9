import { defineConfig } from 'vitest/config'
import { patient } from '../../vitest.base.ts'

export default defineConfig({ test: { ...patient, name: 'vote-chain', include: ['test/**/*.test.ts'] } })
