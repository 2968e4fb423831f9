import { memoryStore } from '@interpeer/content-store'
import { bytesOfContentId, contentIdOf, createSigner, jobIdOf, networkIdOf, peerIdOfKey, sha256 } from '@interpeer/crypto-ids'
import { createVerification, disputeMessage, findingOfMessages } from '@interpeer/peer-group'
import { evidenceMessage, registryOf, SETTINGS, type Settings, withTerminated } from '@interpeer/vote-chain'
import { expect, test, vi } from 'vitest'
import type { Charge } from '../src/node/accuser.js'
import { Complaints } from '../src/node/complaints.js'
import { Withheld } from './dispute-worlds.js'

const network = networkIdOf(Uint8Array.of(1))
const job = jobIdOf(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
const peers = Array.from({ length: 70 }, (_, i) => createSigner(sha256(Uint8Array.of(61, i))).peerId)
const rules = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual])) as unknown as Settings
const registry = registryOf(peers, rules)
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const two = [Uint8Array.of(1), Uint8Array.of(2)]
const running = (number: number) => new Map([[job, { state: 'running', epoch: { number } }]]) as never
const state = { registry, jobs: running(3), disputes: new Map() }

function deskOf(store = memoryStore(), of = network) {
  const [submitted, counted, charges]: [Uint8Array[], string[], Charge[]] = [[], [], []]
  const complaints = new Complaints({
    ...{
      records: store.records('evidence'),
      disputeRecords: store.records('disputes'),
      verification: createVerification(of),
      log: quiet,
    },
    submit: (transaction) => void submitted.push(transaction),
    count: (code) => void counted.push(code),
    accuser: { bring: async (charge) => void charges.push(charge) },
  })
  return { store, submitted, counted, complaints, charges }
}
const of = { job, epoch: 3 }

