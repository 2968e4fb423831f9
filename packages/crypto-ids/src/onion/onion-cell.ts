import * as backend from '#backend'
import { CryptoError } from '../errors.js'
import { sha256 } from '../hash.js'
import { type OnionFormat, onionFormat } from './onion-format.js'

const LABEL = Uint8Array.from('interpeer onion', (letter) => letter.charCodeAt(0))

/**
 * Our onions: X25519 in the overlay's cells of 1,200 bytes: version 1, key 32, area 1,135, HMAC 32. A plain cell begins with its length, at
 * most 04ae, so the version byte 81 tells the two apart. A `Signer` or an `Agreement` peels.
 *
 * X25519 gives one product for several keys (a bit that is ignored, parts of small order), so the key is hashed with it: another
 * spelling of the key is a forgery.
 */
export const onionCell: OnionFormat = onionFormat({
  version: 0x81,
  packetBytes: 1_200,
  group: {
    keyBytes: 32,
    publicKeyOf: (secret) => backend.agreementKey(secret).publicKey,
    multiply: (secret, point) => {
      const product = backend.x25519(secret, point)
      if (product === undefined) throw new CryptoError({ code: 'SHARED_SECRET_ZERO' })
      return product
    },
    sharedSecretOf: (product, ephemeralKey) => sha256(LABEL, ephemeralKey, product),
  },
})
