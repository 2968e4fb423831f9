import { decodeGenesis } from '@interpeer/vote-chain'
import { bytesOfHex } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { networkApplication } from '../src/network/index.js'
import vectors from '../vectors/transactions.json' with { type: 'json' }

const genesis = decodeGenesis(bytesOfHex(vectors.genesis))
const application = networkApplication(genesis.network)
const state = application.begin(genesis)
const info = { height: 1, timeMs: genesis.startMs, seed: new Uint8Array(32), leader: genesis.peers[0] as never, certifiers: [] }

test.each(vectors.cases)('$name: $expect', ({ transaction, expect: code, later }) => {
  const bytes = bytesOfHex(transaction)
  expect(application.check(state, bytes)).toEqual(code === 'ok' ? undefined : later ? { later: code } : code)
  expect(application.apply(state, [bytes], info).refused).toEqual(code === 'ok' ? [] : [{ index: 0, code }])
})
