import { expect, test } from 'vitest'
import { importedPackages, LAYERS, layerFaults, type PackageFacts, readPackages } from './layers.js'
import { filesBelow, readRoot } from './workspace.js'

test('every dependency and every import points down', () => {
  const packages = readPackages('packages', 'apps')
  expect(packages.length).toBeGreaterThan(10)
  expect(layerFaults(packages)).toEqual([])
})

test('the layers are those of design.md §2', () => {
  const rows = [...readRoot('docs/design.md').matchAll(/^\| *(\d) *\| *(.+?) *\|/gm)]
  const inDesign = rows.flatMap(([, layer, cell = '']) =>
    [...cell.matchAll(/`(?:apps\/)?([\w-]+)`/g)].map(([, name]) => [`@interpeer/${name}`, Number(layer)]),
  )
  expect(Object.fromEntries(inDesign)).toEqual(LAYERS)
})

test('the simulator imports no package of ours', () => {
  const [simulator] = readPackages('tools').filter(({ name }) => name === '@interpeer/simulator')
  expect(simulator?.dependencies).toEqual([])
  const ours = filesBelow('tools/simulator', '.ts', '.mjs').flatMap(({ text }) =>
    importedPackages(text).filter((name) => name.startsWith('@interpeer/')),
  )
  expect(ours.filter((name) => name !== '@interpeer/simulator')).toEqual([])
})

// The checker itself, on planted faults: a check that cannot fail checks nothing.
const sound: PackageFacts = {
  name: '@interpeer/overlay',
  folder: 'packages/overlay',
  dependencies: ['@interpeer/crypto-ids', 'udx-native'],
  devDependencies: ['@interpeer/simulator'],
  sources: [{ path: 'packages/overlay/src/a.ts', text: "import { x } from '@interpeer/crypto-ids'\nimport y from 'udx-native'" }],
}
const importing = (text: string): Partial<PackageFacts> => ({ sources: [{ path: 'src/a.ts', text }] })

test('a sound package has no faults', () => {
  expect(layerFaults([sound])).toEqual([])
})

test.each<[string, Partial<PackageFacts>, string]>([
  ['up', { dependencies: ['@interpeer/peer', '@interpeer/crypto-ids'] }, 'depends up on @interpeer/peer'],
  ['sideways', { dependencies: ['@interpeer/content-store', '@interpeer/crypto-ids'] }, 'depends sideways on @interpeer/content-store'],
  ['up, for its tests', { devDependencies: ['@interpeer/peer-group'] }, 'depends up on @interpeer/peer-group'],
  ['on what has no layer', { dependencies: ['@interpeer/secret', '@interpeer/crypto-ids'] }, '@interpeer/secret, which has no layer'],
  ['on a tool, shipped', { dependencies: ['@interpeer/simulator', '@interpeer/crypto-ids'] }, 'ships with @interpeer/simulator'],
  ['and has no layer itself', { name: '@interpeer/misc' }, '@interpeer/misc has no layer'],
  ['and lies among the apps', { folder: 'apps/overlay' }, 'does not belong in this folder'],
  ['by an import that it does not declare', importing("import { x } from '@interpeer/wire-codec/cddl'"), 'imports @interpeer/wire-codec'],
  ['by a re-export', importing("export { x } from '@interpeer/wire-codec'"), 'imports @interpeer/wire-codec'],
  ['by a dynamic import', importing("const late = () => import('@interpeer/wire-codec')"), 'imports @interpeer/wire-codec'],
  ['by a type only', importing("import type { X } from '@interpeer/wire-codec'"), 'imports @interpeer/wire-codec'],
  ['by what only its tests may use', importing("import { World } from '@interpeer/simulator'"), 'imports @interpeer/simulator'],
  ['on its own index', importing("import { x } from '@interpeer/overlay'"), 'its own index'],
])('a planted fault is found: a package that depends %s', (_, fault, words) => {
  const faults = layerFaults([{ ...sound, ...fault }])
  expect(faults.length).toBeGreaterThan(0)
  expect(faults.join('\n')).toContain(words)
})

test('nothing but an app depends on what is under the GPL', () => {
  const peer = {
    ...sound,
    name: '@interpeer/peer',
    folder: 'packages/peer',
    dependencies: ['@interpeer/php-runtime-bridge', '@interpeer/crypto-ids'],
  }
  expect(layerFaults([peer]).join()).toContain('only the apps may')
  expect(layerFaults([{ ...peer, name: '@interpeer/seeder', folder: 'apps/seeder' }])).toEqual([])
})
