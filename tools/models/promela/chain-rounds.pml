/*
 * The rounds in which a root group agrees on one block (docs/protocol/vote-chain.md, rules 3 and 5 to 8): four electors, one of them a traitor, who are all in the group; two rounds.
 *
 * What is signed is shared memory, and is never taken back. Messages are lost, late and reordered: an elector may act on any votes that exist, or as if it had not seen them, for as long
 * as it likes. The traitor's key signs everything that helps anybody, so it counts in every step for every block and for none. Each honest elector is a process with a round of its own: unlike
 * src/chain-rounds.ts, nothing is assumed about the order in which electors go through rounds. A crash that keeps what is durable is doing nothing for a while.
 *
 * Holds: no two blocks are certified, in whichever rounds; and when nobody can do anything more, all are in the last round, and it can end with honest votes alone.
 * Each WITHOUT_… takes one rule away, and must break one of the two.
 */
#define ROUNDS 2
#define HONEST 3
#define TRAITORS 1
#define QUORUM 3 /* floor(0.685 * 4) + 1 */

#define A 1
#define B 2
#define NONE 4

byte soft[HONEST * ROUNDS], certify[HONEST * ROUNDS], ends[HONEST * ROUNDS], at[HONEST];

#define IN(votes, e, r, x) ((votes[(e) * ROUNDS + (r)] & (x)) != 0)
#define COUNT(votes, r, x) (IN(votes, 0, r, x) + IN(votes, 1, r, x) + IN(votes, 2, r, x))
/* what a quorum can be shown for, with the traitor's vote */
#define BUNDLE(votes, r, x) (COUNT(votes, r, x) + TRAITORS >= QUORUM)
#define MINE(votes) votes[me * ROUNDS + round]

/* rule 3: in round 0 any block; above, a new one on next votes for none, an old one on next votes for it */
#ifdef WITHOUT_NONE_FOR_A_NEW_BLOCK
#define MAY_SOFT(x) true
#else
#define MAY_SOFT(x) (round == 0 || BUNDLE(ends, round - 1, NONE) || BUNDLE(ends, round - 1, x))
#endif
/* rule 9: a soft vote is durable, so there is one a round */
#ifdef WITHOUT_DURABLE_VOTES
#define SOFT_IS_FREE(x) ((MINE(soft) & (x)) == 0)
#else
#define SOFT_IS_FREE(x) (MINE(soft) == 0)
#endif
/* rule 5: on soft votes of this round, unless it has voted to end it otherwise */
#ifdef WITHOUT_SOFT_QUORUM
#define IS_SOFT(x) ((soft[0 * ROUNDS + round] & (x)) || (soft[1 * ROUNDS + round] & (x)) || (soft[2 * ROUNDS + round] & (x)))
#else
#define IS_SOFT(x) BUNDLE(soft, round, x)
#endif
#ifdef WITHOUT_END_BINDING_CERTIFY
#define IS_OPEN(x) true
#else
#define IS_OPEN(x) ((MINE(ends) & (A + B + NONE - (x))) == 0)
#endif
/* rule 6: who certified ends the round for that block only */
#ifdef WITHOUT_CERTIFY_BINDING_END
#define IS_FREE_TO_END(x) true
#else
#define IS_FREE_TO_END(x) (MINE(certify) == 0 || MINE(certify) == (x))
#endif
/* rule 6: for none in round 0, or on next votes for none of the round before. Without that it takes three rounds to break: src/chain-rounds.ts does (valueIsCarried) */
#define KNOWS_NONE (round == 0 || BUNDLE(ends, round - 1, NONE))
#define MAY_END(x) (IS_FREE_TO_END(x) && (BUNDLE(soft, round, x) || (round > 0 && BUNDLE(ends, round - 1, x))))

#define CERTIFIED(x) (BUNDLE(certify, 0, x) || BUNDLE(certify, 1, x))

/*
 * Electors that differ only in name, and blocks, are one: any run is another one's in which electors take their first steps in the order of their numbers, and the first block that is voted for is
 * A. So only such are looked at.
 */
byte started;
bool named;
#define GO (me <= started)
#define STEP started = (me == started -> started + 1 : started)

active [HONEST] proctype Elector()
{
  byte me = _pid, round = 0;
end:
  do
  :: atomic { GO && SOFT_IS_FREE(A) && MAY_SOFT(A) -> MINE(soft) = MINE(soft) | A; named = true; STEP }
  :: atomic { GO && named && SOFT_IS_FREE(B) && MAY_SOFT(B) -> MINE(soft) = MINE(soft) | B; STEP }
  :: atomic { GO && MINE(certify) == 0 && IS_SOFT(A) && IS_OPEN(A) -> MINE(certify) = A; STEP; assert(!(CERTIFIED(A) && CERTIFIED(B))) }
  :: atomic { GO && MINE(certify) == 0 && IS_SOFT(B) && IS_OPEN(B) -> MINE(certify) = B; STEP; assert(!(CERTIFIED(A) && CERTIFIED(B))) }
  :: atomic { GO && (MINE(ends) & A) == 0 && MAY_END(A) -> MINE(ends) = MINE(ends) | A; STEP }
  :: atomic { GO && (MINE(ends) & B) == 0 && MAY_END(B) -> MINE(ends) = MINE(ends) | B; STEP }
  :: atomic { GO && (MINE(ends) & NONE) == 0 && IS_FREE_TO_END(NONE) && KNOWS_NONE -> MINE(ends) = MINE(ends) | NONE; STEP }
  :: atomic { /* rule 7 */
       round + 1 < ROUNDS &&
       (BUNDLE(ends, round, A) || BUNDLE(ends, round, B) || BUNDLE(ends, round, NONE) ||
        BUNDLE(soft, (round + 1) % ROUNDS, A) || BUNDLE(soft, (round + 1) % ROUNDS, B)) -> round++; at[me] = round; STEP }
  od
}

#define ALL_END(x) (COUNT(ends, ROUNDS - 1, x) == HONEST)
active proctype Watch()
{
  timeout -> assert(at[0] == ROUNDS - 1 && at[1] == ROUNDS - 1 && at[2] == ROUNDS - 1 && (ALL_END(A) || ALL_END(B) || ALL_END(NONE)))
}
