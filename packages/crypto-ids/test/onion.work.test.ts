import { beforeEach, expect, test, vi } from 'vitest'
import type { Backend } from '../src/backend.js'
import { createOnion, onionCapacity } from '../src/onion/create-onion.js'
import { onionCell } from '../src/onion/onion-cell.js'
import { type PeeledOnion, peelOnion } from '../src/onion/peel-onion.js'
import { ReplayMemory } from '../src/onion/replay-memory.js'
import { createAgreement } from '../src/signer.js'
import { dice } from './backends.js'

/** Every call that the code makes of its backend: which, and with how many bytes. */
const calls = vi.hoisted((): string[] => [])
vi.mock('#backend', async (original) => {
  const backend = await original<Backend>()
  const sizeOf = (arg: unknown): unknown => (arg instanceof Uint8Array ? arg.length : Array.isArray(arg) ? arg.map(sizeOf) : arg)
  const counted = (object: object): object =>
    new Proxy(object, {
      get: (target, name: string) => {
        const member = target[name as keyof typeof target] as unknown
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => {
          calls.push(`${name} ${JSON.stringify(args.map(sizeOf))}`)
          const result: unknown = member.apply(target, args)
          return result instanceof Uint8Array || typeof result !== 'object' || result === null ? result : counted(result)
        }
      },
    })
  return { ...counted({ ...backend }) }
})
beforeEach(() => void calls.splice(0))

const random = dice('onion work')
const associatedData = random(40)

/** What each hop of a way with so many hops does when it peels. */
function workOf(count: number, payloadBytes: number): { readonly work: string[]; readonly peeled: PeeledOnion }[] {
  const secrets = Array.from({ length: count }, () => random(32))
  const hops = secrets.map((secret) => ({ publicKey: onionCell.group.publicKeyOf(secret), payload: random(payloadBytes) }))
  let packet = createOnion(onionCell, { hops, sessionKey: random(32), associatedData })
  return secrets.map((secret) => {
    const key = createAgreement(secret)
    calls.splice(0)
    const peeled = peelOnion(onionCell, packet, key, { associatedData, memory: new ReplayMemory({ tagsMax: 1, keepMs: 1 }), nowMs: 0 })
    packet = peeled.next ?? packet
    return { work: calls.splice(0), peeled }
  })
}

test('peeling does the same work at every hop of every way, the last included: a relay’s time tells nothing', () => {
  const [one] = workOf(1, 20)
  expect(one?.work).toEqual([
    'agree [32]',
    'sha256 [[15,32,32]]',
    'hmacSha256 [2,[32]]',
    'hmacSha256 [32,[1135,40]]',
    'hmacSha256 [3,[32]]',
    'hmacSha256 [3,[32]]',
    'chacha20 [32,2270]',
    'sha256 [[32,32]]',
    'x25519 [32,32]',
  ])
  for (const count of [1, 2, 3, 4, 8, 20]) {
    for (const { work } of workOf(count, 20)) expect(work).toEqual(one?.work)
  }
  for (const payloadBytes of [0, 252, 253, onionCapacity(onionCell, [])]) {
    for (const { work } of workOf(1, payloadBytes)) expect(work).toEqual(one?.work)
  }
})

test('a forgery costs one product and one HMAC, never a stream', () => {
  const hops = [{ publicKey: onionCell.group.publicKeyOf(random(32)), payload: random(9) }]
  const packet = createOnion(onionCell, { hops, sessionKey: random(32), associatedData })
  const key = createAgreement(random(32))
  const peel = (bytes: Uint8Array) => () =>
    peelOnion(onionCell, bytes, key, { associatedData, memory: new ReplayMemory({ tagsMax: 1, keepMs: 1 }), nowMs: 0 })
  calls.splice(0)
  expect(peel(packet)).toThrow('ONION_FORGED')
  expect(calls.splice(0)).toEqual(['agree [32]', 'sha256 [[15,32,32]]', 'hmacSha256 [2,[32]]', 'hmacSha256 [32,[1135,40]]'])
  expect(peel(packet.subarray(1))).toThrow('BYTES_LENGTH')
  expect(peel(new Uint8Array(1200))).toThrow('ONION_VERSION')
  expect(calls).toEqual([])
})

test('what reaches a hop says nothing of where it is: no byte stands still along the way but the version', () => {
  const [ways, same] = [24, new Array<number>(1200).fill(0)]
  for (let way = 0; way < ways; way++) {
    const packets = workOf(4, 32).flatMap(({ peeled: { next } }) => (next === undefined ? [] : [next]))
    expect(packets).toHaveLength(3)
    for (const [i, packet] of packets.entries()) {
      const other = packets[(i + 1) % 3] as Uint8Array
      for (const [at, byte] of packet.entries()) if (byte === other[at]) same[at] = (same[at] as number) + 1
    }
  }
  expect(same[0]).toBe(3 * ways)
  expect(Math.max(...same.slice(1))).toBeLessThan(12) // by chance one in 256: about 0.3 of the 72
})
