import { defineConfig } from 'tsup'
import { library } from '../../tsup.base.ts'

export default defineConfig({ ...library, entry: ['src/main.ts'], platform: 'node', target: 'node24', dts: false })
