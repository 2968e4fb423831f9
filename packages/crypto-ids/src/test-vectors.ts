import { bytesOfHex, type Message } from '@interpeer/wire-codec'
import { type Declared, factsOfRule } from '@interpeer/wire-codec/cddl'
import { contentIdOfBytes, parseNetworkId } from './content-id.js'
import { peerIdOfKey } from './peer-id.js'
import { openMessage } from './signed-message.js'

/** The envelopes of one signed message, good and bad (wire-codec's vectors/README.md has the form). */
export interface EnvelopeVectors {
  readonly rule: string
  readonly number: number
  readonly version: number
  /** The field that holds the signer's key. */
  readonly signer: string
  readonly cases: readonly { readonly name: string; readonly expect: string; readonly hex: string }[]
}
/** A package's `signed.json`. */
export interface SignedVectors {
  /** The binary network id that envelopes are checked with. */
  readonly network: string
  readonly messages: readonly EnvelopeVectors[]
}
type AnySigned = Message<Readonly<Record<string, Uint8Array>>>

/**
 * What is wrong with the envelopes of a package: a signed message of its contract that has none, a number or version that is another, and
 * cases that `openMessage` does not take or refuse as stated.
 */
export function faultsOfEnvelopes(contract: readonly Declared[], cddl: string, { network: bytes, messages }: SignedVectors): string[] {
  const network = parseNetworkId(contentIdOfBytes(bytesOfHex(bytes)))
  const signed = contract.filter(({ name }) => typeof factsOfRule(name, cddl).signer === 'string')
  const stray = messages.filter(({ rule }) => !signed.some(({ name }) => name === rule)).map(({ rule }) => `${rule}: not a signed message`)
  const found = signed.flatMap((declared) => {
    const vectors = messages.find(({ rule }) => rule === declared.name)
    if (vectors === undefined || vectors.cases.length === 0) return [`${declared.name}: no envelopes`]
    const message = declared as unknown as AnySigned
    if (message.number !== vectors.number || message.version !== vectors.version) return [`${message.name}: another number or version`]
    const signerOf = (value: Readonly<Record<string, Uint8Array>>) => peerIdOfKey(value[vectors.signer] as Uint8Array)
    return vectors.cases.flatMap(({ name, expect, hex }) => {
      const code = codeOf(() => openMessage(message, bytesOfHex(hex), network, signerOf))
      return code === expect ? [] : [`${message.name}, ${name}: ${code} instead of ${expect}`]
    })
  })
  return [...stray, ...found]
}

/** `ok`, or the code of what is thrown. */
export function codeOf(work: () => unknown): string {
  try {
    work()
    return 'ok'
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error)
  }
}
