import { accountOfPeer } from '@interpeer/crypto-ids'
import { signJoin } from '@interpeer/vote-chain'
import { handIn, type SignerOptions, signerOf, withChain } from './chain-peer.js'
import { print } from './print.js'

export interface JoinOptions extends SignerOptions {
  readonly slots?: number
}

/** Registers a peer's key on the chain, or brings it back after bad ratings; its account pays the joining cost. */
export async function joinNetwork(options: JoinOptions): Promise<void> {
  await withChain(options, async (peer, own) => {
    const signer = await signerOf(options, own)
    const { registry, settings, ledger } = peer.chain().state
    const entry = registry.get(signer.peerId)
    if (entry !== undefined && entry.standing !== 'joining') {
      return print({ peer: signer.peerId, standing: entry.standing }, `${signer.peerId} is registered: ${entry.standing}`, options)
    }
    const [held, needed] = [ledger.accounts.get(accountOfPeer(signer.peerId))?.balance ?? 0n, settings.joiningFee]
    if (held < needed) throw new Error(`joining costs ${needed} units, and ${signer.peerId} has ${held}: somebody has to send it the rest`)
    const slots = Math.min(options.slots ?? settings.slotsMax, settings.slotsMax)
    const order = entry?.orders ?? 0
    await handIn(peer, signJoin({ order, slots }, signer, peer.network), (state) => {
      return state.registry.get(signer.peerId)?.standing === 'joined'
    })
    const maturesHeight = peer.chain().height + settings.matureCycles
    print(
      { peer: signer.peerId, maturesHeight },
      `${signer.peerId} has joined; it gets seats from about height ${maturesHeight} on`,
      options,
    )
  })
}
