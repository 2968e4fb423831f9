import {
  CryptoError,
  type NetworkId,
  openMessage,
  peekPayload,
  peerIdOfKey,
  type Signer,
  signMessage,
  type Verified,
} from '@interpeer/crypto-ids'
import { bytes, bytesMax, type Infer, list, message, sameBytes, uint16 } from '@interpeer/wire-codec'
import { hashTree, pathIn, rootFrom, rootOfTree } from './hash-tree.js'
import { type SiteRequest, siteRequest } from './site-request.js'

/** Requests that one signature may stand for. */
export const TREE_REQUESTS_MAX = 64
/** A longer one is signed by itself: what its signature costs is little beside it. */
export const LEAF_REQUEST_MAX_BYTES = 16 * 1024
const TREE_MAX_BYTES = 192

/**
 * What an asker signs once for requests that it makes at the same time: the root of the tree (RFC 9162) over the canonical bytes of each. Nobody learns from
 * one request what the others are: each has an id that can't be guessed.
 */
export const requestTree = message('request-tree', 67, 1, { from: bytes(32), count: uint16, root: bytes(32) })
export type RequestTree = Infer<typeof requestTree>

/**
 * One of them, in the place of a signed `site-request`: `request` is its bytes, `tree` the signed `request-tree`, and `index` and `path` show that it is in
 * that tree. So it can be checked alone, by anyone. No body in further blocks: such a request is signed by itself.
 */
export const requestLeaf = message('request-leaf', 68, 1, {
  request: bytesMax(LEAF_REQUEST_MAX_BYTES),
  index: uint16,
  path: list(bytes(32), Math.log2(TREE_REQUESTS_MAX)),
  tree: bytesMax(TREE_MAX_BYTES),
})

/** A request as it is to be signed: its value, and the bytes of that. */
export interface UnsignedRequest {
  readonly value: SiteRequest
  readonly bytes: Uint8Array
}

/** Whether a request may be one of several under one signature. */
export const mayShareSignature = ({ value, bytes }: UnsignedRequest): boolean =>
  value.parts.length === 0 && bytes.length <= LEAF_REQUEST_MAX_BYTES

/**
 * Signs requests of one asker: several by one signature, in the order given.
 * @param requests at most `TREE_REQUESTS_MAX`, each of which may share one; or any one alone
 */
export function signRequests(requests: readonly UnsignedRequest[], signer: Signer, network: NetworkId): Uint8Array[] {
  if (requests.length < 2) return requests.map(({ value }) => signMessage(siteRequest, value, signer, network))
  const tree = hashTree(requests.map(({ bytes }) => bytes))
  const root = rootOfTree(tree) as Uint8Array
  const signed = signMessage(requestTree, { from: signer.publicKey, count: requests.length, root }, signer, network)
  return requests.map(({ bytes }, index) => requestLeaf.encode({ request: bytes, index, path: pathIn(tree, index), tree: signed }))
}

export interface RequestOpener {
  /** As `openRequest`, but the signature of a tree is verified once for the requests in it that come soon after one another. */
  readonly open: (signed: Uint8Array) => Verified<SiteRequest>
}
/** `verify` opens a tree whose signature is not known to hold: tests count how often. */
export function createRequestOpener(
  network: NetworkId,
  verify: (tree: Uint8Array, network: NetworkId) => Verified<RequestTree> = openTree,
): RequestOpener {
  /** Those whose signatures held, by their bytes, oldest first. */
  const known = new Map<string, Verified<RequestTree>>()
  const open = (tree: Uint8Array): Verified<RequestTree> => {
    const name = String.fromCharCode(...tree)
    const held = known.get(name)
    if (held !== undefined) return held
    const value = verify(tree, network)
    if (known.size >= TREES_KNOWN_MAX) known.delete(known.keys().next().value as string)
    known.set(name, value)
    return value
  }
  return { open: (signed) => openRequest(signed, network, open) }
}
/** Of 200 bytes or so each. A request comes by its gateway, and by each member that offers it, some hundred ms later: gateways make some hundred trees a second meanwhile. */
const TREES_KNOWN_MAX = 512

const openTree = (tree: Uint8Array, network: NetworkId): Verified<RequestTree> =>
  openMessage(requestTree, tree, network, ({ from }) => peerIdOfKey(from))

/**
 * Reads a request that its asker signed, alone or with others.
 * @throws {CryptoError} as `openMessage`; SIGNATURE_WRONG too where it is not in the tree that was signed, or that is another's
 * @throws {WireError}
 */
export function openRequest(
  signed: Uint8Array,
  network: NetworkId,
  open: (tree: Uint8Array) => Verified<RequestTree> = (tree) => openTree(tree, network),
): Verified<SiteRequest> {
  if (!isLeaf(signed)) return openMessage(siteRequest, signed, network, ({ from }) => peerIdOfKey(from))
  const { request, index, path, tree } = requestLeaf.decode(signed)
  const value = siteRequest.decode(request)
  const { from, count, root } = open(tree)
  const isAsked = sameBytes(from, value.from) && count >= 2 && value.parts.length === 0
  const found = isAsked ? rootFrom(request, { index, count, path }) : undefined
  if (found === undefined || !sameBytes(found, root)) throw new CryptoError({ code: 'SIGNATURE_WRONG', signer: peerIdOfKey(from) })
  return value as Verified<SiteRequest>
}

/** What a signed request says, not verified. @throws {WireError} */
export function peekRequest(signed: Uint8Array): SiteRequest {
  return siteRequest.decode(isLeaf(signed) ? requestLeaf.decode(signed).request : (peekPayload(signed) ?? new Uint8Array()))
}

/** Whether a message of this number is a signed request. */
export const isRequestNumber = (number: number | undefined): boolean => number === siteRequest.number || number === requestLeaf.number

const isLeaf = (signed: Uint8Array): boolean => signed[0] === LEAF_HEAD
/** An array of five: type, and the four fields. An envelope is one of four. */
const LEAF_HEAD = 0x85
