import type { PlantedBug } from '@interpeer/simulator'

const inDisputes = { scenario: 'group-disputes', peers: 5, seedsMax: 200 }

/** Bugs in what a member does that was kept out of steps: of gaps, closings and branches. Part of `planted`. */
export const plantedInDisputes: readonly PlantedBug[] = [
  {
    name: 'skipped-steps-not-run',
    says: 'a member that was kept out of a step takes up the next one, and looks at nothing before it',
    patches: [{ file: 'src/skips.ts', search: 'if (isNext || g.seat < 0 || !isJudged(g)) return', replace: 'if (step > 0) return' }],
    foundBy: [{ ...inDisputes, seedFrom: 20, seedsMax: 20 }],
  },
  {
    name: 'gap-run-without-its-claims',
    says: 'a juror walks back over steps without certificates, compares nothing but the last with what was certified, and what it finds invalid for that stands, as it is final',
    patches: [
      {
        file: 'src/jury/judge.ts',
        search: "finding.type === 'invalid' || isWithheld(dispute, step)",
        replace: "finding.type !== 'invalid' && isWithheld(dispute, step)",
      },
      { file: 'src/jury/juror-case.ts', search: '(claimedRoot(j, step) ?? root) === root', replace: 'claimedRoot(j, step) !== null' },
    ],
    foundBy: [{ ...inDisputes, seedFrom: 20, seedsMax: 20 }],
  },
  {
    name: 'closing-revealed-unseen',
    says: 'a member reveals a closing batch before it has seen all that was certified without it: the chain carries it out at once',
    patches: [
      {
        file: 'src/closing-reveal.ts',
        search: 'if (!value.closing || value.epoch !== g.setup.epoch || !isJudged(g)) return true',
        replace: 'if (hash.length > 0) return true',
      },
    ],
    foundBy: [{ ...inDisputes, seedFrom: 40_240, seedsMax: 12 }],
  },
  {
    name: 'kept-out-to-the-end-silent',
    says: 'a member that is kept out of all steps up to the closing does not bring that, as it has no certificates in between',
    patches: [{ file: 'src/tell-disputes.ts', search: 'const isApart = step > g.base.step + 1', replace: 'const isApart = step < 0' }],
    foundBy: [{ ...inDisputes, seedFrom: 40_025, seedsMax: 12 }],
  },
  {
    name: 'branch-with-known-numbers-ignored',
    says: 'a member that is shown another certified batch of a step that it knows says nothing of it',
    patches: [
      {
        file: 'src/unseen.ts',
        search: 'else if (mayNoteBranch(g, batch, by)) noteBranch(',
        replace: 'else if (certificate.length === 0) noteBranch(',
      },
    ],
    foundBy: [{ ...inDisputes, seedFrom: 1_490, seedsMax: 12 }],
  },
  {
    name: 'branch-taken-up',
    says: 'a member goes on from a certified step that is not built on the one before it as it knows that',
    patches: [
      {
        file: 'src/skips.ts',
        search: 'if (isNext && isAside)',
        replace: 'if (isNext && isAside && step < 0)',
      },
    ],
    foundBy: [{ ...inDisputes, seedFrom: 9_360, seedsMax: 12 }],
  },
  {
    name: 'branch-without-its-way',
    says: 'a member that is not given a step of another branch brings it with what leads to its own',
    patches: [{ file: 'src/tell-disputes.ts', search: 'isOnOther(g, unseen) ? ', replace: 'step < 0 ? ' }],
    foundBy: [{ ...inDisputes, seedFrom: 1_990, seedsMax: 12 }],
  },
  {
    name: 'far-gap-not-run',
    says: 'a member that was kept out of more steps than jurors run looks at none of them',
    patches: [{ file: 'src/stretch.ts', search: '(gap > 0 || !isFar(way, step))', replace: '(gap >= 0 && !isFar(way, step))' }],
    foundBy: [{ ...inDisputes, seedFrom: 81, seedsMax: 4 }],
  },
  {
    name: 'first-stretch-only',
    says: 'a member that was kept out of many steps runs the first stretch, and takes that for all of it',
    patches: [
      {
        file: 'src/skips.ts',
        search: 'stretch !== undefined && stretch.through < skip.step',
        replace: 'stretch !== undefined && skip.step < 0',
      },
    ],
    foundBy: [{ ...inDisputes, seedFrom: 166, seedsMax: 8 }],
  },
  {
    name: 'stretch-settles-all',
    says: 'a stretch that holds settles all that leads to its step: an accomplice, or a jury that was given what the member was not, keeps it from asking for another',
    patches: [
      { file: 'src/jury/judgment.ts', search: 'if (of.stretch !== undefined) {', replace: 'if (of.stretch !== undefined && step < 0) {' },
    ],
    foundBy: [{ ...inDisputes, seedFrom: 730, seedsMax: 8 }],
  },
  {
    name: 'forged-base-let-be',
    says: 'a member that is shown by the chain that a step came to something else than it knows says nothing of it: the next epoch begins from there',
    patches: [
      {
        file: 'src/past.ts',
        search: "by === 'anyone' ? undefined : pastAt(g, step)",
        replace: "by !== 'closing' ? undefined : pastAt(g, step)",
      },
    ],
    foundBy: [{ ...inDisputes, seedFrom: 51, seedsMax: 15 }],
  },
]
