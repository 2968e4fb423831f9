import type { PlantedBug } from '@interpeer/simulator'

const ofFour = { scenario: 'chain', peers: 4, seedsMax: 100 }
const inRounds = { scenario: 'chain-rounds', peers: 4, seedsMax: 100 }

/**
 * Bugs that the simulations must find: `npm run sim -- --planted`. Each is put into a source of this package when it is loaded. One whose text is not in its source
 * any more fails too, so whoever changes a rule changes its bug.
 */
export const planted: readonly PlantedBug[] = [
  {
    name: 'chain-quorum-off-by-one',
    says: 'floor(0.685 E) votes are enough',
    patches: [{ file: 'src/electorate.ts', search: 'Math.floor((size * 685) / 1000) + 1', replace: 'Math.floor((size * 685) / 1000)' }],
    foundBy: [{ ...ofFour, seedFrom: 18 }],
  },
  {
    name: 'chain-certifies-after-the-end',
    says: 'who voted to end a round for none certifies in it all the same',
    patches: [
      { file: 'src/rounds.ts', search: '!d.candidates.has(block) || d.closed ||', replace: '!d.candidates.has(block) ||' },
      {
        file: 'src/rounds.ts',
        search: "  if (decidedHere(d, 'next').some((one) => one.block !== block)) return false\n",
        replace: '',
      },
    ],
    foundBy: [{ ...inRounds, seedFrom: 10 }],
  },
  {
    name: 'chain-ends-for-none',
    says: 'who certified a block ends the round for none',
    patches: [
      {
        file: 'src/rounds.ts',
        search: 'const block = bound?.block ?? soft?.block ?? (none === undefined ? value?.block : null) ?? null',
        replace: 'const block = bound === undefined ? ((none === undefined ? value?.block : null) ?? null) : null',
      },
    ],
    foundBy: [inRounds],
  },
  {
    name: 'chain-new-block-unasked',
    says: 'a new block is proposed, and voted for, whatever the round before came to',
    patches: [
      { file: 'src/receive.ts', search: 'return round === 0 && isOwn', replace: 'return isOwn' },
      {
        file: 'src/rounds.ts',
        search: 'const named = value === undefined ? undefined : d.candidates.get(value.block as string)',
        replace: 'const named = undefined as Candidate<S> | undefined',
      },
      {
        file: 'src/rounds.ts',
        search: '  if (named === undefined && none === undefined && d.round > 0) return false // what it may propose is being asked for\n',
        replace: '',
      },
    ],
    foundBy: [inRounds],
  },
]
