import { proveEntry, readHeldMap } from '@interpeer/content-store'
import { accountOfPeer, createSigner, parseAccountId, type Signer, sha256 } from '@interpeer/crypto-ids'
import { AMOUNT_MAX, accountOf, balanceOf, beginLedger, signTransfer, supplyOf } from '@interpeer/intercoin-ledger'
import {
  type ChangePatch,
  changeIdOf,
  changeKey,
  checkChange,
  checkSetting,
  recoveryOf,
  settingKey,
  signChangeRequest,
  signChangeVote,
  signRecovery,
  signRotation,
} from '@interpeer/vote-chain'
import { hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { dataMapsOf } from '../src/network/data-maps.js'
import { type NetworkState, networkApplication, networkStatusOf } from '../src/network/index.js'
import { movedAtMost } from '../src/network/pay.js'
import { codes, Ledgerless, rereadState, signers, uploader } from './network-world.js'

const NOTHING: ChangePatch = { settings: [], moves: [], ends: [] }
/** Seven peers, with coins for fees, and a vote of at least ten cycles. */
function funded(settings: Record<string, number> = {}): Ledgerless {
  const world = new Ledgerless({ changeCyclesMin: 10, ...settings })
  world.block(
    ...signers.map((signer, i) => {
      const { nonce } = accountOf(world.state.ledger, accountOfPeer(uploader.peerId))
      return signTransfer({ to: accountOfPeer(signer.peerId), amount: 200_000_000n, nonce: nonce + i }, uploader, world.genesis.network)
    }),
  )
  return world
}
const requestOf = (world: Ledgerless, patch: Partial<ChangePatch>, by = signers[0] as Signer, validHeight = world.height + 11) =>
  signChangeRequest({ validHeight, reason: 'it is time', patch: { ...NOTHING, ...patch } }, by, world.genesis.network)
const votesFor = (world: Ledgerless, request: Uint8Array, vote: 'no' | 'yes', by: readonly Signer[], turn = 0) =>
  by.map((signer) => signChangeVote({ request: changeIdOf(request), turn, vote }, signer, world.genesis.network))
const cheaper = { settings: [{ name: 'publishFee', value: 7n }] }
const untilHeight = (world: Ledgerless, height: number) => {
  while (world.height < height) world.block()
}

describe('"if a high enough percentage vote against the changes, they are not applied. But otherwise the change will become valid at the set time" (§6.8)', () => {
  test('nobody votes: it applies in its block and not before, its fee burned', () => {
    const world = funded()
    const { burned } = supplyOf(world.state.ledger)
    const request = requestOf(world, cheaper)
    expect(world.block(request)).toEqual([])
    expect(supplyOf(world.state.ledger).burned - burned).toBe(world.genesis.settings.changeFee)
    const validHeight = world.height + 10
    untilHeight(world, validHeight - 1)
    expect(world.state.settings.publishFee).toBe(100_000_000n)
    expect(networkStatusOf(world.state).changes).toMatchObject([
      {
        outcome: 'open',
        passes: true,
        tally: { voters: 7, yes: 0, no: 0 },
        settings: [{ name: 'publishFee', from: '100000000', to: '7' }],
      },
    ])
    world.block()
    expect(world.state.settings.publishFee).toBe(7n)
    expect(networkStatusOf(world.state).changes).toMatchObject([{ outcome: 'applied', tally: { voters: 7 } }])
  })

  test('enough no stops it, one less does not; a later vote of a peer takes the place of its earlier one, and none can be played again', () => {
    for (const [against, value] of [
      [3, 100_000_000n],
      [2, 7n],
    ] as const) {
      const world = funded()
      const request = requestOf(world, cheaper)
      expect(world.block(request, ...votesFor(world, request, 'no', signers.slice(0, 4)))).toEqual([])
      const turned = votesFor(world, request, 'yes', signers.slice(against, 4), 1)
      expect(world.block(...turned)).toEqual([])
      const again = votesFor(world, request, 'no', signers.slice(against, 4))
      expect(codes(world.block(...again))).toEqual(again.map(() => 'CHANGE_VOTE_OLD'))
      const same = votesFor(world, request, 'yes', signers.slice(against, 4), 2)
      expect(codes(world.block(...same))).toEqual(same.map(() => 'CHANGE_VOTE_SAME'))
      untilHeight(world, 20)
      expect(world.state.settings.publishFee).toBe(value)
      expect(world.state.changes.get(hexOf(changeIdOf(request)))?.tally).toEqual({ voters: 7, no: against, yes: 4 - against })
    }
  })

  test('"allowing peers with over a certain rating to vote": the votes of peers that fell out, or were away too long, do not count at the end', () => {
    const world = funded({ activeCycles: 8 })
    const request = requestOf(world, cheaper)
    // only the first five certify blocks in this world: the last two are soon not active any more
    world.block(request, ...votesFor(world, request, 'no', signers.slice(5)))
    const sorted = [...world.genesis.peers]
    const silent = sorted.slice(5)
    untilHeight(world, 30)
    const tally = world.state.changes.get(hexOf(changeIdOf(request)))?.tally
    expect(tally?.voters).toBe(5)
    const heard = signers.slice(5).filter(({ peerId }) => !silent.includes(peerId))
    expect(tally?.no).toBe(heard.length)
  })

  test('what may not be asked is refused, and costs nothing', () => {
    const world = funded()
    const from = (patch: Partial<ChangePatch>, by?: Signer, validHeight?: number) => requestOf(world, patch, by, validHeight)
    const setting = (name: string, value: bigint) => ({ settings: [{ name, value }] })
    const twice = { settings: [...cheaper.settings, ...cheaper.settings] }
    const bad: [string, Uint8Array][] = [
      ['CHANGE_EARLY', from(cheaper, signers[0], world.height + 10)],
      ['CHANGE_LATE', from(cheaper, signers[0], world.height + 1_002)],
      ['CHANGE_PATCH', from({})],
      ['CHANGE_PATCH', from(twice)],
      ['CHANGE_PATCH', from(setting('noSuchSetting', 1n))],
      ['CHANGE_PATCH', from(setting('toString', 1n))],
      ['CHANGE_PATCH', from(setting('cycleMs', 5_000n))],
      ['CHANGE_PATCH', from(setting('transferTaxPerMille', 101n))],
      ['CHANGE_VOTER', from(cheaper, uploader)],
    ]
    const { burned } = supplyOf(world.state.ledger)
    expect(codes(world.block(...bad.map(([, transaction]) => transaction)))).toEqual(bad.map(([code]) => code))
    expect(supplyOf(world.state.ledger).burned).toBe(burned)
    const request = from(cheaper, signers[0], world.height + 30)
    const another = from(setting('publishFee', 8n), signers[0], world.height + 30)
    expect(codes(world.block(request, request, another))).toEqual(['CHANGE_KNOWN', 'CHANGES_FULL'])
    const [stranger] = votesFor(world, request, 'no', [uploader])
    const [unknown] = votesFor(world, another, 'no', [signers[1] as Signer])
    expect(codes(world.block(stranger as Uint8Array, unknown as Uint8Array))).toEqual(['CHANGE_VOTER', 'CHANGE_UNKNOWN'])
  })
})

test('who proposed and then rotated its key has no second place among the open ones', () => {
  const world = funded()
  const { network } = world.genesis
  const [ann] = signers as [Signer]
  const spare = createSigner(sha256(Uint8Array.of(12)))
  const named = signRecovery(0, recoveryOf(spare.publicKey), ann, network)
  expect(world.block(named, requestOf(world, cheaper, ann, world.height + 40), signRotation(ann.publicKey, null, spare, network))).toEqual(
    [],
  )
  expect(codes(world.block(requestOf(world, cheaper, spare, world.height + 40)))).toEqual(['CHANGES_FULL'])
})

test('coins that are to go back are found under the key that they were rotated to', () => {
  const world = funded()
  const { network } = world.genesis
  const [thief, ...others] = signers as [Signer, ...Signer[]]
  const spare = createSigner(sha256(Uint8Array.of(13)))
  const victim = parseAccountId('cd'.repeat(32))
  const patch = { moves: [{ from: accountOfPeer(thief.peerId), to: victim, amount: 50_000_000n }] }
  const request = requestOf(world, patch, others[0] as Signer)
  expect(world.block(request, ...votesFor(world, request, 'yes', others))).toEqual([])
  const dodge = [signRecovery(0, recoveryOf(spare.publicKey), thief, network), signRotation(thief.publicKey, null, spare, network)]
  expect(world.block(...dodge)).toEqual([])
  untilHeight(world, 20)
  expect(balanceOf(world.state.ledger, victim)).toBe(50_000_000n)
})

test('a voter changes its mind seven times at most: votes cost nothing', () => {
  const world = funded()
  const request = requestOf(world, cheaper, signers[0], world.height + 100)
  expect(world.block(request)).toEqual([])
  const [voter] = signers as [Signer]
  for (let turn = 0; turn < 8; turn++)
    expect(world.block(...votesFor(world, request, turn % 2 === 0 ? 'no' : 'yes', [voter], turn))).toEqual([])
  for (const turn of [8, 9, 1_000_000])
    expect(codes(world.block(...votesFor(world, request, 'no', [voter], turn)))).toEqual(['CHANGE_TURNS'])
  expect(world.state.changes.get(hexOf(changeIdOf(request)))?.votes.get(voter.peerId)).toEqual({ vote: 'yes', turn: 7 })
})

test('what the chain itself moves leaves its owner’s next order valid: it uses no nonce up', () => {
  const world = funded()
  const [owner, ...others] = signers as [Signer, ...Signer[]]
  const account = accountOfPeer(owner.peerId)
  const { nonce } = accountOf(world.state.ledger, account)
  const patch = { moves: [{ from: account, to: parseAccountId('cd'.repeat(32)), amount: 1_000n }] }
  const request = requestOf(world, patch, others[0] as Signer)
  expect(world.block(request, ...votesFor(world, request, 'yes', others))).toEqual([])
  // signed before, and handed in afterwards
  const order = signTransfer({ to: parseAccountId('ee'.repeat(32)), amount: 50_000_000n, nonce }, owner, world.genesis.network)
  untilHeight(world, 20)
  expect(balanceOf(world.state.ledger, parseAccountId('cd'.repeat(32)))).toBe(1_000n)
  expect(accountOf(world.state.ledger, account).nonce).toBe(nonce)
  expect(world.block(order)).toEqual([])
})

test('what the chain itself moves never stops it: an account that could not hold it is given nothing', () => {
  const [rich, other] = [parseAccountId('aa'.repeat(32)), parseAccountId('bb'.repeat(32))]
  const ledger = beginLedger([
    { account: rich, amount: AMOUNT_MAX },
    { account: other, amount: 5n },
  ])
  expect(movedAtMost(ledger, { from: other, to: rich, most: 5n })).toBe(ledger)
  const moved = movedAtMost(ledger, { from: rich, to: other, most: 7n })
  expect([balanceOf(moved, rich), balanceOf(moved, other)]).toEqual([AMOUNT_MAX - 7n, 12n])
})

describe('protected changes', () => {
  test('who may vote, and at what price one comes to, is not changed by silence', () => {
    for (const [name, value] of [
      ['activeCycles', 500n],
      ['joiningFee', 0n],
    ] as const) {
      const world = funded()
      expect(world.block(requestOf(world, { settings: [{ name, value }] }))).toEqual([])
      untilHeight(world, 20)
      expect(world.state.settings[name]).toBe(world.genesis.settings[name])
    }
  })

  test('electors are bound for no less than the genesis says: how old a block may be that a peer begins at goes by that', () => {
    const world = funded({ activeCycles: 400 })
    const wanting = (value: bigint, by = 0) => requestOf(world, { settings: [{ name: 'activeCycles', value }] }, signers[by])
    expect(codes(world.block(wanting(399n)))).toEqual(['CHANGE_PATCH'])
    const longer = wanting(600n)
    expect(world.block(longer, ...votesFor(world, longer, 'yes', signers))).toEqual([])
    untilHeight(world, world.height + 12)
    expect(world.state.settings.activeCycles).toBe(600)
    // what was raised may be taken back, as far as that; also by who began at a checkpoint
    world.state = rereadState(world.application, world.genesis, world.state)
    expect(codes(world.block(wanting(399n, 1)))).toEqual(['CHANGE_PATCH'])
    expect(world.block(wanting(400n, 1))).toEqual([])
  })

  test('a longer or shorter time to vote needs an explicit yes of many: silence does not pass it', () => {
    for (const [yes, value] of [
      [4, 10],
      [5, 1],
    ] as const) {
      const world = funded()
      const request = requestOf(world, { settings: [{ name: 'changeCyclesMin', value: 1n }] })
      world.block(request, ...votesFor(world, request, 'yes', signers.slice(0, yes)))
      untilHeight(world, 20)
      expect(world.state.settings.changeCyclesMin).toBe(value)
    }
  })

  test('"any 51% attack could just be rolled back … they will be scheduled and all peers have that time to decide" (§8.3): coins go back, an account ends', () => {
    const world = funded()
    const [thief, victim] = [accountOfPeer((signers[6] as Signer).peerId), parseAccountId('cd'.repeat(32))]
    const patch = { moves: [{ from: thief, to: victim, amount: 50_000_000n }], ends: [(signers[6] as Signer).peerId] }
    const request = requestOf(world, patch)
    world.block(request, ...votesFor(world, request, 'yes', signers.slice(0, 5)))
    untilHeight(world, 20)
    expect(balanceOf(world.state.ledger, victim)).toBe(50_000_000n)
    expect(balanceOf(world.state.ledger, thief)).toBe(0n)
    expect(world.state.registry.get((signers[6] as Signer).peerId)?.standing).toBe('terminated')
    // voted down, nothing moves
    const other = funded()
    const refused = requestOf(other, patch)
    other.block(refused, ...votesFor(other, refused, 'yes', signers.slice(0, 4)), ...votesFor(other, refused, 'no', signers.slice(4)))
    untilHeight(other, 20)
    expect(balanceOf(other.state.ledger, victim)).toBe(0n)
  })

  test('rules that this program does not know stop it at their height: it does not guess', () => {
    const world = funded()
    const request = requestOf(world, { settings: [{ name: 'programVersion', value: 2n }] })
    world.block(request, ...votesFor(world, request, 'yes', signers))
    untilHeight(world, 11)
    expect(() => world.block()).toThrow(
      expect.objectContaining({ code: 'PROGRAM_OLD', failure: { code: 'PROGRAM_OLD', known: 1, needed: 2 } }),
    )
  })
})

test('"so they will be applied to every peer simultaneously": also on one that slept through it all and takes the blocks later', () => {
  const world = funded()
  const request = requestOf(world, cheaper)
  const blocks: Uint8Array[][] = [[request], votesFor(world, request, 'no', signers.slice(0, 2)), ...Array.from({ length: 14 }, () => [])]
  const asleep = funded()
  const seen: NetworkState[] = blocks.map((transactions) => {
    world.block(...transactions)
    return world.state
  })
  for (const [i, transactions] of blocks.entries()) {
    asleep.block(...transactions)
    expect(asleep.application.dataSets(asleep.state)).toEqual(world.application.dataSets(seen[i] as NetworkState))
  }
  expect(asleep.state.settings.publishFee).toBe(7n)
  expect(networkApplication(asleep.state.network).dataSets(asleep.state)).toEqual(asleep.application.dataSets(asleep.state))
})

test('requests and votes are in the map of settings: after every block it is that of its entries alone, and each is proven', () => {
  const world = funded()
  const request = requestOf(world, cheaper)
  world.block(request)
  for (let turn = 0; turn < 14; turn++) {
    world.block(...votesFor(world, request, turn % 2 === 0 ? 'no' : 'yes', signers.slice(0, (turn % 2) + 1), turn))
    expect(dataMapsOf(world.state)).toEqual(world.state.maps)
  }
  const id = hexOf(changeIdOf(request))
  const { votes: _, ...entry } = world.state.changes.get(id) as NonNullable<ReturnType<NetworkState['changes']['get']>>
  const proofOf = (key: Uint8Array) => readHeldMap(world.state.maps.settings, (get, root) => proveEntry(get, root, key)).proof
  const root = world.state.maps.settings.root.hash
  expect(checkChange(root, id, proofOf(changeKey(id)))).toEqual(entry)
  expect(checkChange(root, 'ab'.repeat(32), proofOf(changeKey('ab'.repeat(32))))).toBeUndefined()
  expect(checkSetting(root, 'publishFee', proofOf(settingKey('publishFee')))).toBe(7n)
})
