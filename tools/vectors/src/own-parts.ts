import { bstr, sha256 } from './cose.js'
import { sealOf, uint } from './maker.js'

/** What an own part is bound to; in hexadecimal. */
export interface OwnPlace {
  readonly network: string
  readonly job: string
  readonly epoch: number
  readonly step: number
  readonly batch: string
  readonly from: string
}
const CHUNK_HEX = 2 * 1024

/** An own part by its description in the CDDL: from the top down, where the package goes from the leaves up. */
export function ownOf(place: OwnPlace, transcript: string): string {
  const name = nameOf(place)
  return sealOf('interpeer-group-own', [bstr(name), uint(transcript.length / 2), bstr(topOf(name, 0, chunksOf(transcript)))])
}

/** The hashes beside the way from a chunk to the top, lowest first. */
export function pathOf(place: OwnPlace, transcript: string, index: number): string[] {
  return siblings(nameOf(place), 0, chunksOf(transcript), index)
}

export const chunksOf = (transcript: string): string[] =>
  Array.from({ length: Math.max(1, Math.ceil(transcript.length / CHUNK_HEX)) }, (_, i) =>
    transcript.slice(i * CHUNK_HEX, (i + 1) * CHUNK_HEX),
  )

function nameOf({ network, job, epoch, step, batch, from }: OwnPlace): string {
  return sealOf('interpeer-group-own-place', [bstr(network), bstr(job), uint(epoch), uint(step), bstr(batch), bstr(from)])
}

function topOf(name: string, first: number, chunks: readonly string[]): string {
  if (chunks.length === 1) return sha256(`00${name}${first.toString(16).padStart(8, '0')}${chunks[0]}`)
  const left = leftOf(chunks.length)
  return sha256(`01${topOf(name, first, chunks.slice(0, left))}${topOf(name, first + left, chunks.slice(left))}`)
}

function siblings(name: string, first: number, chunks: readonly string[], index: number): string[] {
  if (chunks.length === 1) return []
  const left = leftOf(chunks.length)
  const [below, above] = [chunks.slice(0, left), chunks.slice(left)]
  if (index < left) return [...siblings(name, first, below, index), topOf(name, first + left, above)]
  return [...siblings(name, first + left, above, index - left), topOf(name, first, below)]
}

/** A left side is full: the largest power of two below the count. */
const leftOf = (count: number): number => 2 ** (Math.ceil(Math.log2(count)) - 1)
