import { peekMessageNumber, signMessage } from '@interpeer/crypto-ids'
import { type Fault, type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { blocksMessage, wantBlocksMessage } from '../src/messages.js'
import { SPEND, START_MS, simulateChain, traitorsMax } from './chain.sim.js'
import type { ChainNode } from './chain-node.js'
import { madeBlock } from './forge.js'
import { type Tactic, twoFaced } from './traitors.js'

const [ECLIPSE_AT_MS, ECLIPSE_MS] = [3_000, 9_000]
const COINS = 4
/** How much later the eclipsed peer is shown real blocks, where it is. */
const LATE_MS = 2_500

/** What those around a peer show it in place of the network: nothing; forged blocks; the real ones, late; another face. */
const SHOWN = ['nothing', 'forged', 'late', 'other-face'] as const
type Shown = (typeof SHOWN)[number]

/**
 * An eclipse: for nine seconds one peer hears only the traitors, as many as the network bears, who show it what they like. A coin is paid to it by the traitors, who spend the same
 * one to themselves in the network. Measured: blocks that it takes and that are none of the network's, coins that are final with it alone, how many heights it is
 * behind when it ends, and how long it takes to be there again.
 */
export function simulate({ seed, peers, trace }: ScenarioInput): Outcome {
  const dice = Random.named(seed, 41)
  const shown = SHOWN[seed % SHOWN.length] as Shown
  const traitors = Array.from({ length: traitorsMax(peers) }, (_, i) => i)
  const victim = peers - 1
  const rest = Array.from({ length: victim }, (_, i) => i).filter((i) => !traitors.includes(i))
  const [from, to] = [rest, [victim]]
  const faults: Fault[] = [
    { type: 'cut', atMs: ECLIPSE_AT_MS, forMs: ECLIPSE_MS, from, to },
    { type: 'cut', atMs: ECLIPSE_AT_MS, forMs: ECLIPSE_MS, from: to, to: from },
  ]
  const isDark = ({ around }: ChainNode): boolean => {
    const atMs = around.world.nowMs - START_MS
    return atMs >= ECLIPSE_AT_MS && atMs < ECLIPSE_AT_MS + ECLIPSE_MS
  }
  let [behind, backMs, own] = [0, -1, 0]
  return simulateChain({
    seed,
    peers,
    trace,
    plan: faults,
    stormMs: ECLIPSE_AT_MS + ECLIPSE_MS,
    weather: { lossPerMille: 0, repeatPerMille: 0, delayMsMax: 60, latePerMille: 0 },
    tacticsOf: () => new Map(traitors.map((i) => [i, tacticsOf(shown, victim, isDark)])),
    also(around) {
      const { world, nodes } = around
      const heights = (all: readonly number[]) => Math.max(...all.map((i) => (nodes[i] as ChainNode).height))
      for (let coin = 0; coin < COINS; coin++) {
        const atMs = START_MS + ECLIPSE_AT_MS + 500 + coin * 2_000
        // the victim is handed the coin that is paid to it, and the network another
        world.at(atMs, () => (nodes[victim] as ChainNode).tell({ type: 'submit', transaction: Uint8Array.of(SPEND, coin, 1) }))
        world.at(atMs, () => (nodes[dice.pick(rest)] as ChainNode).tell({ type: 'submit', transaction: Uint8Array.of(SPEND, coin, 0) }))
      }
      const endMs = START_MS + ECLIPSE_AT_MS + ECLIPSE_MS
      world.at(endMs - 1, () => {
        behind = heights(rest) - heights([victim])
        own = [...((nodes[victim] as ChainNode).state?.tip.state.spent ?? [])].filter(([coin, whom]) => {
          return whom === 1 && (nodes[rest[0] as number] as ChainNode).state?.tip.state.spent.get(coin) === 0
        }).length
      })
      const look = () => {
        if (heights([victim]) >= heights(rest) - 1) backMs = world.nowMs - endMs
        else world.after(50, look)
      }
      world.at(endMs, look)
      return () => [
        ...(own > 0 ? ['a coin is final with the eclipsed peer, and another way in the network'] : []),
        ...(backMs < 0 ? ['it never came back'] : []),
      ]
    },
    figures: () => ({ shown, traitors: traitors.length, heightsBehind: behind, coinsFinalWithItAlone: own, backMs }),
  })
}

function tacticsOf(shown: Shown, victim: number, isDark: (node: ChainNode) => boolean): readonly Tactic[] {
  const isVictim = ({ around }: ChainNode, to: string) => around.nodes[victim]?.signer.peerId === to
  if (shown === 'other-face') return [twoFaced()]
  return [
    {
      name: `eclipse-${shown}`,
      send(node, to, envelope) {
        if (!isVictim(node, to) || !isDark(node)) return [envelope]
        if (shown === 'nothing') return []
        if (shown === 'late') {
          node.machine.later(LATE_MS, () => node.post(to, envelope))
          return []
        }
        return peekMessageNumber(envelope) === blocksMessage.number ? [] : forgedFor(node)
      },
      hear(node, envelope) {
        if (shown !== 'forged' || !isDark(node) || peekMessageNumber(envelope) !== wantBlocksMessage.number) return
        for (const forged of forgedFor(node)) node.post((node.around.nodes[victim] as ChainNode).signer.peerId, forged)
      },
    },
  ]
}

/** A block after its own tip that would be valid, in which a coin is paid to the victim; its certificate has one traitor's vote as often as a quorum asks for. */
function forgedFor({ state, signer, around }: ChainNode): readonly Uint8Array[] {
  if (state === undefined) return []
  const { tip } = state
  const voters = Array.from({ length: tip.group.electorate.quorum }, () => signer)
  const fixed = { ...around, network: around.genesis.network }
  const { bytes } = madeBlock(fixed, tip, { leader: signer, voters, transactions: [Uint8Array.of(SPEND, 0, 1)] })
  return [signMessage(blocksMessage, { blocks: [bytes], sender: signer.publicKey }, signer, around.genesis.network)]
}
