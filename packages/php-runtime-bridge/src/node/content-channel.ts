import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { CONTENT_BYTES_MAX, type FoundContent } from '../host-calls/host-calls.js'
import type { ContentReader } from './host-context.js'

/**
 * Where content comes from: the bytes of a ContentId, which must have been checked against the id; null where all members agree that the job has no
 * such content; `too-large` where it has more than `bytesMax` (16 MiB), which content says of itself where it begins, so that nobody fetches
 * the rest; undefined where this machine lacks it just now, and so abstains.
 */
export type ContentSource = (cid: string, bytesMax: number) => Promise<FoundContent | undefined> | FoundContent | undefined

/** A worker's end. It waits in `signal`: a script cannot be suspended, its thread can. */
export interface ContentChannel {
  readonly port: MessagePort
  readonly signal: Int32Array
}

/** Opens a channel for one worker. A source that fails is a machine that lacks the content. */
export function serveContent(source: ContentSource): { readonly worker: ContentChannel; close(): void } {
  const { port1: ours, port2: port } = new MessageChannel()
  const signal = new Int32Array(new SharedArrayBuffer(4))
  ours.on('message', async (cid: string) => {
    const found = await Promise.resolve(cid)
      .then((asked) => source(asked, CONTENT_BYTES_MAX))
      .catch(() => undefined)
    ours.postMessage(found instanceof Uint8Array && found.length > CONTENT_BYTES_MAX ? 'too-large' : found)
    Atomics.add(signal, 0, 1)
    Atomics.notify(signal, 0)
  })
  ours.unref()
  return { worker: { port, signal }, close: () => ours.close() }
}

/** In the worker: asks, and blocks until the answer is there. */
export function contentReaderOf({ port, signal }: ContentChannel): ContentReader {
  return (cid) => {
    const before = Atomics.load(signal, 0)
    port.postMessage(cid)
    Atomics.wait(signal, 0, before)
    return receiveMessageOnPort(port)?.message as FoundContent | undefined
  }
}
