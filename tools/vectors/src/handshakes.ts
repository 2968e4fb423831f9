import { keyOf } from './cose.js'
import { type Fields, makerOf, seedOfByte } from './maker.js'
import { agreeingOf, NoiseIk, staticOf } from './noise.js'
import { NETWORK, OTHER_NETWORK } from './signed-cases.js'

const { encode } = makerOf('overlay', '')
const [initiator, responder, other] = [0x51, 0x52, 0x53].map((n) => keyOf(seedOfByte(n))) as [
  ReturnType<typeof keyOf>,
  ReturnType<typeof keyOf>,
  ReturnType<typeof keyOf>,
]
const [EPHEMERAL, ANSWER_EPHEMERAL] = [seedOfByte(0x54), seedOfByte(0x55)]
const [INSTANCE, SESSION] = ['1122334455667788', '0a0b0c0d']
const HELLO: Fields = { key: initiator.publicKey, instance: '8877665544332211', session: 0x01020304, generation: 1 }

const packet = (noise: string): string =>
  `0000000001${'00'.repeat(16)}${(noise.length / 2).toString(16).padStart(4, '0')}${noise}`.padEnd(2 * 1_228, '0')

/** Initiations as they come to a peer, and the packet that it answers with, given its dice. */
export function handshakeVectors() {
  const [own, theirs] = [staticOf(initiator.seed), staticOf(responder.seed)]
  const ephemeral = agreeingOf(EPHEMERAL)
  const initiate = (payload: string, { network = NETWORK, to = theirs.publicKey, by = own } = {}) =>
    packet(new NoiseIk(network, to).initiation(ephemeral, by, to, payload))
  const good = (name: string, changes: Fields, generation: number) => {
    const hello: Fields = { ...HELLO, ...changes }
    const noise = new NoiseIk(NETWORK, theirs.publicKey)
    const initiation = packet(noise.initiation(ephemeral, own, theirs.publicKey, encode('overlay-hello', hello)))
    const welcome = encode('overlay-welcome', { instance: INSTANCE, session: Number.parseInt(SESSION, 16), generation })
    const answer = noise.response(agreeingOf(ANSWER_EPHEMERAL), ephemeral.publicKey, own.publicKey, welcome)
    const session = (hello.session as number).toString(16).padStart(8, '0')
    return { name, expect: 'ok', initiation, response: `0000000002${session}${answer}` }
  }
  const bad = (name: string, initiation: string) => ({ name, expect: 'HANDSHAKE_BROKEN', initiation })
  const saying = (name: string, changes: Fields) => bad(name, initiate(encode('overlay-hello', { ...HELLO, ...changes })))
  const usual = initiate(encode('overlay-hello', HELLO))
  const bent = (at: number): string => usual.slice(0, 2 * at) + (usual[2 * at] === '0' ? '1' : '0') + usual.slice(2 * at + 1)
  return {
    network: NETWORK,
    initiatorSeed: initiator.seed,
    responderSeed: responder.seed,
    initiatorEphemeral: EPHEMERAL,
    /** What the responder draws: its instance, its ephemeral secret, its session id. */
    dice: { instance: INSTANCE, ephemeral: ANSWER_EPHEMERAL, session: SESSION },
    cases: [
      good('a first session', {}, 1),
      good('a later session', { generation: 7 }, 7),
      good('a session of the last generation', { generation: 4_294_967_295, session: 0xfeffffff }, 4_294_967_295),
      saying("another's key", { key: other.publicKey }),
      saying('a key of small order', { key: `01${'00'.repeat(31)}` }),
      saying('session 0', { session: 0 }),
      saying('a session that begins with ff', { session: 0xff000001 }),
      bad('a welcome in place of a hello', initiate(encode('overlay-welcome', { instance: INSTANCE, session: 1, generation: 1 }))),
      bad('a hello with a field more', initiate(`86${encode('overlay-hello', HELLO).slice(2)}00`)),
      bad('no hello', initiate('')),
      bad('to another peer', initiate(encode('overlay-hello', HELLO), { to: staticOf(other.seed).publicKey })),
      bad('in another network', initiate(encode('overlay-hello', HELLO), { network: OTHER_NETWORK })),
      bad('from the peer itself', initiate(encode('overlay-hello', { ...HELLO, key: responder.publicKey }), { by: theirs })),
      bad('with a bit of the ephemeral key turned', bent(30)),
      bad('with a bit of the static key turned', bent(60)),
      bad('with a bit of the hello turned', bent(110)),
      bad('with an ephemeral key of zeros', usual.slice(0, 46) + '00'.repeat(32) + usual.slice(110)),
    ],
  }
}
