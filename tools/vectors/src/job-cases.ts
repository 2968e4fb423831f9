import { cidOf, envelope, flipped, type Key } from './cose.js'
import { type Fields, hexOfWords, linkTo, makerOf, named, sealOf } from './maker.js'
import { NETWORK, OTHER, OTHER_NETWORK, SIGNER } from './signed-cases.js'

const { encode, sign } = makerOf('job-scheduler', NETWORK)

const MANIFEST: Fields = {
  job: null,
  uploader: SIGNER.publicKey,
  account: SIGNER.publicKey,
  name: 'wiki',
  seats: 5,
  tenureMs: 0,
  acknowledge: 'final',
  entry: 'index.php',
  files: linkTo('files'),
  runtime: 'php-8.2',
  createdMs: 1_700_000_000_000,
}
const manifest = (changes: Fields = {}, key: Key = SIGNER, network = NETWORK): string =>
  sign('manifest', { ...MANIFEST, ...changes }, key, { network })

/** Signed manifests and orders to run them. `field`: which field of the manifest is wrong. */
export function manifestVectors() {
  const good = (name: string, changes: Fields) => {
    const signed = manifest(changes)
    return { name, expect: 'ok', envelope: signed, value: { ...MANIFEST, ...changes }, jobId: cidOf(signed) }
  }
  const bad = (name: string, field: string, changes: Fields) => ({ name, expect: 'MANIFEST_FIELD', field, envelope: manifest(changes) })
  const fault = (name: string, expect: string, signed: string) => ({ name, expect, envelope: signed })
  const raw = `01551220${named('a raw block')}`
  return {
    network: NETWORK,
    seed: SIGNER.seed,
    otherSeed: OTHER.seed,
    manifests: [
      good('a first manifest', {}),
      good('one of a job that exists', { job: cidOf(hexOfWords('a manifest')) }),
      good('the largest of everything', {
        account: 'ff'.repeat(32),
        name: 'a'.repeat(63),
        seats: 31,
        tenureMs: 31_536_000_000,
        acknowledge: 'provisional',
        entry: 'é'.repeat(127),
        runtime: 'r'.repeat(255),
        createdMs: Number.MAX_SAFE_INTEGER,
      }),
      good('the smallest of everything', { name: '0', seats: 1, entry: 'i', runtime: '', createdMs: 0 }),
      good('a name with a hyphen, an entry in a folder', { name: 'a-1', entry: 'public/index.php' }),
      good('files that are one raw block', { files: raw }),
      ...['', 'Wiki', 'wi ki', '-wiki', 'wiki-', 'wiki.org', 'wikì', 'wi_ki'].map((name) => bad(`the name "${name}"`, 'name', { name })),
      bad('no seats', 'seats', { seats: 0 }),
      bad('32 seats', 'seats', { seats: 32 }),
      ...['', '/index.php', '../index.php', 'a/../index.php', 'a/..', 'a\\index.php', '\\index.php', 'a\u0000', '\u0000'].map((entry) =>
        bad(`the entry ${JSON.stringify(entry)}`, 'entry', { entry }),
      ),
      bad('a tenure of more than a year', 'tenureMs', { tenureMs: 31_536_000_001 }),
      fault('a job that is a raw block', 'CONTENT_ID_CODEC', manifest({ job: raw })),
      fault('files of another hash', 'CONTENT_ID_BYTES', manifest({ files: `01711320${named('files')}` })),
      fault('files of another CID version', 'CONTENT_ID_BYTES', manifest({ files: `00711220${named('files')}` })),
      fault('files of another codec', 'CONTENT_ID_BYTES', manifest({ files: `01701220${named('files')}` })),
      fault('signed by another', 'SIGNATURE_WRONG', manifest({}, OTHER)),
      fault('signed for another network', 'SIGNATURE_WRONG', manifest({}, SIGNER, OTHER_NETWORK)),
      fault('a bit of the signature turned', 'SIGNATURE_WRONG', flipped(manifest(), -20)),
    ],
    orders: orders(),
  }
}

function orders() {
  const order = (changes: Fields = {}, key: Key = SIGNER) =>
    sign('publish-job', { uploader: SIGNER.publicKey, manifest: manifest(), escrow: '1', ...changes }, key)
  const good = (name: string, escrow: string) => ({ name, expect: 'ok', envelope: order({ escrow }), jobId: cidOf(manifest()), escrow })
  const bad = (name: string, expect: string, signed: string, field?: string) => ({ name, expect, field, envelope: signed })
  const otherManifest = manifest({ uploader: OTHER.publicKey }, OTHER)
  return [
    good('an order', '1'),
    good('an order with the largest escrow', '18446744073709551615'),
    bad("another's manifest", 'MANIFEST_FIELD', order({ manifest: otherManifest }), 'uploader'),
    bad(
      'a manifest of a job that exists',
      'MANIFEST_FIELD',
      order({ manifest: manifest({ job: cidOf(hexOfWords('a manifest')) }) }),
      'job',
    ),
    bad('a manifest with a wrong field', 'MANIFEST_FIELD', order({ manifest: manifest({ seats: 0 }) }), 'seats'),
    bad('a manifest signed by another', 'SIGNATURE_WRONG', order({ manifest: manifest({}, OTHER) })),
    bad('a manifest for another network', 'SIGNATURE_WRONG', order({ manifest: manifest({}, SIGNER, OTHER_NETWORK) })),
    bad('an order signed by another', 'SIGNATURE_WRONG', order({}, OTHER)),
    bad(
      'an escrow changed after signing',
      'SIGNATURE_WRONG',
      envelope(encode('publish-job', { uploader: SIGNER.publicKey, manifest: manifest(), escrow: '2' }), order().slice(-128)),
    ),
    bad('no manifest', 'ENVELOPE_MALFORMED', order({ manifest: '' })),
    bad('a manifest without its envelope', 'ENVELOPE_MALFORMED', order({ manifest: encode('manifest', MANIFEST) })),
    bad('an order in place of a manifest', 'WIRE_NUMBER', order({ manifest: order() })),
  ]
}

/** What each epoch's draws begin with. */
export const epochSeedVectors = () =>
  [1, 70_000].map((epoch) => ({
    expect: 'ok',
    seed: named('a block'),
    job: cidOf(manifest()),
    epoch,
    epochSeed: sealOf('epoch seed', [`5820${named('a block')}`, `5824${cidOf(manifest())}`, epoch === 1 ? '01' : '1a00011170']),
  }))
