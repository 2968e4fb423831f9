import { createSigner, sha256 } from '@interpeer/crypto-ids'
import { OverlayError } from '@interpeer/overlay'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LackedCertificates } from '../src/node/lacked-certificates.js'

const { peerId: member } = createSigner(new Uint8Array(32).fill(3))
const job = new Uint8Array(36)
const certificate = new Uint8Array(100).fill(7)
const busy = () => Promise.reject(new OverlayError({ code: 'BUSY' }))

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

test('answers that lack the same certificate ask once; other bytes are none', async () => {
  const request = vi.fn().mockResolvedValue(certificate)
  const lacked = new LackedCertificates({ request })
  const digest = sha256(certificate)
  expect(await Promise.all([lacked.ask(member, job, digest), lacked.ask(member, job, digest)])).toEqual([certificate, certificate])
  expect(request).toHaveBeenCalledTimes(1)
  expect(await lacked.ask(member, job, new Uint8Array(32))).toBeUndefined()
})

test('a member that is busy is asked again, for no longer than five seconds in all, however late it says so', async () => {
  const once = vi.fn().mockImplementationOnce(busy).mockImplementationOnce(busy).mockResolvedValue(certificate)
  const asked = new LackedCertificates({ request: once }).ask(member, job, sha256(certificate))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await asked).toEqual(certificate)
  expect(once).toHaveBeenCalledTimes(3)

  const slow = vi.fn(() => new Promise<never>((_, fail) => globalThis.setTimeout(() => fail(new OverlayError({ code: 'BUSY' })), 2_000)))
  const refused = expect(new LackedCertificates({ request: slow }).ask(member, job, sha256(certificate))).rejects.toThrow('BUSY')
  await vi.advanceTimersByTimeAsync(20_000)
  await refused
  expect(slow).toHaveBeenCalledTimes(3)
})

test('any other failure is told at once', async () => {
  const request = vi.fn(() => Promise.reject(new OverlayError({ code: 'PEER_UNREACHABLE', peer: member })))
  await expect(new LackedCertificates({ request }).ask(member, job, sha256(certificate))).rejects.toThrow('PEER_UNREACHABLE')
  expect(request).toHaveBeenCalledTimes(1)
})
