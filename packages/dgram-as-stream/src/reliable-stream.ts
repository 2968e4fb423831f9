import type { UdxStream } from 'udx-native'
import { DgramError } from './errors.js'
import type { ReliableStream } from './types.js'

const SEND_QUEUE_BYTES = 128 * 1024

/** Gives a connected udx stream the face of two WHATWG streams. */
export function reliableStreamOf(udx: UdxStream, localId: number, receiveQueueBytes: number): ReliableStream {
  let failure: DgramError | undefined
  let isDestroyed = false
  const closed = new Promise<DgramError | undefined>((resolve) => udx.once('close', () => resolve(failure)))
  const fail = (error: DgramError): void => {
    failure ??= error
    if (!udx.destroyed) udx.destroy()
  }
  const readable = readableOf(udx, receiveQueueBytes, fail, () => failure)
  const writable = writableOf(udx, () => failure ?? new DgramError({ code: 'STREAM_RESET' }))
  udx.on('error', (cause) => {
    if (!isDestroyed) failure ??= new DgramError({ code: 'STREAM_RESET' }, { cause })
  })
  const destroy = (): void => {
    isDestroyed = true
    if (!udx.destroyed) udx.destroy()
  }
  return { localId, readable, writable, closed, destroy }
}

function readableOf(
  udx: UdxStream,
  receiveQueueBytes: number,
  fail: (error: DgramError) => void,
  failureOf: () => DgramError | undefined,
): ReadableStream<Uint8Array> {
  let isOver = false
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        udx.on('data', (bytes: Uint8Array) => {
          if (isOver) return
          if ((controller.desiredSize ?? 0) <= 0) return fail(new DgramError({ code: 'STREAM_OVERFLOW', receiveQueueBytes }))
          controller.enqueue(bytes)
        })
        udx.once('end', () => {
          if (isOver) return
          isOver = true
          controller.close()
        })
        udx.once('close', () => {
          if (isOver) return
          isOver = true
          controller.error(failureOf() ?? new DgramError({ code: 'STREAM_RESET' }))
        })
      },
      cancel() {
        isOver = true
        if (!udx.destroyed) udx.destroy()
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: receiveQueueBytes }),
  )
}

function writableOf(udx: UdxStream, failureOf: () => DgramError): WritableStream<Uint8Array> {
  let wake: (() => void) | undefined
  const rouse = (): void => {
    wake?.()
    wake = undefined
  }
  udx.on('drain', rouse)
  udx.once('close', rouse)
  return new WritableStream<Uint8Array>(
    {
      start(controller) {
        udx.once('close', () => controller.error(failureOf()))
      },
      async write(bytes) {
        if (udx.destroyed) throw failureOf()
        if (udx.write(bytes)) return
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        if (udx.destroyed) throw failureOf()
      },
      close() {
        udx.end()
      },
      abort() {
        if (!udx.destroyed) udx.destroy()
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: SEND_QUEUE_BYTES }),
  )
}
