import { expect, test } from 'vitest'
import { quorumOf } from '../src/index.js'

/** Chances of a Poisson number with this mean: how many of many electors are drawn. */
function poisson(mean: number): readonly number[] {
  const chances = [Math.exp(-mean)]
  if (chances[0] === 0) throw new Error('too large to count from 0')
  for (let k = 1; k < mean + 40 * Math.sqrt(mean) + 50; k++) chances.push(((chances[k - 1] as number) * mean) / k)
  return chances
}
const sum = (chances: readonly number[], from: number): number => chances.slice(Math.max(0, from)).reduceRight((all, one) => all + one, 0)
/** The same for a mean whose chance of none is too small for a number: by the logarithm. */
function drawnOf(mean: number): readonly number[] {
  if (mean < 700) return poisson(mean)
  const [most, logs] = [mean + 40 * Math.sqrt(mean), [-mean]]
  for (let k = 1; k < most; k++) logs.push((logs[k - 1] as number) + Math.log(mean / k))
  return logs.map(Math.exp)
}

/** With a fifth traitors among many electors: a step forks where honest and twice the traitors make two quorums, and halts without a quorum of honest ones. */
test.each([
  [512, 680, 709],
  [1_000, 70_000, 58_800],
  [2_000, 516e6, 485e6],
])('a group of %i: a step forks once in %d, has no quorum once in %d (docs/protocol/vote-chain.md)', (size, forks, halts) => {
  const [honest, traitors, quorum] = [drawnOf(0.8 * size), drawnOf(0.2 * size), quorumOf(size)]
  const fork = traitors.reduce((all, chance, drawn) => all + chance * sum(honest, 2 * quorum - 2 * drawn), 0)
  const halt = sum(honest.slice(0, quorum), 0)
  expect(1 / fork / forks).toBeCloseTo(1, 1)
  expect(1 / halt / halts).toBeCloseTo(1, 1)
})
