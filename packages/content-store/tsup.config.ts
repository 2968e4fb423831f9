import { defineConfig } from 'tsup'
import { shakeable } from '../../tsup.base.ts'

export default defineConfig({
  ...shakeable({ index: 'src/index.ts', car: 'src/car.ts', 'node/index': 'src/node/index.ts' }),
  external: [/^node:/],
  removeNodeProtocol: false,
})
