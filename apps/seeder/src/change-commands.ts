import { type ChangeStatus, networkStatusOf } from '@interpeer/peer'
import { type ChangePatch, changeIdOf, PROGRAM_VERSION, SETTINGS, signChangeRequest, signChangeVote } from '@interpeer/vote-chain'
import { InvalidArgumentError } from 'commander'
import { changeIdOf as changeIdOfText } from './chain-commands.js'
import { type ChainOptions, handIn, hexOf, type SignerOptions, signerOf, withChain } from './chain-peer.js'
import { print } from './print.js'
import { settingIn } from './setting-option.js'

export interface ProposeOptions extends SignerOptions {
  readonly set: readonly string[]
  readonly reason: string
  readonly inCycles?: number
}

/** Lists change requests: what they change, until when one can vote, and how votes stand. */
export async function listChanges(options: ChainOptions): Promise<void> {
  await withChain(options, (peer) => {
    const { changes, height } = networkStatusOf(peer.chain().state)
    const lines = changes.flatMap((change, i) => [...(i === 0 ? [] : ['']), ...linesOf(change, height)])
    print({ height, changes }, changes.length === 0 ? 'no change was requested lately' : lines, options)
  })
}
function linesOf(change: ChangeStatus, height: number): readonly string[] {
  const { id, reason, settings, moves, ends, tally, validHeight, isProtected, outcome } = change
  const what = [
    ...settings.map(({ name, from, to }) => `  ${name}: ${from} to ${to}`),
    ...moves.map(({ from, to, amount }) => `  move ${amount} units from ${from} to ${to}`),
    ...ends.map((peer) => `  end the account of ${peer}`),
  ]
  const when =
    outcome === 'open' ? `valid from height ${validHeight}, in ${validHeight - height} blocks` : `${outcome} at height ${validHeight}`
  const votes = `${tally.no} no, ${tally.yes} yes of ${tally.voters}${isProtected ? '; it needs an explicit yes' : ''}`
  const stands = outcome === 'open' ? `; as it stands it would be ${change.passes ? 'applied' : 'refused'}` : ''
  return [`${id}: ${when}`, ...what, `  ${votes}${stands}`, ...(reason === '' ? [] : [`  "${reason}"`])]
}

/** Proposes new values of settings, signed by the peer's key, and waits until a block has taken it. */
export async function proposeChange(options: ProposeOptions): Promise<void> {
  const patch: ChangePatch = { settings: options.set.map(settingOf), moves: [], ends: [] }
  await withChain(options, async (peer, own) => {
    const signer = await signerOf(options, own)
    const { state, height } = peer.chain()
    const inCycles = options.inCycles ?? state.settings.changeCyclesMin + SLACK_CYCLES
    const envelope = signChangeRequest({ validHeight: height + inCycles, reason: options.reason, patch }, signer, peer.network)
    const id = hexOf(changeIdOf(envelope))
    await handIn(peer, envelope, ({ changes }) => changes.has(id))
    print({ id, validHeight: height + inCycles }, id, options)
  })
}
/** Blocks that a request may wait for room in one. */
const SLACK_CYCLES = 8

/** `NAME=VALUE`. @throws {InvalidArgumentError} */
export function settingOf(text: string): ChangePatch['settings'][number] {
  const setting = settingIn(text)
  const { fixedFor } = SETTINGS[setting.name]
  if (fixedFor !== undefined) throw new InvalidArgumentError(`${setting.name} is the genesis’s for ever: ${fixedFor}`)
  return setting
}

/** Votes on a change request, or changes one's vote, and waits until a block has taken it. */
export async function voteOnChange(text: string, vote: string, options: SignerOptions): Promise<void> {
  const id = idOf(text)
  if (vote !== 'yes' && vote !== 'no') throw new InvalidArgumentError('yes or no')
  await withChain(options, async (peer, own) => {
    const signer = await signerOf(options, own)
    const change = peer.chain().state.changes.get(id)
    if (change === undefined || change.outcome !== 'open') throw new Error('no open change request has this id: interpeer change list')
    const version = change.patch.settings.find(({ name }) => name === 'programVersion')
    if (vote === 'yes' && version !== undefined && version.value > BigInt(PROGRAM_VERSION)) {
      throw new Error(
        `this program knows the rules up to version ${PROGRAM_VERSION}: a yes says that the peer is ready for ${version.value}`,
      )
    }
    const before = change.votes.get(signer.peerId)
    if (before?.vote !== vote) {
      const turn = (before?.turn ?? -1) + 1
      const envelope = signChangeVote({ request: new Uint8Array(Buffer.from(id, 'hex')), turn, vote }, signer, peer.network)
      await handIn(peer, envelope, ({ changes }) => changes.get(id)?.votes.get(signer.peerId)?.turn === turn)
    }
    print({ id, vote, voter: signer.peerId }, `${signer.peerId} votes ${vote}`, options)
  })
}
function idOf(text: string): string {
  try {
    return changeIdOfText(text)
  } catch {
    throw new InvalidArgumentError('a change request has an id of 64 hexadecimal digits: interpeer change list')
  }
}
