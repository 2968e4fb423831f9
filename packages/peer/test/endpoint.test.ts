import { createSigner } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { parseEndpoint, parseReachable } from '../src/node/endpoint.js'

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

test.each([
  ['203.0.113.7:4000', { host: '203.0.113.7', port: 4000 }],
  ['[2001:db8::1]:65535', { host: '2001:db8::1', port: 65_535 }],
  ['0.0.0.0:4000', undefined],
  ['[::]:4000', undefined],
  ['[0:0::0]:4000', undefined],
  ['203.0.113.7:0', undefined],
  ['203.0.113.7:65536', undefined],
  ['203.0.113.7', undefined],
  ['example.org:4000', undefined],
  ['', undefined],
])('an address to advertise: %s', (text, address) => {
  expect(parseReachable(text)).toEqual(address)
})
