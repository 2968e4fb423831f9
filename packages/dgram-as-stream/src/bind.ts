import { isIP } from 'node:net'
import UDX, { type UdxSocket } from 'udx-native'
import { DgramError } from './errors.js'
import { reliableStreamOf } from './reliable-stream.js'
import type {
  BindOptions,
  DatagramCounters,
  DatagramSocket,
  OutgoingDatagram,
  ReceivedDatagram,
  ReliableStream,
  SocketAddress,
  StreamOptions,
} from './types.js'

const KERNEL_BUFFER_BYTES = 4 * 1024 * 1024
const RECEIVE_QUEUE_DATAGRAMS = 1_024
const RECEIVE_QUEUE_BYTES = 8 * 1024 * 1024
const SEND_QUEUE_WRITES = 64
const DATAGRAM_BYTES_MAX = 65_507 // what an IPv4 header's length field leaves; udx would drop more in silence

/**
 * Binds one UDP socket.
 * @throws {DgramError} ADDRESS_SYNTAX, BIND_FAILED
 */
export async function bindDatagrams(options: BindOptions): Promise<DatagramSocket> {
  const { host, port } = options
  if (isIP(host) === 0 || !isPort(port, 0)) throw new DgramError({ code: 'ADDRESS_SYNTAX', host, port })
  const udx = new UDX() // one for each socket, so that ids taken on another socket don't matter
  const socket = udx.createSocket()
  try {
    socket.bind(port, host)
  } catch (cause) {
    throw new DgramError({ code: 'BIND_FAILED', host, port }, { cause })
  }
  const receiveBufferBytes = enlarge(socket, options.receiveBufferBytes ?? KERNEL_BUFFER_BYTES)
  const tally = { received: 0, sent: 0, droppedQueueFull: 0, sendFailed: 0 }
  const streams = new Map<number, ReliableStream>()
  const bound = socket.address()
  const inbox = readableOf(socket, options.receiveQueueDatagrams ?? RECEIVE_QUEUE_DATAGRAMS, tally)
  let closing: Promise<void> | undefined

  function openStream({ localId, remoteId, to, receiveQueueBytes }: StreamOptions): ReliableStream {
    if (closing !== undefined) throw new DgramError({ code: 'SOCKET_CLOSED' })
    if (!isAddress(to)) throw new DgramError({ code: 'ADDRESS_SYNTAX', ...to })
    for (const id of [localId, remoteId]) if (!isStreamId(id)) throw new DgramError({ code: 'STREAM_ID_RANGE', id })
    if (streams.has(localId)) throw new DgramError({ code: 'STREAM_ID_TAKEN', localId })
    const native = udx.createStream(localId)
    const stream = reliableStreamOf(native, localId, receiveQueueBytes ?? RECEIVE_QUEUE_BYTES)
    native.connect(socket, remoteId, to.port, to.host)
    streams.set(localId, stream)
    void stream.closed.then(() => streams.delete(localId))
    return stream
  }

  async function closeAll(): Promise<void> {
    for (const stream of streams.values()) stream.destroy()
    await Promise.all([...streams.values()].map((stream) => stream.closed))
    await socket.close()
    inbox.end()
  }

  function close(): Promise<void> {
    closing ??= closeAll()
    return closing
  }

  // udx says -1 (as an unsigned 64-bit number) where the kernel doesn't tell.
  const droppedByKernel = (): number => (Number.isSafeInteger(socket.packetsDroppedByKernel) ? socket.packetsDroppedByKernel : 0)
  const counters = (): DatagramCounters => ({ ...tally, droppedByKernel: droppedByKernel() })
  const address = { host, port: bound?.port ?? port }
  return {
    address,
    readable: inbox.readable,
    writable: writableOf(socket, isIP(host), tally),
    receiveBufferBytes,
    openStream,
    counters,
    close,
  }
}

interface Inbox {
  readonly readable: ReadableStream<ReceivedDatagram>
  end(): void
}

function readableOf(socket: UdxSocket, queueDatagrams: number, tally: { received: number; droppedQueueFull: number }): Inbox {
  let isOver = false
  let end = (): void => {}
  const readable = new ReadableStream<ReceivedDatagram>(
    {
      start(controller) {
        end = () => {
          if (isOver) return
          isOver = true
          controller.close()
        }
        socket.on('message', (message: Uint8Array, { host, port }: SocketAddress) => {
          tally.received++
          // UDP can't be slowed down: what the reader has no room for is lost, as it would be in the kernel.
          if (isOver || (controller.desiredSize ?? 0) <= 0) tally.droppedQueueFull++
          else controller.enqueue({ from: { host, port }, bytes: message })
        })
      },
      cancel() {
        isOver = true
      },
    },
    new CountQueuingStrategy({ highWaterMark: queueDatagrams }),
  )
  return { readable, end: () => end() }
}

function writableOf(socket: UdxSocket, family: number, tally: { sent: number; sendFailed: number }): DatagramSocket['writable'] {
  const isSent = async ({ to, bytes }: OutgoingDatagram): Promise<boolean> => {
    // All that makes the native call throw is refused before: what throws there keeps the request, the datagram and its place for good.
    if (!isAddress(to) || bytes.length > DATAGRAM_BYTES_MAX) return false
    if (family === 4 && isIP(to.host) === 6) return false // the kernel refuses it, and udx says that it was sent
    return socket.send(bytes, to.port, to.host).catch(() => false)
  }
  return new WritableStream<OutgoingDatagram | readonly OutgoingDatagram[]>(
    {
      async write(chunk) {
        const all: readonly OutgoingDatagram[] = 'bytes' in chunk ? [chunk] : chunk
        for (const sent of await Promise.all(all.map(isSent))) {
          if (sent) tally.sent++
          else tally.sendFailed++
        }
      },
    },
    new CountQueuingStrategy({ highWaterMark: SEND_QUEUE_WRITES }),
  )
}

function enlarge(socket: UdxSocket, bytes: number): number {
  try {
    socket.setRecvBufferSize(bytes)
    socket.setSendBufferSize(bytes)
  } catch {
    // A kernel that grants less (or nothing) is no failure: the caller reads back what it got.
  }
  return socket.getRecvBufferSize()
}

const isPort = (port: number, least: number): boolean => Number.isInteger(port) && port >= least && port <= 65_535
const isAddress = ({ host, port }: SocketAddress): boolean => isReadable(host) && isPort(port, 1)
/** Of an address the system reads so much text, and so much of it before a zone. */
const isReadable = (host: string): boolean => isIP(host) !== 0 && host.length <= 45 && host.indexOf('%') <= 39
const isStreamId = (id: number): boolean => Number.isInteger(id) && id >= 1 && id <= 0xffff_ffff
