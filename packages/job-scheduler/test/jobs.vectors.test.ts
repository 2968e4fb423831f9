import { bytesOfContentId, contentIdOfBytes, jobIdOf, type PeerId, parseNetworkId, peerIdOfKey } from '@interpeer/crypto-ids'
import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { vectorValueOf } from '@interpeer/wire-codec/test-vectors'
import { describe, expect, test } from 'vitest'
import { type Job, jobOfManifest, jobsHash, type Manifest, openManifest, openPublish } from '../src/index.js'
import { epochSeed } from '../src/plan.js'
import jobs from '../vectors/jobs.json' with { type: 'json' }
import manifests from '../vectors/manifests.json' with { type: 'json' }

const cidOf = (hex: string) => contentIdOfBytes(bytesOfHex(hex))
const peerOf = (hex: string): PeerId => peerIdOfKey(bytesOfHex(hex))
const network = parseNetworkId(cidOf(manifests.network))
const outcomeOf = <T>(open: () => T): { readonly expect: string; readonly field?: string; readonly found?: T } => {
  try {
    return { expect: 'ok', found: open() }
  } catch (error) {
    const { code, failure } = error as { readonly code: string; readonly failure?: { readonly field?: string } }
    return { expect: code ?? String(error), ...(failure?.field === undefined ? {} : { field: failure.field }) }
  }
}

describe('manifests.json', () => {
  test.each(manifests.manifests)('a manifest: $name: $expect', ({ envelope, expect: code, ...given }) => {
    const bytes = bytesOfHex(envelope)
    const { expect: found, field, found: manifest } = outcomeOf(() => openManifest(bytes, network))
    expect([found, field]).toEqual([code, given.field])
    if (manifest === undefined) return
    const { job, uploader, account, files, ...rest } = given.value as unknown as Record<string, string>
    const ids = {
      job: job === null ? null : cidOf(job as string),
      uploader: peerOf(uploader as string),
      account,
      files: cidOf(files as string),
    }
    expect(vectorValueOf(manifest)).toEqual({ ...rest, ...ids })
    expect(hexOf(bytesOfContentId(jobOfManifest(bytes)))).toBe(given.jobId)
  })
  test.each(manifests.orders)('an order: $name: $expect', ({ envelope, expect: code, ...given }) => {
    const { expect: found, field, found: order } = outcomeOf(() => openPublish(bytesOfHex(envelope), network))
    expect([found, field]).toEqual([code, given.field])
    if (order !== undefined) expect([hexOf(bytesOfContentId(order.job)), String(order.escrow)]).toEqual([given.jobId, given.escrow])
  })
})

type Entry = (typeof jobs.cases)[number]['value'][number]
function jobOf({ job, state, manifest, startMs, tenureMs, epoch, next, recovering, last }: Entry): Job {
  const peers = (keys: readonly string[]) => keys.map(peerOf)
  const { members, seed, start, certificate, rerun, ...times } = epoch
  return {
    job: jobIdOf(cidOf(job)),
    state: state as Job['state'],
    manifest: {} as Manifest, // not hashed: its bytes are
    manifestEnvelope: bytesOfHex(manifest),
    timetable: { startMs, tenureMs, seats: members.length },
    epoch: {
      ...times,
      members: peers(members),
      seed: bytesOfHex(seed),
      start: cidOf(start),
      certificate: certificate === null ? null : bytesOfHex(certificate),
      rerun: rerun.map(bytesOfHex),
    },
    next:
      next === null
        ? null
        : { ...next, members: peers(next.members), seed: bytesOfHex(next.seed), leaver: peerOf(next.leaver), joiner: peerOf(next.joiner) },
    recovering:
      recovering === null
        ? null
        : { ...recovering, shows: recovering.shows.map(({ member, show }) => ({ member: peerOf(member), show: bytesOfHex(show) })) },
    last: last === null ? null : { ...last, certificate: bytesOfHex(last.certificate), state: cidOf(last.state) },
  }
}
describe('jobs.json', () => {
  test.each(jobs.cases)('the data set: $name', ({ value, hash }) => {
    const entries = (value as readonly Entry[]).map(jobOf)
    expect(hexOf(jobsHash(new Map(entries.map((entry) => [entry.job, entry]))))).toBe(hash)
    expect(hexOf(jobsHash(new Map(entries.reverse().map((entry) => [entry.job, entry]))))).toBe(hash)
  })
  test.each(jobs.epochSeeds)('the seed of epoch $epoch', ({ seed, job, epoch, epochSeed: expected }) => {
    expect(hexOf(epochSeed(bytesOfHex(seed), jobIdOf(cidOf(job)), epoch))).toBe(expected)
  })
})
