import { createSigner, networkIdOf } from '@interpeer/crypto-ids'
import { type Overlay, openOverlay } from '@interpeer/overlay/node'
import { expect, test } from 'vitest'
import { Relay } from '../src/relay.ts'

const network = networkIdOf(new Uint8Array([1]))
const open = (seed: number, host: string): Promise<Overlay> =>
  openOverlay({ signer: createSigner(new Uint8Array(32).fill(seed)), network, host, port: 0 })

test('sessions and bulk streams pass the relay, with delay and loss, to a peer that comes back on another port too', async () => {
  let throws = 0
  const relay = new Relay(() => (throws++ % 50) / 50) // every fiftieth is lost
  const [hostA, hostB] = ['127.0.1.1', '127.0.1.2']
  const a = await open(1, hostA)
  let b = await open(2, hostB)
  try {
    await relay.addPeer('a', hostA)
    const atB = await relay.addPeer('b', hostB)
    relay.place('b', b.address)
    relay.shape(['a', 'b'], ['a', 'b'], { delayMs: 10, loss: 0.02 })
    a.setAddress(b.peerId, atB)
    const large = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251)
    const echoed = async () => {
      b.onRequest(async (_, body) => body)
      const ask = () => a.request(b.peerId, large)
      // what was under way to a peer that is gone has failed, and may be asked again
      const reply = await ask().catch((error) => (error.code === 'REQUEST_FAILED' ? ask() : Promise.reject(error)))
      expect(Buffer.compare(reply, large)).toBe(0)
      expect(a.addressOf(b.peerId)).toEqual(atB)
    }
    await echoed()
    relay.partition([['a'], ['b']]) // it says goodbye to nobody
    await b.close()
    b = await open(2, hostB)
    relay.heal()
    relay.place('b', b.address)
    await echoed()
    for (const { from, to, forwarded, lost } of relay.tallies()) {
      expect(forwarded, `${from} ${to}`).toBeGreaterThan(250)
      expect(lost, `${from} ${to}`).toBeGreaterThan(1)
    }
  } finally {
    await Promise.all([a.close(), b.close()])
    await relay.close()
  }
})
