import { createSigner, type PeerId, peekMessageNumber, sha256 } from '@interpeer/crypto-ids'
import { certificateMessage, disputeMessage, withheldMessage } from '@interpeer/peer-group'
import { afterEach, describe, expect, test } from 'vitest'
import { CertificateShows } from '../src/node/certificate-shows.js'
import type { ProvenPlace } from '../src/node/reply-proof.js'
import type { SiteView } from '../src/site-view.js'
import { asking, clientOf, closeMembers, isReady, type MemberOptions, openMember, startGroup } from './udp-group.js'

afterEach(closeMembers)

test('a member that all others keep out of a step objects to it, because a visitor shows it what it was told', async () => {
  let victim: PeerId | undefined
  const submitted: Uint8Array[] = []
  const { group, asker, view } = await startGroup(
    4,
    (i) => (i < 3 ? { keepsOut: (peer) => peer === victim } : { submit: (transaction) => void submitted.push(transaction) }),
    { jurors: 4, cycleMs: 60_000 },
  )
  await isReady(group)
  const client = clientOf(asker, () => view)
  const write = (text: string) => client.ask('log', asking('POST', '/', text), { member: group[0]?.signer.peerId as PeerId })
  const { step: first } = await write('one')
  await expect.poll(() => group.map(({ hosts }) => hosts.hosted()[0]?.step)).toEqual(group.map(() => first))
  victim = group[3]?.signer.peerId
  const answer = await write('two')
  expect(answer.ran).toBe('write')
  await expect.poll(() => submitted.length, { timeout: 10_000 }).toBeGreaterThan(0)
  const { steps, evidence } = disputeMessage.decode(submitted[0] as Uint8Array)
  expect(certificateMessage.decode(steps.at(-1) as Uint8Array).step).toBe(answer.step)
  expect(evidence.type === 'objection' && evidence.statements.map((one) => peekMessageNumber(one))).toEqual([withheldMessage.number])
})

/** Three of four keep the fourth out of what they certify from the second write on; visitors show it nothing. */
async function hidden(more: Partial<MemberOptions> = {}) {
  let [victim, visitor]: (PeerId | undefined)[] = []
  const submitted: Uint8Array[] = []
  const { group, asker, view } = await startGroup(
    4,
    (i) =>
      i < 3
        ? { keepsOut: (peer) => peer === victim, ...more }
        : { isDeafTo: (peer) => peer === visitor, submit: (transaction) => void submitted.push(transaction) },
    { jurors: 4, cycleMs: 60_000 },
  )
  visitor = asker.signer.peerId
  await isReady(group)
  const client = clientOf(asker, () => view)
  const write = (text: string) => client.ask('log', asking('POST', '/', text), { member: group[0]?.signer.peerId as PeerId })
  const { step: first } = await write('one')
  await expect.poll(() => group.map(({ hosts }) => hosts.hosted()[0]?.step)).toEqual(group.map(() => first))
  const kept = group[3]
  victim = kept?.signer.peerId
  const { step } = await write('two')
  return { group, view, kept, step: step ?? 0, submitted }
}

test('nor can they keep it from a member by showing it to the chain last: that tells it too', async () => {
  const shown: Uint8Array[] = []
  const { group, view, kept, step, submitted } = await hidden({ submitShow: (show) => void shown.push(show) })
  const recovering = { ...view, recovering: true }
  group[0]?.hosts.onViews([recovering])
  await expect.poll(() => shown.length).toBe(1)
  expect(submitted).toEqual([])
  kept?.hosts.onViews([{ ...recovering, shows: [{ member: group[0]?.signer.peerId as PeerId, show: shown[0] as Uint8Array }] }])
  await expect.poll(() => submitted.length, { timeout: 10_000 }).toBeGreaterThan(0)
  const disputed = submitted.map((one) => disputeMessage.decode(one))
  expect(disputed.map((one) => one.step)).toContain(step)
})

test('nor by closing the epoch at once after it: the chain keeps that closing for a while, and the member learns of it there', async () => {
  const { group, view, kept, step: last, submitted } = await hidden()
  const next = { members: view.members, chainSeed: view.chainSeed, atMs: Date.now(), jurors: 4, mayPay: 0n }
  for (const { hosts } of group) hosts.onViews([{ ...view, next }])
  await expect.poll(() => group[0]?.closed.length, { timeout: 20_000 }).toBeGreaterThan(0)
  const closing = group[0]?.closed[0]?.certificate as Uint8Array
  const { step, reveals } = certificateMessage.decode(closing)
  expect([step > last, reveals.length]).toEqual([true, 3])
  expect(submitted).toEqual([])
  kept?.hosts.onViews([{ ...view, next, closing }])
  await expect.poll(() => submitted.length, { timeout: 10_000 }).toBeGreaterThan(0)
  const brought = disputeMessage.decode(submitted[0] as Uint8Array)
  // of the hidden step it has no certificate: jurors walk back over it
  expect([brought.step, brought.steps.length]).toEqual([step, 1])
})

