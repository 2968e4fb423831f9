import { createSigner, keyOfPeerId, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { freshPeer, type PeerEntry } from '@interpeer/vote-chain'
import { compareBytes } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { Ledgerless } from './network-world.js'

const peers = Array.from({ length: 500 }, (_, i) => createSigner(sha256(Uint8Array.of(71, i & 0xff, i >> 8))).peerId)

test('electors are in the order of their keys, whatever the order in which they came: their ids are sorted as text', () => {
  const { state, application, genesis } = new Ledgerless({ rootGroupSize: 20 })
  const registry = new Map(peers.map((peer) => [peer, freshPeer(peer, 0, genesis.settings)]))
  const keys = application.electorate({ ...state, registry }).map(keyOfPeerId)
  expect(keys).toHaveLength(500)
  expect(keys).toEqual([...keys].sort(compareBytes))
})

test('who votes: mature peers that were active, joined or below the threshold; no key that ended, nobody new, nobody long silent', () => {
  const { state, application, genesis } = new Ledgerless({ matureCycles: 30, activeCycles: 100 })
  const height = 1_000
  const entryOf = (peer: PeerId, changes: Partial<PeerEntry>): PeerEntry => ({
    ...freshPeer(peer, 0, genesis.settings),
    activeHeight: height,
    ...changes,
  })
  const cases: readonly (readonly [Partial<PeerEntry>, boolean])[] = [
    [{}, true],
    [{ standing: 'joining' }, true],
    [{ standing: 'left' }, false],
    [{ standing: 'rotated' }, false],
    [{ standing: 'terminated' }, false],
    [{ joinedHeight: height - 30 }, true],
    [{ joinedHeight: height - 29 }, false],
    [{ activeHeight: height - 100 }, true],
    [{ activeHeight: height - 101 }, false],
    [{ awaySinceHeight: height - 1 }, true],
  ]
  const registry = new Map(cases.map(([changes], i) => [peers[i] as PeerId, entryOf(peers[i] as PeerId, changes)]))
  const electors = application.electorate({ ...state, height, registry })
  expect(cases.map((_, i) => electors.includes(peers[i] as PeerId))).toEqual(cases.map(([, votes]) => votes))
})
