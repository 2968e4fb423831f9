// What a simulation has in place of crypto-ids' backend (hooks.mjs puts it there): the same, but what was signed in this process need not be verified in it, which is a third of a
// chain's time. Anything else, and whatever was tampered with, is verified as ever, so no outcome depends on it.
import * as backend from '../../packages/crypto-ids/dist/node/backend.js'

export * from '../../packages/crypto-ids/dist/node/backend.js'

const SIGNED_MAX = 50_000
/** By signature: what was signed, and by which key. */
const signed = new Map()

export function signingKey(seed) {
  const { publicKey, sign } = backend.signingKey(seed)
  const key = nameOf(publicKey)
  return {
    publicKey,
    sign: (message) => {
      const signature = sign(message)
      if (signed.size >= SIGNED_MAX) signed.clear()
      signed.set(nameOf(signature), { key, message: message.slice() })
      return signature
    },
  }
}

export function verifyFiltered(signature, message, publicKey) {
  const known = signed.get(nameOf(signature))
  if (known !== undefined && known.key === nameOf(publicKey) && Buffer.compare(known.message, message) === 0) return true
  return backend.verifyFiltered(signature, message, publicKey)
}

const nameOf = (bytes) => String.fromCharCode.apply(null, bytes)
