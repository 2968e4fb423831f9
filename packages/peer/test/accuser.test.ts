import { memoryStore } from '@interpeer/content-store'
import { bytesOfContentId, contentIdOf, createSigner, jobIdOf, networkIdOf, sha256, signMessage } from '@interpeer/crypto-ids'
import { accusationId, accusationMessage, batchBlockId, revealMessage } from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { Accuser, type Charge } from '../src/node/accuser.js'

const network = networkIdOf(Uint8Array.of(1))
const job = jobIdOf(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
const [signer, ...others] = Array.from({ length: 40 }, (_, i) => createSigner(sha256(Uint8Array.of(62, i))))
const self = signer as NonNullable<typeof signer>
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const state = { cid: contentIdOf(Uint8Array.of(0x81), 'dag-cbor'), bytes: Uint8Array.of(0x81) }
const accused = others.map(({ peerId }) => peerId)

async function deskOf() {
  const [submitted, counted, store]: [Uint8Array[], string[], ReturnType<typeof memoryStore>] = [[], [], memoryStore()]
  await store.blocks.put([state])
  const accuser = new Accuser({
    ...{ signer: self, network, store: store.blocks, log: quiet },
    submit: (transaction) => void submitted.push(transaction),
    answerMs: () => 10_000,
    count: (code) => void counted.push(code),
  })
  return { submitted, counted, accuser, store }
}
const charge = (n: number, more: Partial<Charge> = {}): Charge => ({
  ...{
    job,
    epoch: 3,
    accused: accused[n] as Charge['accused'],
    kind: 'read',
    evidence: Uint8Array.of(n),
    needed: [state.cid],
    ranMs: 1_000,
  },
  ...more,
})
const jobs = (number: number, jurors = 5) =>
  new Map([[job, { state: 'running', epoch: { number, jurors, members: accused.slice(0, 5) } }]]) as never
const none = new Map()

test('a charge is offered with each block until one has it, and what jurors fetch stays until they have judged', async () => {
  const { submitted, accuser } = await deskOf()
  await accuser.bring(charge(0))
  await accuser.bring(charge(0, { evidence: Uint8Array.of(9) })) // one of each pair and epoch
  accuser.onState({ closedEpochs: none, jobs: jobs(3), accusations: none })
  expect(submitted).toHaveLength(2)
  const id = hexOf(accusationId(network, { job, epoch: 3, accuser: self.peerId, accused: accused[0] as Charge['accused'] }))
  const recorded = (outcome: string) => new Map([[id, { outcome }]]) as never
  accuser.onState({ closedEpochs: none, jobs: jobs(4), accusations: recorded('open') })
  expect(submitted).toHaveLength(2)
  expect([...accuser.references()]).toEqual([contentIdOf(Uint8Array.of(0), 'raw'), state.cid])
  accuser.onState({ closedEpochs: none, jobs: jobs(4), accusations: recorded('accused-lied') })
  expect([...accuser.references()]).toEqual([])
  expect(accusationMessage.number).toBe(69)
})

test('a charge of an epoch that is over is offered for as long as the chain takes it', async () => {
  const { submitted, counted, accuser } = await deskOf()
  await accuser.bring(charge(0))
  accuser.onState({ closedEpochs: new Map([[job, { epoch: 3 }]]) as never, jobs: jobs(4), accusations: none })
  expect(submitted).toHaveLength(2)
  accuser.onState({ closedEpochs: new Map([[job, { epoch: 4 }]]) as never, jobs: jobs(5), accusations: none })
  expect([submitted.length, counted.at(-1), [...accuser.references()]]).toEqual([2, 'ACCUSATION_LATE', []])
})

test('what took so long here that jurors may not come to its end is not brought: who has them run it pays', async () => {
  const { submitted, counted, accuser } = await deskOf()
  await accuser.bring(charge(0, { ranMs: 1_251 }))
  await accuser.bring(charge(0, { ranMs: Number.POSITIVE_INFINITY }))
  expect([submitted, counted]).toEqual([[], ['ACCUSATION_SLOW', 'ACCUSATION_SLOW']])
  await accuser.bring(charge(0, { ranMs: 1_250 }))
  expect(submitted).toHaveLength(1)
})

test('what can’t be shown is not brought, nor more than 32; an epoch that is over, or that nobody could judge, takes its charges along', async () => {
  const { submitted, counted, accuser } = await deskOf()
  await accuser.bring(charge(0, { needed: [contentIdOf(Uint8Array.of(0x82), 'dag-cbor')] }))
  expect([submitted, counted]).toEqual([[], ['ACCUSATION_GONE']])
  for (let n = 0; n < 34; n++) await accuser.bring(charge(n))
  expect(submitted).toHaveLength(32)
  expect(counted.filter((code) => code === 'ACCUSATION_DROPPED')).toHaveLength(2)
  accuser.onState({ closedEpochs: none, jobs: jobs(4), accusations: none })
  expect([[...accuser.references()], submitted.length]).toEqual([[], 32])
  expect(counted.at(-1)).toBe('ACCUSATION_LATE')
  await accuser.bring(charge(1))
  accuser.onState({ closedEpochs: none, jobs: jobs(3, 4), accusations: none })
  expect([[...accuser.references()], counted.at(-1), submitted.length]).toEqual([[], 'ACCUSATION_UNJUDGED', 33])
  const before = counted.length
  await accuser.bring(charge(1)) // its liar lies at each step
  accuser.onState({ closedEpochs: none, jobs: jobs(3, 4), accusations: none })
  expect([[...accuser.references()], counted.length, submitted.length]).toEqual([[], before, 33])
})

test('what jurors of an accusation of before a restart fetch stays until they have judged: who could not show it would pay them', async () => {
  const { submitted, accuser, store } = await deskOf()
  const liar = others[0] as typeof self
  const none32 = new Uint8Array(32)
  const answer = { root: bytesOfContentId(state.cid), responses: none32, effects: none32, fuel: 0, final: 0, disputed: 0, own: none32 }
  const place = { job: bytesOfContentId(job), epoch: 3, step: 1, rank: 0, batch: sha256(Uint8Array.of(7)), from: liar.publicKey }
  const reveal = signMessage(revealMessage, { ...place, start: bytesOfContentId(state.cid), salt: none32, answer }, liar, network)
  const cid = contentIdOf(reveal, 'raw')
  await store.blocks.put([{ cid, bytes: reveal }])
  const members = [self.peerId, liar.peerId]
  const pair = { job, epoch: 3, accuser: self.peerId, accused: liar.peerId }
  const one = { ...pair, id: hexOf(accusationId(network, pair)), members, start: state.cid, evidence: sha256(reveal), outcome: 'open' }
  const recorded = (more = {}) => new Map([[one.id, { ...one, kind: 'own-part', ...more }]]) as never
  const running = new Map([[job, { state: 'running', epoch: { number: 4, jurors: 5, members }, manifest: { runtime: 'any' } }]]) as never
  accuser.onState({ closedEpochs: none, jobs: running, accusations: recorded({ accuser: liar.peerId }) })
  expect([...accuser.references()]).toEqual([])
  accuser.onState({ closedEpochs: none, jobs: running, accusations: recorded() })
  expect([...accuser.references()]).toEqual([cid, state.cid, batchBlockId(place.batch)])
  accuser.onState({ closedEpochs: none, jobs: running, accusations: recorded({ outcome: 'accused-lied' }) })
  expect([[...accuser.references()], submitted]).toEqual([[], []])
  const read = await deskOf()
  await read.store.blocks.put([{ cid, bytes: reveal }])
  read.accuser.onState({ closedEpochs: none, jobs: running, accusations: recorded({ kind: 'read' }) }) // it is none of a read
  expect([...read.accuser.references()]).toEqual([cid])
})
