import { wantBlocks } from '@interpeer/content-store'
import { bytesOfContentId, contentIdOf, createSigner, networkIdOf, signMessage } from '@interpeer/crypto-ids'
import { siteRequest } from '@interpeer/peer-group'
import { expect, test } from 'vitest'
import { addressExchange } from '../src/address-record.js'
import { numberOf } from '../src/message-number.js'

const signer = createSigner(new Uint8Array(32).fill(1))
const cid = contentIdOf(new Uint8Array([0x80]), 'dag-cbor')

test('the number of a message is read from an envelope, from a bare message, and from nothing else', () => {
  const request = {
    from: signer.publicKey,
    job: bytesOfContentId(cid),
    id: new Uint8Array(16),
    ms: 0,
    seenEpoch: 0,
    seenStep: 0,
    parts: [],
    ...{ method: 'GET', target: '/', host: '', https: false, headers: [], body: new Uint8Array() },
  }
  expect(numberOf(signMessage(siteRequest, request, signer, networkIdOf(new Uint8Array())))).toBe(siteRequest.number)
  expect(numberOf(addressExchange.encode({ records: [] }))).toBe(addressExchange.number)
  expect(numberOf(wantBlocks.encode({ cids: [] } as never))).toBe(wantBlocks.number)
  for (const bytes of [[], [0x80], [0x61, 0x61], [0x81, 0x41, 0], [0x81, 0x18], [0xff, 1], [0x81, 0x20]]) {
    expect(numberOf(Uint8Array.from(bytes)), String(bytes)).toBeUndefined()
  }
})
