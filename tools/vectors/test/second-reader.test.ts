import { readFileSync } from 'node:fs'
import { bytesOfVector, expandValue, type RuleVectors } from '@interpeer/wire-codec/test-vectors'
import { expect, test } from 'vitest'
import { contractOf, vectorsPath } from '../src/files.js'
import { readOne } from '../src/read.js'
import { PACKAGES } from './packages.js'

test.each(PACKAGES)(
  '%s: cborg and the contract alone read every good vector to the same names and values, and refuse every bad one',
  (folder) => {
    const rules = new Map(
      contractOf(folder)
        .rules()
        .map((rule) => [rule.name, rule]),
    )
    const vectors = JSON.parse(readFileSync(vectorsPath(folder, 'wire'), 'utf8')) as readonly RuleVectors[]
    expect(vectors.map(({ rule }) => rule)).toEqual([...rules.keys()])
    for (const { rule: name, cases } of vectors) {
      const rule = rules.get(name)
      if (rule === undefined) throw new Error(name)
      for (const { name: what, expect: code, hex, value } of cases) {
        const taken = () => readOne(rule, bytesOfVector(hex))
        if (code === 'ok') expect(taken(), `${name}: ${what}`).toEqual(expandValue(value ?? null))
        else expect(taken, `${name}: ${what}`).toThrow()
      }
    }
  },
)
