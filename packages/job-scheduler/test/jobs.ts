import { contentIdOf, createSigner, networkIdOf, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { type Job, type Jobs, jobOfManifest, type Moment, openPublish, publishJob, signManifest, signPublish } from '../src/index.js'

export const network = networkIdOf(Uint8Array.of(1))
export const files = contentIdOf(Uint8Array.of(0x80), 'dag-cbor')
export const peers = (count: number): readonly PeerId[] =>
  Array.from({ length: count }, (_, i) => createSigner(sha256(Uint8Array.of(3, i))).peerId)
export const uploader = createSigner(sha256(Uint8Array.of(4)))

export function moment(tickets: readonly PeerId[], height: number, more: Partial<Moment> = {}): Moment {
  return {
    height,
    timeMs: height * 1_000,
    seed: sha256(Uint8Array.of(height & 0xff, height >> 8)),
    settings: { cycleMs: 1_000, tenureMs: 15_000, groupSizeMax: 9, recoveryCycles: 3, secondRecoveryCycles: 6 },
    tickets,
    eligible: () => true,
    ...more,
  }
}
export function published(jobs: Jobs, at: Moment, { name = 'wiki', seats = 5, createdMs = 0 } = {}): { jobs: Jobs; job: Job } {
  const manifest = signManifest({ name, seats, files, runtime: 'php', createdMs }, uploader, network)
  const order = openPublish(signPublish(manifest, 1n, uploader, network), network)
  const listed = publishJob(jobs, { ...order, start: files }, at)
  return { jobs: listed, job: listed.get(jobOfManifest(manifest)) as Job }
}
