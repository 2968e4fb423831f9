// large-site.mjs CACHE MIB: runs a site with a file of so many MiB, no two pages alike, and says what the process took for it.
import { startPhpRuntime } from '@interpeer/php-runtime-bridge/node'

const MIB = 1024 * 1024
const [cacheFolder, count] = process.argv.slice(2)
const fileMiB = Number(count)
const php = await startPhpRuntime({ cacheFolder, fileMemoryMiB: 16 })
const bytesOf = (text) => new TextEncoder().encode(text)

const piece = new Uint8Array(MIB)
const numbers = new DataView(piece.buffer)
const big = {
  ...{ path: 'big.bin', mode: 0o644, mtimeS: 1, size: fileMiB * MIB },
  *read() {
    for (let i = 0; i < fileMiB; i++) {
      for (let at = 0; at < MIB; at += 1024) numbers.setUint32(at, i * 1024 + at / 1024)
      yield piece
    }
  },
}
const script = `<?php
  $f = fopen('big.bin', 'r');
  fseek($f, ${fileMiB - 1} * 1048576 + 5 * 1024);
  echo unpack('N', fread($f, 4))[1], ' ', filesize('big.bin');`

const began = process.memoryUsage().rss
let most = 0
const watch = setInterval(() => {
  most = Math.max(most, process.memoryUsage().rss - began)
}, 5)
await php.load('big', [{ path: 'index.php', mode: 0o644, mtimeS: 1, bytes: bytesOf(script) }, big])
const request = { method: 'GET', target: '/', host: 'a', https: false, headers: [], body: new Uint8Array() }
const outcome = await php.run('big', request, { timeMs: 1, seed: bytesOf('seed') }, { kind: 'read' })
clearInterval(watch)
await php.close()
console.log(JSON.stringify({ body: Buffer.from(outcome.body ?? '').toString(), most }))
