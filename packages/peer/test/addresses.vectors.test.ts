import { contentIdOfBytes, createSigner, parseNetworkId, peerIdOfKey } from '@interpeer/crypto-ids'
import { bytesOfHex } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { mergeAddresses } from '../src/address-record.js'
import { isReachable } from '../src/node/endpoint.js'
import vectors from '../vectors/addresses.json' with { type: 'json' }

const rules = {
  network: parseNetworkId(contentIdOfBytes(bytesOfHex(vectors.network))),
  nowMs: vectors.nowMs,
  self: createSigner(bytesOfHex(vectors.otherSeed)).peerId,
  isReachable,
  ...{ isKnown: () => false, hasAnswered: () => true, isBelieved: () => true },
}

test.each(vectors.cases)('$name: $expect', ({ record, expect: code, value }) => {
  const { changed, refused } = mergeAddresses(new Map(), [bytesOfHex(record)], rules)
  expect([changed.length, refused]).toEqual(code === 'ok' ? [1, 0] : [0, 1])
  if (value === undefined) return
  const { from, ...rest } = value
  expect(changed).toEqual([{ ...rest, peer: peerIdOfKey(bytesOfHex(from)), envelope: bytesOfHex(record) }])
})
