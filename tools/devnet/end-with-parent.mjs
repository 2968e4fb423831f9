// node --import ./end-with-parent.mjs …: a process that ends, as on SIGTERM, when the one that started it is gone, however that ended. Its stdin is a pipe that nobody writes to.
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM')).resume()
  process.stdin.unref?.()
}
