import { defineConfig } from 'tsup'
import { library } from '../../tsup.base.ts'

export default defineConfig({
  ...library,
  entry: { index: 'src/index.ts', 'node/index': 'src/node/index.ts', 'node/sqlite-worker': 'src/node/sqlite-worker.ts' },
  external: [/^node:/],
  removeNodeProtocol: false,
})
