import { envelope, flipped } from './cose.js'
import { NOW_MS } from './group.js'
import { type Fields, makerOf } from './maker.js'
import { NETWORK, OTHER, OTHER_NETWORK, SIGNER } from './signed-cases.js'

/** They stand for all addresses of a machine, or have a zone, which each machine names as it likes. */
const NOWHERE = ['0.0.0.0', '::', '0:0::0', '::ffff:0.0.0.0', 'fe80::1%eth0']

/** What a peer makes of an address record from outside: taken (`ok`), or refused. */
export function addressVectors() {
  const { sign, encode } = makerOf('peer', NETWORK)
  const value = (changes: Fields = {}): Fields => ({ from: SIGNER.publicKey, host: '192.0.2.1', port: 4_000, issuedMs: NOW_MS, ...changes })
  const good = (name: string, changes: Fields = {}) => ({
    name,
    expect: 'ok',
    record: sign('address-record', value(changes), SIGNER),
    value: value(changes),
  })
  const bad = (name: string, record: string) => ({ name, expect: 'refused', record })
  const saying = (name: string, changes: Fields) => bad(name, sign('address-record', value(changes), SIGNER))
  const usual = sign('address-record', value(), SIGNER)
  return {
    network: NETWORK,
    seed: SIGNER.seed,
    otherSeed: OTHER.seed,
    nowMs: NOW_MS,
    cases: [
      good('an IPv4 address'),
      good('an IPv6 address', { host: '2001:db8::1' }),
      good('the longest address', { host: 'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255', port: 65_535 }),
      good('an old record', { issuedMs: 0 }),
      good('a minute ahead of the clock', { issuedMs: NOW_MS + 60_000 }),
      saying('more than a minute ahead of the clock', { issuedMs: NOW_MS + 60_001 }),
      saying('port 0', { port: 0 }),
      ...['', 'example.org', 'localhost', '192.0.2', '192.0.2.256', '192.0.2.1 ', '2001:db8::1::2', '[2001:db8::1]', ...NOWHERE].map(
        (host) => saying(`the host "${host}"`, { host }),
      ),
      bad('signed by another', sign('address-record', value(), OTHER)),
      bad('signed for another network', sign('address-record', value(), SIGNER, { network: OTHER_NETWORK })),
      bad('signed as another message', sign('address-record', value(), SIGNER, { number: 29 })),
      bad('signed as another version', sign('address-record', value(), SIGNER, { version: 2 })),
      bad('a bit of the signature turned', flipped(usual, -10)),
      bad('a port changed after signing', envelope(encode('address-record', value({ port: 4_001 })), usual.slice(-128))),
      bad('without its envelope', encode('address-record', value())),
      bad('no bytes', ''),
    ],
  }
}
