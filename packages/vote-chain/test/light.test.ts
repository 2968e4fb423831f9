import { proveEntry, readHeldMap } from '@interpeer/content-store'
import { keyOfPeerId, networkIdOf, type Signer, sha256, signMessage } from '@interpeer/crypto-ids'
import { Random } from '@interpeer/simulator'
import { compareBytes } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { cheapVerification, withCheapLottery } from '../simulations/cheap-lottery.js'
import {
  type Certificate,
  checkCertificateLightly,
  createVerification,
  electorateOf,
  isDrawn,
  LIGHT_VOTES,
  lotInput,
  pickVotes,
  verifyChainCertificate,
  voteMessage,
} from '../src/index.js'
import { signers } from './chains.js'

const network = networkIdOf(Uint8Array.of(1))
const verification = cheapVerification(createVerification(network))
const seed = sha256(Uint8Array.of(2))
const block = { height: 9, hash: sha256(Uint8Array.of(3)) }
const all = signers(120)
  .map(withCheapLottery)
  .sort((a, b) => compareBytes(a.publicKey, b.publicKey))

function voteOf(signer: Signer, proof: Uint8Array | null, as: Signer = signer): Uint8Array {
  const { height, hash } = block
  const value = { height, round: 1, kind: 'certify' as const, attempt: 0, block: hash, voter: signer.publicKey, proof }
  return signMessage(voteMessage, value, as, network)
}
const certificateBy = (votes: readonly Uint8Array[]): Certificate => ({ height: 9, round: 1, block: block.hash, votes })
/** What a light client knows of these electors, and what their peers prove to it. */
function lightOf(electors: readonly Signer[], sizeMax: number) {
  const electorate = electorateOf(
    electors.map(({ peerId }) => peerId),
    sizeMax,
  )
  const { map } = electorate
  const prove = (key: Uint8Array) => readHeldMap(map, (get, root) => proveEntry(get, root, key)).proof
  return { electorate, group: { height: 9, seed, electorate: map.root.hash, sizeMax }, prove }
}
type Light = ReturnType<typeof lightOf>
function check({ group, prove }: Light, certificate: Certificate, dice: Random, voterAt: (place: number) => Signer): void {
  const picks = pickVotes(certificate, (count) => dice.below(count))
  const proofs = new Map(picks.map((place) => [place, prove(keyOfPeerId(voterAt(place).peerId))]))
  checkCertificateLightly(certificate, block, group, { places: picks, proofs }, verification)
}
const reasonOf = (run: () => void): string => {
  try {
    run()
    return 'ok'
  } catch (error) {
    const { failure, code } = error as { readonly failure?: { readonly reason?: string }; readonly code?: string }
    return failure?.reason ?? code ?? String(error)
  }
}

test('a certificate of all hundred holds, whichever 64 are looked at', () => {
  const light = lightOf(all.slice(0, 100), 512)
  const certificate = certificateBy(all.slice(0, 100).map((signer) => voteOf(signer, null)))
  for (let i = 1; i <= 3; i++) check(light, certificate, new Random(i), (place) => all[place] as Signer)
  expect(new Set(pickVotes(certificate, (count) => count - 1)).size).toBe(LIGHT_VOTES)
  verifyChainCertificate(certificate, block, { height: 9, seed, electorate: light.electorate }, verification)
})

test('one with a fifth of real votes never passes: strangers, other signatures, or votes twice', () => {
  const light = lightOf(all.slice(0, 100), 512)
  const real = all.slice(0, 20).map((signer) => voteOf(signer, null))
  const strangers = certificateBy([...real, ...all.slice(100, 120).map((signer) => voteOf(signer, null)), ...forged(40, 80)])
  for (let i = 1; i <= 20; i++) {
    const at = (place: number) => (place >= 20 && place < 40 ? all[place + 80] : all[place]) as Signer
    expect(['vote', 'voter']).toContain(reasonOf(() => check(light, strangers, new Random(i), at)))
  }
  const twice = certificateBy([...real, ...real, ...real, ...real])
  expect(reasonOf(() => check(light, twice, new Random(1), (place) => all[place % 20] as Signer))).toBe('twice')
})
/** Votes in others' names. */
const forged = (from: number, to: number): readonly Uint8Array[] =>
  all.slice(from, to).map((signer) => voteOf(signer, null, all[0] as Signer))

test('too few votes, too few proofs, another block and another height are refused', () => {
  const light = lightOf(all.slice(0, 100), 512)
  const whole = certificateBy(all.slice(0, 100).map((signer) => voteOf(signer, null)))
  const few = certificateBy(whole.votes.slice(0, 68))
  const at = (place: number) => all[place] as Signer
  expect(reasonOf(() => check(light, few, new Random(1), at))).toBe('quorum')
  expect(reasonOf(() => check(light, certificateBy(whole.votes.slice(0, 69)), new Random(1), at))).toBe('ok')
  expect(reasonOf(() => checkCertificateLightly(whole, block, light.group, { places: [], proofs: new Map() }, verification))).toBe('vote')
  expect(reasonOf(() => check(light, { ...whole, block: seed }, new Random(1), at))).toBe('block')
  expect(reasonOf(() => check(light, { ...whole, round: 2 }, new Random(1), at))).toBe('vote')
})

test('proofs of other places than those that were picked are refused: who proves does not choose', () => {
  const light = lightOf(all.slice(0, 100), 512)
  const certificate = certificateBy(all.slice(0, 100).map((signer) => voteOf(signer, null)))
  const places = pickVotes(certificate, (count) => new Random(7).below(count))
  const proofsOf = (of: readonly number[]) => new Map(of.map((place) => [place, light.prove(keyOfPeerId((all[place] as Signer).peerId))]))
  const proven = (of: readonly number[], picked = places) =>
    reasonOf(() => checkCertificateLightly(certificate, block, light.group, { places: picked, proofs: proofsOf(of) }, verification))
  const spare = certificate.votes.findIndex((_, place) => !places.includes(place))
  expect(proven(places)).toBe('ok')
  expect(proven([...places.slice(1), spare])).toBe('vote')
  expect(proven([...places, spare])).toBe('vote')
  expect(proven(places.slice(1))).toBe('vote')
  // and a client that hands in fewer picks than there must be, or one twice, is told
  expect(proven(places.slice(1), places.slice(1))).toBe('vote')
  expect(proven(places, [...places.slice(1), places[1] as number])).toBe('vote')
})

test('of a drawn group only those who were drawn count', () => {
  const light = lightOf(all, 60)
  const proofOf = (signer: Signer) => signer.vrfProve(lotInput(seed, 9, 1, 'certify', 0))
  const isIn = (signer: Signer) => isDrawn(verification.ownOutput(proofOf(signer)) as Uint8Array, 60, 120)
  const group = all.filter(isIn)
  expect(group.length).toBeGreaterThan(42)
  const certificate = certificateBy(group.map((signer) => voteOf(signer, proofOf(signer))))
  expect(reasonOf(() => check(light, certificate, new Random(1), (place) => group[place] as Signer))).toBe('ok')
  const others = all.filter((signer) => !isIn(signer))
  const undrawn = certificateBy(others.map((signer) => voteOf(signer, proofOf(signer))))
  expect(reasonOf(() => check(light, undrawn, new Random(1), (place) => others[place] as Signer))).toBe('drawn')
})
