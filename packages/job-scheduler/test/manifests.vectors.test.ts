import { bytesOfContentId, contentIdOfBytes, jobIdOf, type PeerId, parseNetworkId, peerIdOfKey } from '@interpeer/crypto-ids'
import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { vectorValueOf } from '@interpeer/wire-codec/test-vectors'
import { describe, expect, test } from 'vitest'
import { jobOfManifest, openManifest, openPublish } from '../src/index.js'
import { epochSeed } from '../src/plan.js'
import epochSeeds from '../vectors/epoch-seeds.json' with { type: 'json' }
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

test.each(epochSeeds)('the seed of epoch $epoch', ({ seed, job, epoch, epochSeed: expected }) => {
  expect(hexOf(epochSeed(bytesOfHex(seed), jobIdOf(cidOf(job)), epoch))).toBe(expected)
})