test('nor by a certificate that only a dispute shows: its members are told of what the chain may go by', async () => {
  const { group, view, kept, submitted } = await hidden()
  const next = { members: view.members, chainSeed: view.chainSeed, atMs: Date.now(), jurors: 4, mayPay: 0n }
  for (const { hosts } of group) hosts.onViews([{ ...view, next }])
  await expect.poll(() => group[0]?.closed.length, { timeout: 20_000 }).toBeGreaterThan(0)
  const certificate = group[0]?.closed[0]?.certificate as Uint8Array
  const { job, epoch, step, batch } = certificateMessage.decode(certificate)
  const evidence = { type: 'objection', statements: [] } as const
  const dispute = disputeMessage.encode({ job, epoch, step, batch, base: null, steps: [certificate], evidence })
  expect(submitted).toEqual([])
  for (let i = 0; i < 3; i++) kept?.hosts.onViews([{ ...view, next, disputes: [dispute] }])
  await expect.poll(() => submitted.length, { timeout: 10_000 }).toBeGreaterThan(0)
  expect(disputeMessage.decode(submitted[0] as Uint8Array).step).toBe(step)
})

test('what is no certificate, or of no site here, changes nothing; and who shows too many is heard no more for a while', async () => {
  const { hosts, counts, signer } = await openMember()
  const stranger = createSigner(sha256(Uint8Array.of(1))).peerId
  const place = { job: new Uint8Array(36).fill(1), epoch: 1, step: 1, rank: 0, batch: sha256() }
  const certificate = certificateMessage.encode({ ...place, reveals: [] })
  for (const message of [certificate.subarray(0, 20), certificate]) expect(hosts.onMessage(stranger, message)).toBe(true)
  expect(counts.get('CERTIFICATE_INVALID')).toBe(2) // that is no name of a job
  expect(counts.get('CERTIFICATES_MANY')).toBeUndefined()
  for (let i = 0; i < 1_000; i++) hosts.onMessage(stranger, certificate)
  const many = counts.get('CERTIFICATES_MANY') ?? 0
  expect(many).toBeGreaterThan(0)
  hosts.onMessage(signer.peerId, certificate) // one peer takes no other's place
  expect(counts.get('CERTIFICATES_MANY')).toBe(many)
})

describe('what a visitor’s side shows', () => {
  const [self, ...members] = Array.from({ length: 5 }, (_, i) => createSigner(sha256(Uint8Array.of(2, i))).peerId) as [PeerId, ...PeerId[]]
  const view = { job: 'job', epoch: 3, members, next: null } as unknown as SiteView
  const certificate = Uint8Array.of(1)
  function showing() {
    const sent: PeerId[] = []
    let nowMs = 0
    const shows = new CertificateShows({ peerId: self, send: (to) => void sent.push(to) }, () => nowMs)
    const show = (agreed: readonly PeerId[], contradicted: readonly PeerId[] = [], epoch = 3) =>
      shows.show(view, certificate, { certified: { agreed, contradicted }, epoch } as unknown as ProvenPlace)
    const pass = (ms: number): void => {
      nowMs += ms
    }
    return { sent, shows, show, pass }
  }

  test('goes to the members that are missing, once for each certificate, and not of an epoch that is over', () => {
    const { sent, shows, show } = showing()
    show(members)
    show(members.slice(0, 2), members.slice(2, 3), 2)
    shows.show(view, null, { certified: undefined, epoch: 3 } as unknown as ProvenPlace)
    expect(sent).toEqual([])
    const place = { certified: { agreed: members.slice(0, 2), contradicted: members.slice(2, 3) }, epoch: 3 } as unknown as ProvenPlace
    for (let i = 0; i < 3; i++) shows.show(view, certificate, place)
    expect(sent).toEqual(members.slice(3))
  })
  test('a member that is away is sent so many at once, and then a few in a second', () => {
    const { sent, show, pass } = showing()
    for (let i = 0; i < 30; i++) show(members.slice(0, 3))
    expect(sent).toHaveLength(16)
    pass(1_000)
    for (let i = 0; i < 30; i++) show(members.slice(0, 3))
    expect(sent).toHaveLength(20)
  })
})
