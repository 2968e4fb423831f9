// What a browser downloads: bundled with all dependencies, minified, brotli. Each name and limit stands in the README of its package (a test
// looks). `size-limit` fails where more is downloaded.
const packages = {
  'wire-codec': { '*': '4.6 kB', encodeCbor: '1.3 kB', decodeCbor: '1.6 kB', 'message, bytes': '3.6 kB' },
  'crypto-ids': {
    '*': '37 kB',
    parsePeerId: '2.6 kB',
    contentIdOf: '4 kB',
    verifySignature: '14 kB',
    openMessage: '17.5 kB',
    createSigner: '19 kB',
    vrfVerify: '16 kB',
    'peelOnion, onionCell': '15 kB',
    decryptKey: '27 kB',
    seedOfRecoveryPhrase: '9.5 kB',
  },
  'vote-chain': { light: '40 kB' }, // an entry of its own
  'content-store': { '*': '45 kB', checkEntry: '6 kB', 'editMap, emptyMap': '11.5 kB', openExchange: '12 kB' },
}

export default Object.entries(packages).flatMap(([name, limits]) =>
  Object.entries(limits).map(([names, limit]) => ({
    name: `${name}: ${names}`,
    path: `packages/${name}/dist/${names === 'light' ? 'light' : 'index'}.js`,
    ...(names === '*' || names === 'light' ? {} : { import: `{ ${names} }` }),
    limit,
    modifyEsbuildConfig: (config) => ({ ...config, tsconfigRaw: '{}' }), // else the "paths" of a package's tsconfig choose its backend
  })),
)
