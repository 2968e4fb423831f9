// What a browser downloads: bundled with all dependencies, minified, brotli. Each name and limit stands in the README of its package (a test
// looks). `size-limit` fails where more is downloaded.
const packages = {
  'wire-codec': { '*': '11 kB', encodeCbor: '7.5 kB', decodeCbor: '9 kB', 'message, bytes': '10 kB' },
  'crypto-ids': {
    '*': '43 kB',
    parsePeerId: '2.6 kB',
    contentIdOf: '4 kB',
    verifySignature: '14 kB',
    openMessage: '23 kB',
    createSigner: '19 kB',
    vrfVerify: '16 kB',
    'peelOnion, onionCell': '15 kB',
    decryptKey: '33 kB',
    seedOfRecoveryPhrase: '9.5 kB',
  },
  'content-store': { '*': '46 kB', checkEntry: '14.5 kB', 'editMap, emptyMap': '19.5 kB', fetchBlocks: '17 kB' },
}

export default Object.entries(packages).flatMap(([name, limits]) =>
  Object.entries(limits).map(([names, limit]) => ({
    name: `${name}: ${names}`,
    path: `packages/${name}/dist/index.js`,
    ...(names === '*' ? {} : { import: `{ ${names} }` }),
    limit,
    modifyEsbuildConfig: (config) => ({ ...config, tsconfigRaw: '{}' }), // else the "paths" of a package's tsconfig choose its backend
  })),
)
