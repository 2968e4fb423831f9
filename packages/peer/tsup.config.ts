import { defineConfig } from 'tsup'
import { library } from '../../tsup.base.ts'

export default defineConfig([
  { ...library },
  { ...library, entry: { 'node/index': 'src/node/index.ts' }, platform: 'node', clean: false, external: [/^@interpeer\//] },
])
