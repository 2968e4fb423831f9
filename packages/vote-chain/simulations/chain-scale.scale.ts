import { createSigner, type PeerId, sealOf, sha256 } from '@interpeer/crypto-ids'
import { type Outcome, type ScenarioInput, World } from '@interpeer/simulator'
import { compareBytes, concatBytes, hexOf } from '@interpeer/wire-codec'
import { type Application, createVerification, type Genesis, openChain, parseGenesis, SETTINGS } from '../src/index.js'
import { cheapVerification, withCheapLottery } from './cheap-lottery.js'
import { Names } from './costs.js'
import { Links, nearestRank } from './links.js'
import { ScaleNode } from './scale-node.js'

const START_MS = 1_700_000_000_000
const GROUP = 200
const [CYCLE_MS, ROUND_MS] = [12_000, 2_400]
/** The first is for neighbours to find each other, and is not counted. */
const HEIGHTS = 3

interface Log {
  readonly electors: readonly PeerId[]
  readonly digest: Uint8Array
  readonly count: number
}
const set = (name: string): Uint8Array => sealOf(name, [])
const SETS = { settings: set('settings'), names: set('names'), jobs: set('jobs') }
const log: Application<Log> = {
  begin: ({ seed, peers }) => ({ electors: peers, digest: seed, count: 0 }),
  apply: (state, transactions) => {
    const digest = transactions.reduce((before, bytes) => sha256(concatBytes(before, bytes)), state.digest)
    return { state: { ...state, digest, count: state.count + transactions.length }, refused: [] }
  },
  dataSets: ({ digest, count }) => ({ ...SETS, ledger: digest, peers: sealOf('count', [count]) }),
  electorate: ({ electors }) => electors,
  check: () => undefined,
}

/** A genesis names 512 peers at most, and larger networks grow: this one is as if it had. */
function genesisOf(peers: readonly PeerId[]): Genesis {
  const usual = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual: value }]) => [name, value]))
  const settings = { ...usual, rootGroupSize: GROUP, cycleMs: CYCLE_MS, roundMs: ROUND_MS }
  const json = { protocol: 1, settings, peers: peers.slice(0, 1), balances: [], seed: '5a'.repeat(32), startMs: START_MS }
  return { ...parseGenesis(JSON.stringify(json)), peers }
}

/**
 * As many electors as asked for, of whom 200 are expected in each step's group: from a height's time until its block is certified, at each of them; and what each sends for it. Links of
 * 40 to 280 ms, signatures and draws charged to each processor as measured; what was verified once, the simulator does not verify again.
 */
export function simulate({ seed, peers, trace }: ScenarioInput): Outcome {
  const world = new World({ seed, startMs: START_MS, trace })
  const signers = Array.from({ length: peers }, (_, i) =>
    withCheapLottery(createSigner(sha256(Uint8Array.of(5, i >> 16, i >> 8, i)))),
  ).sort((a, b) => compareBytes(a.publicKey, b.publicKey))
  const genesis = genesisOf(signers.map(({ peerId }) => peerId))
  const verification = cheapVerification(createVerification(genesis.network))
  const indexes = new Map(signers.map(({ peerId }, i) => [peerId, i]))
  const links = new Links(world, peers)
  const certifiedMs: number[][] = []
  const problems: string[] = []
  const hashes = new Map<number, string>()
  const counts = new Map<string, number>()
  let [rounds, done, bodyBytes, digest] = [0, 0, 0, new Uint8Array(32) as Uint8Array]
  const nodes: ScaleNode<Log>[] = []
  const options = { genesis, application: log, signer: signers[0] as (typeof signers)[number], blocks: [], record: undefined, verification }
  const opened = openChain({ ...options, nowMs: START_MS }).state
  const around = {
    world,
    post(from: number, to: PeerId, envelope: Uint8Array) {
      const hearer = indexes.get(to) as number
      const peer = (signers[from] as (typeof signers)[number]).peerId
      links.post(from, hearer, envelope, () => nodes[hearer]?.tell({ type: 'message', from: peer, envelope }))
    },
    onBlock(
      node: number,
      {
        block,
        hash,
        bytes,
      }: { block: { header: { height: number }; certificate: { round: number } | null }; hash: Uint8Array; bytes: Uint8Array },
    ) {
      const { height } = block.header
      certifiedMs[height] = [...(certifiedMs[height] ?? []), world.nowMs - START_MS - height * CYCLE_MS]
      rounds = Math.max(rounds, block.certificate?.round ?? 0)
      bodyBytes = Math.max(bodyBytes, bytes.length)
      const known = hashes.get(height)
      if (known === undefined) hashes.set(height, hexOf(hash))
      else if (known !== hexOf(hash)) problems.push(`two blocks are final at height ${height}`)
      digest = sha256(concatBytes(digest, hash, Uint8Array.of(node >> 8, node)))
      if (height === HEIGHTS) done++
    },
    onCount: (code: string) => void counts.set(code, (counts.get(code) ?? 0) + 1),
  }
  const names = new Names()
  for (const signer of signers) nodes.push(new ScaleNode(world.machine(), signer, opened, verification, names, around))
  for (const { machine } of nodes) machine.start()
  const sent: { readonly messages: Float64Array; readonly bytes: Float64Array }[] = []
  for (let height = 1; height <= HEIGHTS; height++) {
    world.run({ untilMs: START_MS + (height + 1) * CYCLE_MS - 1, actsMax: 1e9 })
    const taken = links.take()
    if (height > 1) sent.push(taken)
    const at = certifiedMs[height] ?? []
    world.note(undefined, `height ${height}: ${at.length} peers, ${nearestRank(at, 50)} ms, ${nearestRank(taken.messages, 50)} messages`)
  }
  if ((counts.get('GOSSIP_WRONG') ?? 0) > 0) problems.push('an honest neighbour is taken for a liar')
  if (done < peers) problems.push(`${done} of ${peers} have height ${HEIGHTS}`)
  const times = certifiedMs.slice(2).flat()
  const messages = sent.flatMap((one) => [...one.messages])
  const bytes = sent.flatMap((one) => [...one.bytes])
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    figures: {
      ...(problems.length === 0 ? {} : { problem: problems[0] as string }),
      certifiedMs: { p50: nearestRank(times, 50), p99: nearestRank(times, 99) },
      messages: { p50: nearestRank(messages, 50), max: nearestRank(messages, 100) },
      bytes: { p50: nearestRank(bytes, 50), max: nearestRank(bytes, 100) },
      blockBytes: bodyBytes,
      heights: HEIGHTS - 1,
      rounds,
    },
    digest: hexOf(digest).slice(0, 16),
  }
}
