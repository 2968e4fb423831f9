import { CryptoError, type Opener, type PeerId, peekPayload, type Signer, type Verified } from '@interpeer/crypto-ids'
import { type Message, sameBytes } from '@interpeer/wire-codec'

const SIGNATURE_BYTES = 64
const SIGNED_MAX = 100_000

interface Signed {
  readonly peer: PeerId
  readonly text: Uint8Array
}

/**
 * Remembers what was signed in this process, so that a simulation need not verify it: a third of its time. Anything else, and whatever was tampered with, is
 * verified as ever, so no outcome depends on it.
 */
export class KnownSignatures {
  readonly #signed = new Map<string, Signed>()
  /** The same bytes reach many members: read once. */
  readonly #read = new WeakMap<Uint8Array, { readonly message: Message<never>; readonly value: unknown; readonly peer: PeerId }>()

  signer(signer: Signer): Signer {
    const sign: Signer['sign'] = (text) => {
      const signature = signer.sign(text)
      if (this.#signed.size >= SIGNED_MAX) this.#signed.clear()
      this.#signed.set(nameOf(signature), { peer: signer.peerId, text })
      return signature
    }
    return { ...signer, sign }
  }

  opener(opener: Opener): Opener {
    return {
      open: <T>(message: Message<T>, envelope: Uint8Array, signerOf: (value: T) => PeerId | undefined): Verified<T> => {
        const known = this.#read.get(envelope)
        if (known !== undefined && known.message === (message as unknown)) {
          const peer = signerOf(known.value as T)
          if (peer === undefined) throw new CryptoError({ code: 'SIGNER_UNKNOWN' })
          if (peer === known.peer) return known.value as Verified<T>
        }
        const signed = this.#signedHere(envelope)
        if (signed === undefined) return opener.open(message, envelope, signerOf)
        const value = message.decode(signed.payload)
        const peer = signerOf(value)
        if (peer === undefined) throw new CryptoError({ code: 'SIGNER_UNKNOWN' })
        if (peer !== signed.peer) throw new CryptoError({ code: 'SIGNATURE_WRONG', signer: peer })
        this.#read.set(envelope, { message: message as unknown as Message<never>, value, peer })
        return value as Verified<T>
      },
    }
  }

  #signedHere(envelope: Uint8Array): { readonly payload: Uint8Array; readonly peer: PeerId } | undefined {
    const signed = this.#signed.get(nameOf(envelope))
    const payload = signed === undefined ? undefined : peekPayload(envelope)
    if (signed === undefined || payload === undefined) return undefined
    const from = signed.text.length - payload.length
    return from > 0 && sameBytes(signed.text.subarray(from), payload) ? { payload, peer: signed.peer } : undefined
  }
}

const nameOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(-SIGNATURE_BYTES))
