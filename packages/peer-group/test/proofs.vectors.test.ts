import {
  contentIdOf,
  contentIdOfBytes,
  createSigner,
  jobIdOf,
  type PeerId,
  parseNetworkId,
  peekPayload,
  peerIdOfKey,
  vrfVerify,
} from '@interpeer/crypto-ids'
import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { answerSeal } from '../src/answer.js'
import { seedAlpha } from '../src/batch.js'
import {
  collatorOrder,
  type GroupContext,
  openGroup,
  PeerGroupError,
  readBatch,
  recoverFrom,
  stepGroup,
  verifyCertificate,
  verifyClosing,
  verifyDispute,
  verifyFault,
  verifyReveals,
} from '../src/index.js'
import { proposalMessage } from '../src/messages.js'
import certificates from '../vectors/certificates.json' with { type: 'json' }
import disputes from '../vectors/disputes.json' with { type: 'json' }
import faults from '../vectors/faults.json' with { type: 'json' }
import proposals from '../vectors/proposals.json' with { type: 'json' }
import shows from '../vectors/shows.json' with { type: 'json' }

type Stated = { readonly network: string; readonly job: string; readonly epoch: number; readonly members: readonly string[] }
const cidOf = (hex: string) => contentIdOfBytes(bytesOfHex(hex))
const networkOf = (hex: string) => parseNetworkId(cidOf(hex))
const contextOf = ({ network, job, epoch, members }: Stated): GroupContext => ({
  network: networkOf(network),
  job: jobIdOf(cidOf(job)),
  epoch,
  members: members.map((key) => peerIdOfKey(bytesOfHex(key))),
})
/** What was found, or the code of the error and its reason. */
function outcomeOf<T>(check: () => T): { readonly expect: string; readonly reason?: string; readonly found?: T } {
  try {
    return { expect: 'ok', found: check() }
  } catch (error) {
    if (!(error instanceof PeerGroupError)) throw error
    return { expect: error.code, reason: error.failure.reason }
  }
}

describe('certificates.json', () => {
  const context = contextOf(certificates)
  const seatsOf = (peers: readonly PeerId[]) => peers.map((peer) => context.members.indexOf(peer))
  test.each(certificates.cases)('$name: $expect', (given) => {
    const [certificate, batch] = [bytesOfHex(given.certificate), bytesOfHex(given.batch)]
    const outcome = outcomeOf(() => {
      if (given.check === 'closing') return verifyClosing(certificate, batch, context)
      return given.check === 'reveals' ? verifyReveals(certificate, context) : verifyCertificate(certificate, batch, context)
    })
    expect([outcome.expect, outcome.reason]).toEqual([given.expect, given.reason])
    if (outcome.found === undefined || given.shows === undefined) return
    const { outcomes, epoch, state, agreed, contradicted, ...place } = given.shows // `unanimous` among them
    expect(outcome.found).toMatchObject({ ...place, ...(outcomes === undefined ? {} : { outcomes }), state: cidOf(state) })
    expect([seatsOf(outcome.found.agreed), seatsOf(outcome.found.contradicted)]).toEqual([agreed, contradicted])
    if ('epoch' in outcome.found) expect(outcome.found.epoch).toBe(epoch)
    if ('timeMs' in outcome.found) expect(outcome.found.timeMs).toBe(readBatch(batch).value.timeMs)
  })
})

describe('shows.json', () => {
  const context = contextOf(shows)
  test.each(shows.cases)('$name: $expect', (given) => {
    const outcome = outcomeOf(() => recoverFrom(given.shows.map(bytesOfHex), context))
    expect([outcome.expect, outcome.reason]).toEqual([given.expect, given.reason])
    if (outcome.found === undefined) return
    const { last, rerun, disputed, dropped, shown, complete, closed } = outcome.found
    expect({
      step: last?.step ?? null,
      rerun: rerun.map(hexOf),
      disputed: disputed === undefined ? null : { step: disputed.step, dissents: disputed.dissents.length },
      dropped: dropped === undefined ? null : hexOf(dropped),
      shown: shown.map((peer) => context.members.indexOf(peer)),
      complete,
      closed,
    }).toEqual(given.recovery)
  })
})

