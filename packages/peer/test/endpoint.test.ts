import { createSigner } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { parseEndpoint } from '../src/node/endpoint.js'

const signer = createSigner(new Uint8Array(32).fill(1))

test.each([
  [`${signer.peerId}@127.0.0.1:4000`, { peer: signer.peerId, host: '127.0.0.1', port: 4000 }],
  [`${signer.peerId}@[::1]:65535`, { peer: signer.peerId, host: '::1', port: 65_535 }],
  [`${signer.peerId}@127.0.0.1:0`, undefined],
  [`${signer.peerId}@127.0.0.1:65536`, undefined],
  [`${signer.peerId}@example.org:4000`, undefined],
  [`${signer.peerId}@1.2.3:4000`, undefined],
  [`${signer.peerId}@127.0.0.1`, undefined],
  ['z6Mk@127.0.0.1:4000', undefined],
  ['', undefined],
])('endpoint %s', (text, endpoint) => {
  expect(parseEndpoint(text)).toEqual(endpoint)
})
