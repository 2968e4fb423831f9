import { defineConfig } from 'vitest/config'
import { patient } from '../../vitest.base.ts'

export default defineConfig({ test: { ...patient, name: 'gateway', include: ['test/**/*.test.ts'] } })
