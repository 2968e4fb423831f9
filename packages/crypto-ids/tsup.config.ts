import { defineConfig } from 'tsup'
import { library } from '../../tsup.base.ts'

export default defineConfig({
  ...library,
  entry: {
    index: 'src/index.ts',
    'node/index': 'src/node/index.ts',
    'onion-secp256k1': 'src/onion/secp256k1.ts',
    'node-backend': 'src/node/backend.ts',
    'noble-backend': 'src/noble-backend.ts',
  },
  dts: { entry: { index: 'src/index.ts', 'node/index': 'src/node/index.ts', 'onion-secp256k1': 'src/onion/secp256k1.ts' } },
  external: ['#backend', /^node:/], // the "imports" map of package.json chooses the backend where the code runs
  removeNodeProtocol: false,
})