test('evidence is offered at once and with each block, once for each account, over a restart, until the account has ended', () => {
  const { store, submitted, complaints } = deskOf()
  const [peer] = peers as [(typeof peers)[number]]
  complaints.accuse(of, { peer, evidence: two })
  complaints.accuse(of, { peer, evidence: [Uint8Array.of(3), Uint8Array.of(4)] })
  complaints.onState(state)
  expect(submitted).toHaveLength(2)
  const [one] = submitted as [Uint8Array]
  expect(evidenceMessage.decode(one)).toMatchObject({ job: bytesOfContentId(job), epoch: 3, envelopes: two })

  const again = deskOf(store)
  again.complaints.onState(state)
  expect(again.submitted).toEqual([one])
  again.complaints.onState({ ...state, registry: withTerminated(registry, peer).registry })
  again.complaints.onState(state)
  expect(again.submitted).toHaveLength(1)
  const last = deskOf(store)
  last.complaints.onState(state)
  expect(last.submitted).toEqual([])
})
test('one record that is spoiled hides none of the others', async () => {
  const { store, complaints } = deskOf()
  for (const peer of peers.slice(0, 3)) complaints.accuse(of, { peer, evidence: two })
  const [, spoiled] = peers.slice(0, 3).sort() as [string, (typeof peers)[number]]
  await store.records('evidence').put([[spoiled, Uint8Array.of(1, 2, 3)]])
  const again = deskOf(store)
  again.complaints.onState(state)
  const accused = again.submitted.map((one) => peerIdOfKey(evidenceMessage.decode(one).peer))
  expect(accused).toEqual(
    peers
      .slice(0, 3)
      .sort()
      .filter((peer) => peer !== spoiled),
  )
  expect(again.counted).toEqual(['EVIDENCE_UNREADABLE'])
})
test('records of disputes that can not be read, and those of more than it brings, are taken off the disk', async () => {
  const store = memoryStore()
  const records = store.records('disputes')
  const reveals = [Uint8Array.of(1), Uint8Array.of(2)]
  const place = { job: bytesOfContentId(job), epoch: 3, step: 1, batch: sha256(), start: bytesOfContentId(job), base: null, steps: [] }
  const bytes = disputeMessage.encode({ ...place, evidence: { type: 'split', rank: 0, reveals } })
  const names = Array.from({ length: 18 }, (_, i) => String(i).padStart(2, '0'))
  await records.put(names.map((name) => [name, name === '03' ? Uint8Array.of(1) : bytes] as const))
  const { counted } = deskOf(store)
  expect(counted).toEqual(['EVIDENCE_UNREADABLE', 'DISPUTE_DROPPED'])
  await vi.waitFor(() => expect([...records.keys('')]).toEqual(names.filter((name) => name !== '03' && name !== '17')))
})
test('what needs the members of its epoch is forgotten when that is over; what proves itself is not; votes on blocks are of no job', () => {
  const { submitted, complaints } = deskOf()
  complaints.accuse(of, { peer: peers[0] as never, evidence: [...two, ...two] })
  complaints.accuse(of, { peer: peers[1] as never, evidence: two })
  complaints.accuse(null, { peer: peers[2] as never, evidence: two })
  submitted.length = 0
  complaints.onState({ ...state, jobs: running(4) })
  expect(submitted.map((one) => evidenceMessage.decode(one).job === null)).toEqual([false, true])
})
test('of too many accounts it keeps what it has, and counts the rest; a dispute that does not hold is not brought', () => {
  const { counted, complaints } = deskOf()
  for (const peer of peers) complaints.accuse(of, { peer, evidence: two })
  expect(counted).toEqual(Array.from({ length: 6 }, () => 'EVIDENCE_DROPPED'))
  const context = { network, job, epoch: 3, members: peers.slice(0, 4), start: contentIdOf(Uint8Array.of(0x81), 'dag-cbor') }
  complaints.dispute(context, Uint8Array.of(0x80))
  expect(counted.at(-1)).toBe('DISPUTE_UNFIT')
})
test('a dispute that its group tells once only is on the disk before it is offered, and offered after a restart, until the chain has it', async () => {
  const world = new Withheld(4)
  const { number: epoch, members, start } = world.epoch
  const context = { network: world.genesis.network, job: world.site, epoch, members, start }
  const [dispute, wait] = [world.dispute(), () => new Promise(setImmediate)]
  const told = (isOnce: boolean) => {
    const desk = deskOf(memoryStore(), world.genesis.network)
    desk.complaints.dispute(context, dispute, isOnce)
    return desk
  }
  expect(told(false).submitted).toEqual([dispute])
  const { store, submitted } = told(true)
  expect(submitted).toEqual([])
  await wait()
  expect(submitted).toEqual([dispute])
  const again = deskOf(store, world.genesis.network)
  again.complaints.onState(world.state)
  expect(again.submitted).toEqual([dispute])
  world.block(dispute)
  again.complaints.onState(world.state)
  await wait()
  expect([...store.records('disputes').keys('')]).toEqual([])
})
test('of two messages that are longer than the chain takes, as who signs them chooses, it counts that it has nothing to bring', () => {
  const { submitted, counted, complaints, charges } = deskOf()
  const [peer] = peers as [(typeof peers)[number]]
  complaints.accuse(of, { peer, evidence: [new Uint8Array(100_000).fill(1), new Uint8Array(100_000).fill(2)] })
  complaints.accuse(of, { peer, evidence: Array.from({ length: 5 }, (_, i) => Uint8Array.of(i)) })
  expect([submitted, counted]).toEqual([[], ['EVIDENCE_UNFIT']])
  // two that fit a block go to a jury, which sees what the chain can't
  expect(charges).toMatchObject([{ job, epoch: 3, accused: peer, kind: 'two-signed' }])
  expect(findingOfMessages(charges[0]?.evidence as Uint8Array, { accused: peer }, { network, job, epoch: 3, members: [peer] })).toBe(
    'unfit',
  )
  complaints.accuse(of, { peer, evidence: two })
  expect(submitted).toHaveLength(1)
})
