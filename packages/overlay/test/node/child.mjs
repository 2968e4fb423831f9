// A peer in a process of its own: node child.mjs KEY-NUMBER PORT. Echoes requests; prints its address.
import { createSigner, networkIdOf } from '@interpeer/crypto-ids'
import { openOverlay } from '@interpeer/overlay/node'

const [number, port] = process.argv.slice(2).map(Number)
const overlay = await openOverlay({
  signer: createSigner(new Uint8Array(32).fill(number)),
  network: networkIdOf(Uint8Array.of(1)),
  host: '127.0.0.1',
  port,
})
overlay.onRequest(async (_, body) => body)
overlay.onMessage((from, bytes) => overlay.send(from, bytes))
process.on('SIGTERM', () => overlay.close())
process.stdin.on('end', () => process.exit()).resume() // the parent died
console.log(JSON.stringify(overlay.address))
