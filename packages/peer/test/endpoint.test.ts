import { createSigner } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { isReachable, parseEndpoint, parseReachable, placeName } from '../src/node/endpoint.js'

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

test.each(['0.0.0.0', '::', '0:0::0', '::ffff:0.0.0.0', '::FFFF:0:0', 'fe80::1%eth0', 'example.org', ''])(
  'nobody can send to "%s"',
  (host) => {
    expect(isReachable({ host, port: 1 })).toBe(false)
  },
)

test('a place has one name, however its address is written', () => {
  const nameOf = (host: string) => placeName({ host, port: 9 })
  expect(['1.2.3.4', '::ffff:1.2.3.4', '::FFFF:102:304'].map(nameOf)).toEqual(Array(3).fill('1.2.3.4 9'))
  expect(['2001:DB8:0::1', '2001:db8::1'].map(nameOf)).toEqual(Array(2).fill('2001:db8::1 9'))
  expect(nameOf('::1')).not.toBe(nameOf('::2'))
})
