import type { PlantedBug } from '@interpeer/simulator'

const ofFour = { scenario: 'chain', peers: 4, seedsMax: 100 }
const inGossip = { scenario: 'chain-neighbours', peers: 8, seedsMax: 20 }
const inBursts = { scenario: 'chain-bursts', peers: 4, seedsMax: 100 }
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
    foundBy: [{ ...ofFour, seedFrom: 34 }],
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
    foundBy: [{ ...inRounds, seedFrom: 11 }],
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
    foundBy: [{ ...inRounds, seedFrom: 4 }],
  },
  {
    name: 'chain-votes-not-durable',
    says: 'what was voted is not on the disk, so a crash forgets it',
    patches: [
      {
        file: 'src/tell.ts',
        search: '  d.decided = [...kept, { round, kind, attempt, block, envelope }]\n  persist(d)\n',
        replace: '  d.decided = [...kept, { round, kind, attempt, block, envelope }]\n',
      },
    ],
    foundBy: [{ ...inRounds, seedFrom: 2 }],
  },
  {
    name: 'chain-sent-before-durable',
    says: 'a vote goes out before it is on the disk',
    patches: [
      {
        file: 'src/tell.ts',
        search:
          "  persist(d)\n  if (envelope === undefined) return\n  if (isGossiping(d)) passOwn(d, 'vote', envelope)\n  else sendTo(d, others(d), envelope)\n",
        replace: '  if (envelope !== undefined) sendTo(d, others(d), envelope)\n  persist(d)\n  if (envelope === undefined) return\n',
      },
    ],
    foundBy: [{ ...inRounds, seedFrom: 5 }],
  },
  {
    name: 'chain-record-ignored',
    says: 'who comes back goes on in its round, and votes anew',
    patches: [{ file: 'src/open.ts', search: '  d.decided = decidedOf(record)\n', replace: '' }],
    foundBy: [{ ...inRounds, seedFrom: 2 }],
  },
  {
    name: 'chain-second-own-block',
    says: 'who comes back with its clock set back takes its own block for one from the future, and makes another',
    patches: [
      { file: 'src/open.ts', search: ", hexOf(hash), 'whenever')", replace: ', hexOf(hash))' },
      {
        file: 'src/rounds.ts',
        search:
          '  if (named === undefined && own === undefined && d.ownBlock !== undefined) return false // it made one, and never makes a second\n',
        replace: '',
      },
    ],
    foundBy: [{ scenario: 'chain-clocks', peers: 4, seedsMax: 100 }],
  },
  {
    name: 'chain-bundle-of-few',
    says: 'a bundle needs no quorum',
    patches: [
      { file: 'src/certificate.ts', search: "  if (bundle.votes.length < quorum) throw wrong('quorum')\n", replace: '  void quorum\n' },
    ],
    foundBy: [{ ...inRounds, seedFrom: 75 }],
  },
  {
    name: 'chain-value-dropped',
    says: 'who ends a round forgets which block the votes that ended the one before were for',
    patches: [
      {
        file: 'src/rounds.ts',
        search: 'const block = bound?.block ?? soft?.block ?? (none === undefined ? value?.block : null) ?? null',
        replace: 'const block = bound?.block ?? soft?.block ?? null',
      },
    ],
    foundBy: [{ ...inBursts, seedFrom: 2 }],
  },
  {
    name: 'chain-bundle-of-an-earlier-round',
    says: 'a new block is voted for on votes that ended any round before',
    patches: [
      {
        file: 'src/receive.ts',
        search: "if (bundle?.kind !== 'next' || bundle.round !== round - 1 ||",
        replace: "if (bundle?.kind !== 'next' ||",
      },
    ],
    foundBy: [{ ...inBursts, seedFrom: 34 }],
  },
  {
    name: 'chain-votes-of-another-round',
    says: 'a bundle or certificate may be made of votes of another round',
    patches: [
      {
        file: 'src/certificate.ts',
        search: 'vote.height === height && vote.round === on.round && ',
        replace: 'vote.height === height && ',
      },
    ],
    foundBy: [{ ...inBursts, seedFrom: 7 }],
  },
  {
    name: 'chain-vote-twice-in-a-certificate',
    says: 'a certificate counts one vote as often as it is in it',
    patches: [{ file: 'src/certificate.ts', search: "    if (voters.has(voter)) throw wrong('twice')\n", replace: '' }],
    foundBy: [{ scenario: 'chain-eclipse', peers: 7, seedsMax: 4 }],
  },
  {
    name: 'chain-votes-of-strangers',
    says: 'who left the electorate still votes',
    patches: [
      { file: 'src/root-group.ts', search: "  if (!group.electorate.members.has(voter)) return 'VOTE_STRANGER'\n", replace: '' },
      { file: 'src/certificate.ts', search: "    if (!members.has(voter)) throw wrong('voter')\n", replace: '' },
    ],
    foundBy: [{ scenario: 'chain-long-range', peers: 7, seedsMax: 10, seedFrom: 3 }],
  },
  {
    name: 'chain-light-unsigned',
    says: 'a light client takes votes of peers that are no electors',
    patches: [{ file: 'src/light.ts', search: "  if (!isElector) throw wrong('voter')\n", replace: '' }],
    foundBy: [{ scenario: 'chain-gateway', peers: 7, seedsMax: 10, seedFrom: 3 }],
  },
  {
    name: 'chain-passes-on-unchecked',
    says: 'a vote that is wrong is passed on as any other',
    patches: [
      {
        file: 'src/share.ts',
        search: '  const counted = countVote(d, from, vote)\n',
        replace:
          "  let counted: unknown = 'kept'\n  try {\n    counted = countVote(d, from, vote)\n  } catch {}\n  if (counted === 'wrong') counted = 'kept'\n",
      },
    ],
    foundBy: [{ ...inGossip, seedFrom: 3 }],
  },
  {
    name: 'chain-passes-on-again',
    says: 'a vote goes on each time that somebody sends it',
    patches: [
      {
        file: 'src/share.ts',
        search: '  if (!meets(d, from, name)) return\n  const counted',
        replace: "  if (!meets(d, from, name)) return passOn(d, 'vote', vote, d.fixed.gossip.gatherMs, name)\n  const counted",
      },
    ],
    foundBy: [inGossip],
  },
  {
    name: 'chain-never-asks-again',
    says: 'no neighbour is told what a peer has, so what was lost on its way stays lost',
    patches: [
      { file: 'src/share.ts', search: '    tellHave(d, peer)\n', replace: '    void peer\n' },
      { file: 'src/share.ts', search: '  d.handed = handed\n  tellHave(d, from)\n', replace: '  d.handed = handed\n' },
    ],
    foundBy: [inGossip],
  },
  {
    name: 'chain-shuns-who-is-late',
    says: 'who passes on a vote that is known, or not needed any more, is shunned as if it were wrong',
    patches: [
      {
        file: 'src/share.ts',
        search: "  if (counted === 'wrong') return dropNeighbour(d, from)\n",
        replace: "  if (counted === 'wrong' || counted === 'spare') return dropNeighbour(d, from)\n",
      },
    ],
    foundBy: [inGossip],
  },
]
