import { answerSync } from '@interpeer/vote-chain'
import {
  agreedCheckpoints,
  type Certificate,
  checkCertificateLightly,
  checkpointReply,
  createVerification,
  ELECTORATE_SET,
  type Header,
  hashOfHeader,
  headersReply,
  linkedHeaders,
  pickVotes,
  proofsReply,
  readCheckpoint,
  tipReply,
  votersAt,
  wantCheckpoint,
  wantHeaders,
  wantProofs,
  wantTip,
} from '@interpeer/vote-chain/light'
import type { Message } from '@interpeer/wire-codec'
import type { LargeNetwork } from './large-network.ts'

/** A client of that network, whose answers are counted, and whose dice fall on the votes that hold. */
export class LightClient {
  readonly #network: LargeNetwork
  bytes = 0
  constructor(network: LargeNetwork) {
    this.#network = network
  }

  ask<A>(request: Uint8Array, number: number, reply: Message<A>): A {
    const answer = answerSync(this.#network.source, number, request)
    this.bytes += request.length + answer.length
    return reply.decode(answer)
  }

  /** Checks a certificate by 64 votes, which the other side proves. */
  checkCertificate(certificate: Certificate, { height }: Header, before: Header): void {
    const { genesis, real } = this.#network
    const places = this.#picked(certificate, real.get(height) ?? [])
    const wanted = wantProofs.encode({ height, set: ELECTORATE_SET, keys: [...votersAt(certificate, places)] })
    const { proofs } = this.ask(wanted, wantProofs.number, proofsReply)
    const picked = { places, proofs: new Map(places.map((place, i) => [place, proofs[i] as Uint8Array])) }
    const group = { height, seed: before.seed, electorate: before.electorate, sizeMax: genesis.settings.rootGroupSize }
    checkCertificateLightly(certificate, { height, hash: certificate.block }, group, picked, createVerification(genesis.network))
  }
  #picked(certificate: Certificate, real: readonly number[]): readonly number[] {
    // the first of the places that are left is always one that holds, as these stand at the front
    const places = pickVotes(certificate, () => 0)
    if (places.some((place) => !real.includes(place))) throw new Error('a vote that was not made')
    return places
  }

  /** The newest checkpoint, as several sources name it, with its certificate. */
  newest(): { readonly newest: Header } {
    const { genesis } = this.#network
    const told = [1, 2, 3].map((source) => ({ source, tip: this.ask(wantTip.encode({ checkpoints: 4 }), wantTip.number, tipReply) }))
    const { checkpointCycles } = genesis.settings
    const { newest } = agreedCheckpoints(told, { checkpointCycles, sourcesMin: 2 })
    const { checkpoint } = this.ask(wantCheckpoint.encode({ height: newest.height }), wantCheckpoint.number, checkpointReply)
    const { at, earlier, certificate } = readCheckpoint(checkpoint ?? new Uint8Array())
    if (!equal(hashOfHeader(at), newest.block)) throw new Error('another checkpoint than agreed')
    this.checkCertificate(certificate, at, earlier)
    return { newest: at }
  }
  /** The older one, and that the newer follows from it. */
  older(newest: Header): Header {
    const { checkpointCycles } = this.#network.genesis.settings
    const height = newest.height - checkpointCycles
    const { checkpoint } = this.ask(wantCheckpoint.encode({ height }), wantCheckpoint.number, checkpointReply)
    const { at, earlier, certificate } = readCheckpoint(checkpoint ?? new Uint8Array())
    this.checkCertificate(certificate, at, earlier)
    const asked = wantHeaders.encode({ fromHeight: height + 1, count: checkpointCycles })
    const { headers } = this.ask(asked, wantHeaders.number, headersReply)
    const last = linkedHeaders({ height, hash: hashOfHeader(at) }, headers).at(-1)
    if (last === undefined || !equal(hashOfHeader(last), hashOfHeader(newest))) throw new Error('the newer one does not follow')
    return at
  }

  proofs(set: number, keys: readonly Uint8Array[]): readonly Uint8Array[] {
    const { proofs } = this.ask(wantProofs.encode({ height: 0, set, keys: [...keys] }), wantProofs.number, proofsReply)
    if (proofs.length !== keys.length) throw new Error('no proofs')
    return proofs
  }
  proof(set: number, key: Uint8Array): Uint8Array {
    return this.proofs(set, [key])[0] as Uint8Array
  }
}
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
