import { parseAccountId, parseJobId, parsePeerId } from '@interpeer/crypto-ids'
import { jobNamed } from '@interpeer/job-scheduler'
import { type ChainProof, networkStatusOf, type Provable } from '@interpeer/peer'
import { SETTINGS, type SettingName } from '@interpeer/vote-chain'
import { InvalidArgumentError } from 'commander'
import { type ChainOptions, hexOf, proveFromAfar, withChain } from './chain-peer.js'
import { print, tell } from './print.js'

/** Prints where the chain is, its settings, and what is open to be voted on. */
export async function showChain(options: ChainOptions): Promise<void> {
  await withChain(options, (peer) => {
    const { height, timeMs, settings, changes, peers } = networkStatusOf(peer.chain().state)
    const open = changes.filter(({ outcome }) => outcome === 'open').length
    const standing = (one: string) => peers.filter((entry) => entry.standing === one).length
    const counts = {
      joined: standing('joined'),
      joining: standing('joining'),
      away: peers.filter((one) => one.awaySinceHeight !== null).length,
    }
    const lines = [
      `height ${height}, ${new Date(timeMs).toISOString()}`,
      `${counts.joined} peers joined, ${counts.joining} owe the joining cost, ${counts.away} away`,
      `${open} change requests are open`,
      ...Object.entries(settings).map(([name, value]) => `${name} ${value}: ${SETTINGS[name as SettingName].meaning}`),
    ]
    print({ network: peer.network, height, timeMs, peers: counts, openChanges: open, settings }, lines, options)
  })
}

/**
 * Follows the chain from the genesis, or from the blocks that the folder has, and checks all of it again: certificates, seeds, transactions,
 * and the hashes of all data. A block that does not hold is never taken, so what is printed holds; who comes to no newer one fails.
 */
export async function verifyChain(options: ChainOptions, followMs?: number): Promise<void> {
  await withChain(
    options,
    (peer, _, isUp) => {
      const shown = peer.proof({ type: 'supply' })
      if (shown === undefined) throw new Error('no block came: are the peers of --bootstrap running?')
      const facts = { network: peer.network, height: shown.height, block: hexOf(shown.block) }
      if (!isUp)
        throw new Error(
          `${facts.height} blocks hold; the last one is ${facts.block}. No newer one came that does: the same command goes on from there, if the network has any`,
        )
      print(facts, `${facts.height} blocks hold; the last one is ${facts.block}`, options)
    },
    'genesis',
    followMs,
  )
}

export interface ProofOptions extends ChainOptions {
  readonly light?: boolean
  /** Of a seat: as another peer proves it. */
  readonly ask?: boolean
}
/**
 * Prints the proof of one entry of the newest block, for somebody who knows the block's hash and nothing else; with `--light` of the newest checkpoint, as the peers of
 * `--bootstrap` prove it.
 */
export async function proveFromChain(kind: string, name: string | undefined, options: ProofOptions): Promise<void> {
  if (kind === 'seat') return proveSeat(name ?? '', options)
  const what = provable(kind, name ?? '')
  const show = ({ height, block, header, proof }: ChainProof): void => {
    const facts = { what: kind, name: name ?? null, height, block: hexOf(block), header: hexOf(header), proof: hexOf(proof) }
    print(facts, [`block ${height} ${facts.block}`, `header ${facts.header}`, `proof ${facts.proof}`], options)
  }
  if (options.light) return show(await proveFromAfar(what, options))
  await withChain(options, (peer) => {
    const shown = peer.proof(what)
    if (shown === undefined) throw new Error('no block came: are the peers of --bootstrap running?')
    show(shown)
  })
}
/**
 * Prints who a seat of a site fell to last, and the proof of it. It is checked here as anyone would who knows the block's hash. With `--ask` another peer makes the proof, and this one needs no
 * older blocks than those that it begins with.
 */
async function proveSeat(text: string, options: ProofOptions): Promise<void> {
  const [, name = '', number = ''] = /^(.+)\/(\d{1,2})$/.exec(text) ?? []
  if (name === '') throw new InvalidArgumentError('a seat is named SITE/NUMBER, such as wiki/0')
  if (options.light)
    throw new InvalidArgumentError('a seat is proven by who follows the chain: --ask in place of --light begins at a checkpoint')
  await withChain(
    options,
    async (peer) => {
      const job = jobNamed(peer.chain().state.jobs, name)
      if (job === undefined) throw new InvalidArgumentError(`no site of the name "${name}" runs`)
      const asking = (one: string): void => tell(`asking ${one} who the seat fell to`)
      const shown = await (options.ask ? peer.askSeat(job.job, Number(number), asking) : peer.showSeat(job.job, Number(number)))
      if (shown === undefined)
        throw new Error(
          options.ask
            ? 'nobody who answers within a minute can show who this seat fell to: the site has none such, none of its members was one when it was drawn, or matureCycles was changed since'
            : 'no draw of this seat is here: the site has none such, or it was drawn before the first block of this --data (a new folder begins earlier; or --ask others)',
        )
      const { claim, height, block, proof, peer: holder } = shown
      const facts = {
        what: 'seat',
        name: text,
        of: claim.of,
        job: claim.job,
        peer: holder,
        height,
        block: hexOf(block),
        proof: hexOf(proof),
      }
      print(facts, [`seat ${number} of ${name} fell to ${holder}`, `block ${height} ${facts.block}`, `proof ${facts.proof}`], options)
    },
    options.ask ? 'checkpoints' : 'genesis',
  )
}
function provable(kind: string, name: string): Provable {
  const parsed = <T>(parse: () => T): T => {
    try {
      return parse()
    } catch {
      throw new InvalidArgumentError(`no ${kind} has the name "${name}"`)
    }
  }
  switch (kind) {
    case 'supply':
      return { type: 'supply' }
    case 'account':
      return { type: 'account', account: parsed(() => parseAccountId(name)) }
    case 'peer':
      return { type: 'peer', peer: parsed(() => parsePeerId(name)) }
    case 'job':
      return { type: 'job', job: parsed(() => parseJobId(name)) }
    case 'ticket':
      return { type: 'ticket', ticket: parsed(() => ticketOf(name)) }
    case 'setting':
      return { type: 'setting', name: parsed(() => settingOf(name)) }
    case 'change':
      return { type: 'change', id: parsed(() => changeIdOf(name)) }
    default:
      throw new InvalidArgumentError('account, supply, setting, change, peer, ticket, job or seat')
  }
}
function ticketOf(text: string): bigint {
  if (!/^\d{1,15}$/.test(text)) throw new RangeError(text)
  return BigInt(text)
}
function settingOf(text: string): SettingName {
  if (!Object.hasOwn(SETTINGS, text)) throw new RangeError(text)
  return text as SettingName
}
/** @throws {RangeError} not 64 hexadecimal digits */
export function changeIdOf(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new RangeError(text)
  return text
}
