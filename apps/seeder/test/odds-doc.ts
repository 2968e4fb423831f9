import { type GroupOdds, groupOdds } from '@interpeer/peer-group'
import { chanceOf, inDay } from '../src/odds.js'

const SHARES_PPM = [100_000, 200_000, 333_333, 500_000]
const SIZES = Array.from({ length: 31 }, (_, i) => i + 1)
const [MINUTE_MS, DAY_MS] = [60_000, 86_400_000]
const known = new Map<string, GroupOdds>()
function oddsOf(members: number, traitorsPpm: number, tenureMs = 80_000, peers: number | null = null): GroupOdds {
  const key = `${members} ${traitorsPpm} ${tenureMs} ${peers}`
  const odds = known.get(key) ?? groupOdds({ members, traitorsPpm, peers, silentPpm: 10_000, tenureMs })
  known.set(key, odds)
  return odds
}

/** `docs/odds.md`: the model in words, and the tables computed from it. */
export const oddsDoc = (): string => `${MODEL}
## Every size, for four shares of traitors

A peer keeps its seat for 80 s, the usual setting of a network. *Now*: of a group at one time, and so the share of the time. *A day*: at least once in a day.
≈: an estimate, see the model. *Jury*: of 2N+1 jurors more than half collude. *In hand*: q or more collude, and no honest member can be reached (1 % of them are silent).

${SHARES_PPM.map(ofShare).join('\n')}
## The same day at another pace

A day in which seats change seldom shows fewer groups. Five members; at least once in a day:

${table(
  ['tenure', 'changes a day', ...SHARES_PPM.flatMap((ppm) => [`4 of 5, ${share(ppm)}`, `all 5, ${share(ppm)}`])],
  [80_000, 15 * MINUTE_MS, 60 * MINUTE_MS, DAY_MS, 7 * DAY_MS].map((tenureMs) => [
    tenureMs < MINUTE_MS * 2 ? `${tenureMs / 1000} s` : tenureMs < DAY_MS ? `${tenureMs / MINUTE_MS} min` : `${tenureMs / DAY_MS} d`,
    `${Number(oddsOf(5, 0, tenureMs).changesPerDay.toPrecision(3))}`,
    ...SHARES_PPM.flatMap((ppm) => {
      const { quorumColludes, allCollude } = oddsOf(5, ppm, tenureMs)
      return [inDay(quorumColludes), inDay(allCollude)]
    }),
  ]),
)}
## In a small network

Who is drawn is drawn without putting back, so few traitors among few peers fill a group less often than their share says. Five members, 20 % traitors, now:

${table(
  ['peers', '4 of 5 collude', 'all 5 collude', 'jurors', 'jury'],
  [7, 10, 20, 50, 100, 1_000, null].map((peers) => {
    const odds = oddsOf(5, 200_000, 80_000, peers)
    const jury = odds.jurors === 0 ? ['none', '–'] : [`${odds.jurors}`, chanceOf(odds.juryColludes)]
    return [peers === null ? 'very many' : `${peers}`, chanceOf(odds.quorumColludes.now), chanceOf(odds.allCollude.now), ...jury]
  }),
)}
## Waiting

A group waits when more than N−q members are silent. *By chance*: each honest member is silent 1 % of the time, by itself. *At will*: the traitors are silent too.

${table(
  ['N', 'q', 'by chance', ...SHARES_PPM.map((ppm) => `at will, ${share(ppm)}`)],
  SIZES.map((size) => {
    const all = SHARES_PPM.map((ppm) => oddsOf(size, ppm))
    return [`${size}`, `${all[0]?.quorum}`, chanceOf(all[0]?.halts ?? 0), ...all.map((odds) => chanceOf(odds.canBeHalted))]
  }),
)}`

const ofShare = (ppm: number): string => `### ${share(ppm)} collude

${table(
  ['N', 'q', 'q collude, now', 'a day', 'all collude, now', 'a day', 'in hand', 'jury'],
  SIZES.map((size) => rowOf(oddsOf(size, ppm))),
)}`
const rowOf = ({ members, quorum, quorumColludes, allCollude, nobodyDissents, juryColludes }: GroupOdds): string[] => [
  `${members}`,
  `${quorum}`,
  ...[quorumColludes, allCollude].flatMap((of) => [chanceOf(of.now), inDay(of)]),
  chanceOf(nobodyDissents),
  chanceOf(juryColludes),
]
const share = (ppm: number): string => `${Number((ppm / 10_000).toPrecision(3))} %`
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---:'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('')
}

const MODEL = `# The odds of a group

How likely a group of N members is in the hands of peers that collude, computed by \`groupOdds\` of \`@interpeer/peer-group\`. \`interpeer group odds\` shows the same for any
share, tenure and size of network. This page is made by a test (\`pnpm exec vitest run --project seeder odds -u\`), which fails when it differs.

## What a false result needs

White paper §6.2: "the chance of colluding peers abusing the system is (colluding peers / total peers)^N". Which of these numbers holds depends on who may still object:

| | needs | column |
|---|---|---|
| without late dissent, and where there is no jury (fewer than N peers outside the group: *unjudged*) | q = floor(2N/3)+1 members | *q collude* |
| with late dissent: one honest member that can be reached freezes the step | all N members, or q with every honest one out of reach | *all collude*, *in hand* |
| a step that is disputed | more than half of the 2N+1 jurors | *jury* |
| all N collude, and someone outside brings it before a jury afterwards | all N members and the jury | \`interpeer group odds --size N\` |

The last two are not one number. Where all N collude nobody dissents, so no jury is asked. And a jury decides whatever is brought before it: a single traitor in a group may dissent from
a right result and hope for a jury of its friends. If the jury is honest that costs the seat and a mark, so each try has a price; but the chance of *one try* is the column
*jury*, and for small groups that is more than *all collude*. Late dissent is as good as its juries.

## The model

- All t eligible peers hold alike many tickets, c of them collude, all with each other. Who holds more tickets counts as often. Without \`--peers\`, t has no bound and a draw leaves c/t as it is.
- A group is N different peers: the number of traitors is hypergeometric (binomial without bound). Jurors are drawn the same way, and all weigh alike; all of them answer.
- Seats change one at a time, the oldest first, every tenure/N (design §8): tenure/N apart, N in a tenure. Who comes is any peer outside the group but the one who leaves. Groups that follow each other share N−1
  members, so bad groups come in runs. Rotation leaves every ordered group equally likely, so *now*, groups a day and runs a day are exact.
- *At least once in a day* counts the group that the day begins with. Up to 13 members it is exact: a Markov chain over which seats are held by traitors (2^N patterns). The number of traitors alone
  would not do: who leaves is the oldest, not anyone, and such a chain is too low by up to a sixth. Past 13 members every change is taken to begin a run with the same chance: compared with the exact value
  for 2 to 13 members, that lies from a twentieth below to a fifth above.
- Sums are fractions of whole numbers (BigInt), rounded once. 20,000 days rotated by dice agree, in a test.

What it leaves out: that ratings and the joining cost make traitors rarer among those who are drawn (WP §8.1, §6.6), that each false dispute costs its author a seat, and that who attacks one
site must be drawn for that site, while a day of many sites has many groups.
`