describe('disputes.json', () => {
  const context = { ...contextOf(disputes), start: cidOf(disputes.start) }
  test.each(disputes.cases)('$name: $expect', (given) => {
    const outcome = outcomeOf(() => verifyDispute(bytesOfHex(given.dispute), context))
    expect([outcome.expect, outcome.reason]).toEqual([given.expect, given.reason])
    if (outcome.found === undefined) return
    const { id, kind, step, base, path, later, statements } = outcome.found
    expect({
      ...{ id: hexOf(id), kind, step, base: base.step },
      path: path.map((one) => one.step),
      later: later.map((one) => one.step),
      statements: statements.map(({ peer }) => context.members.indexOf(peer)),
    }).toEqual(given.shows)
  })
})

describe('faults.json', () => {
  const context = contextOf(faults)
  test.each(faults.seals)('the seal of $name', ({ seal, network, job, from, salt, answer, batch, ...numbers }) => {
    const place = { network: networkOf(network), job: jobIdOf(cidOf(job)), batch: bytesOfHex(batch), key: bytesOfHex(from), ...numbers }
    const { root, responses, effects, own, ...named } = answer
    const parts = { root: bytesOfHex(root), responses: bytesOfHex(responses), effects: bytesOfHex(effects), own: bytesOfHex(own), ...named }
    expect(hexOf(answerSeal(place, bytesOfHex(salt), parts))).toBe(seal)
  })
  test('no two seals are alike', () => {
    expect(new Set(faults.seals.map(({ seal }) => seal)).size).toBe(faults.seals.length)
  })
  test.each(faults.cases)('$name: $expect', ({ evidence, expect: kind }) => {
    const found = verifyFault(evidence.map(bytesOfHex), context)
    expect(found).toEqual(kind === 'ok' ? undefined : { kind, peer: context.members[0] })
  })
})

describe('proposals.json', () => {
  const context = contextOf(proposals)
  const start = bytesOfHex(proposals.start)
  const setup = {
    ...context,
    chainSeed: bytesOfHex(proposals.chainSeed),
    start: contentIdOf(start, 'dag-cbor'),
    startTimeMs: proposals.startTimeMs,
    rerun: [],
    settings: {},
  }
  const { nowMs } = proposals
  test.each(proposals.orders)('the order of $count seats in step $step', ({ step, count, order }) => {
    expect(collatorOrder(setup.chainSeed, step, count)).toEqual(order)
  })
  test.each(proposals.cases)('$name: $expect', ({ proposal, expect: code, alpha, seed }) => {
    const envelope = bytesOfHex(proposal)
    const opened = openGroup(setup, createSigner(bytesOfHex(proposals.self)), nowMs)
    const ready = stepGroup(opened.state, { type: 'state', root: setup.start, block: start, pages: proposals.pages.map(bytesOfHex), nowMs })
    const { effects } = stepGroup(ready.state, { type: 'message', from: context.members[0] as PeerId, envelope, nowMs })
    const counted = effects.flatMap((effect) => (effect.type === 'count' ? [effect.code] : []))
    const sent = effects.filter(({ type }) => type === 'send').length
    expect([counted, sent > 0]).toEqual(code === 'ok' ? [[], true] : [[code], false])
    if (alpha === undefined) return
    expect(hexOf(seedAlpha(context.network, context.job, context.epoch, 1))).toBe(alpha)
    const { value } = readBatch(proposalMessage.decode(peekPayload(envelope) as Uint8Array).batch)
    expect(hexOf(vrfVerify(value.collator, bytesOfHex(alpha), value.proof) ?? new Uint8Array())).toBe(seed)
  })
})
