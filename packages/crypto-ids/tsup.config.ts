import { defineConfig } from 'tsup'
import { shakeable } from '../../tsup.base.ts'

export default defineConfig({
  ...shakeable({
    index: 'src/index.ts',
    'node/index': 'src/node/index.ts',
    'onion/secp256k1': 'src/onion/secp256k1.ts',
    'test-vectors': 'src/test-vectors.ts',
  }),
  external: ['#backend', /^node:/], // the "imports" map of package.json chooses the backend where the code runs
  removeNodeProtocol: false,
})
