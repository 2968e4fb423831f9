import { bool, bytes, type Infer, message, uint16, uint32, uint53 } from '@interpeer/wire-codec'
import * as dagCbor from '@ipld/dag-cbor'
import { type Figure, percentile } from '../figures.ts'

const [BATCHES, PER_BATCH, VALUES] = [301, 500, 64]
const WARM_UP = 60
const PEER_NAME = '@ipld/dag-cbor'

/** What a member of a peer-group reveals, in one flat record: 13 fields, about 300 bytes. Digests and ids are bytes on both sides. */
const reveal = message('example', 255, 1, {
  job: bytes(36),
  epoch: uint32,
  step: uint32,
  rank: uint16,
  batch: bytes(32),
  from: bytes(32),
  start: bytes(36),
  salt: bytes(32),
  root: bytes(36),
  responses: bytes(32),
  fuel: uint53,
  own: bytes(32),
  final: bool,
})
type Reveal = Infer<typeof reveal>

/**
 * One message's payload written and read again. Ours checks everything each time: limits, the one encoding, and the kind, size and range
 * of every field, both ways. The peer is `@ipld/dag-cbor`'s `encode` and `decode` of the same data, which check none of that: in
 * `codec/message` as the map of names that one would use it with, in `codec/message-array` as an array of the same values in our order,
 * read as an array. Batches of all three take turns. What a figure states is the median time of 1,000 messages, in ms.
 */
export async function measure(say: (line: string) => void, signal: AbortSignal): Promise<Figure[]> {
  const values = Array.from({ length: VALUES }, (_, i) => revealOf(i))
  const arrays = values.map((value) => [reveal.number, ...Object.values(value)])
  const sides = [
    () => turn(values, (value) => reveal.decode(reveal.encode(value)).fuel),
    () => turn(values, (value) => dagCbor.decode<Reveal>(dagCbor.encode(value)).fuel),
    () => turn(arrays, (array) => dagCbor.decode<typeof array>(dagCbor.encode(array))[FUEL] as number),
  ]
  const [first] = values as [Reveal]
  say(`${reveal.encode(first).length} bytes, as the peer's map ${dagCbor.encode(first).length}; ${BATCHES} batches of ${PER_BATCH}`)
  const times: number[][] = sides.map(() => [])
  for (let batch = -WARM_UP; batch < BATCHES; batch++) {
    for (let i = 0; i < sides.length; i++) {
      // Who goes first pays for what the last left to the garbage collector, so each does in its turn.
      const side = (i + Math.abs(batch)) % sides.length
      const start = performance.now()
      sides[side]?.()
      if (batch >= 0) times[side]?.push(((performance.now() - start) * 1000) / PER_BATCH)
    }
    signal.throwIfAborted()
  }
  const [ours = 0, asMap = 0, asArray = 0] = times.map((samples) => percentile(samples, 50))
  const figure = (id: string, peer: number, form: string): Figure => ({ id, ours, peer, peerName: `${PEER_NAME}, ${form}`, unit: 'ms' })
  return [figure('codec/message', asMap, 'maps'), figure('codec/message-array', asArray, 'arrays')]
}

const FUEL = 1 + Object.keys(revealOf(0)).indexOf('fuel')
function turn<T>(values: readonly T[], there: (value: T) => number): void {
  let [sum, expected] = [0, 0]
  for (let i = 0; i < PER_BATCH; i++) {
    sum += there(values[i % VALUES] as T)
    expected += fuelOf(i % VALUES)
  }
  if (sum !== expected) throw new Error('what was read is not what was written')
}

function fuelOf(i: number): number {
  return 8_000_000_000 + i
}
function revealOf(i: number): Reveal {
  const of = (size: number, seed: number) => Uint8Array.from({ length: size }, (_, at) => (i * 31 + seed * 17 + at * 7) & 0xff)
  return {
    job: of(36, 1),
    epoch: 12 + i,
    step: 70_000 + i,
    rank: 0,
    batch: of(32, 2),
    from: of(32, 3),
    start: of(36, 4),
    salt: of(32, 5),
    root: of(36, 6),
    responses: of(32, 7),
    fuel: fuelOf(i),
    own: of(32, 8),
    final: true,
  }
}
