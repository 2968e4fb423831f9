import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ExtensionName } from '../configuration/fields.js'
import { PhpRuntimeError } from '../errors.js'
import type { PhpVersion } from '../php-version.js'
import { ICU_DATA } from './icu-data.js'

/** Every build is of this release of @php-wasm. Its binaries are the protocol: another release is another network's. */
const RELEASE = '3.1.56'

/** SHA-256 of what is taken from a version's package: PHP itself, and its side modules. */
const digests = {
  '8.2': {
    php: '09adb48f9686c5677338a08535211b8636bfb4ea0031978aad1cdebfcd9bdf15',
    intl: '5242c22392c7a0a3b2fd8281e216e6dda1df9e6f7be83abbd6adfb846bd82cf3',
  },
  '8.3': {
    php: '7a99d38c7b816498f427533947a9164b2e2e9fefff81f6cf44bdecaae52d26fb',
    intl: '0d25067f43dfec2508b14a2afa06c0f8233b12464a3538752abb5ddeb2cef976',
  },
  '8.4': {
    php: 'f1961781b90f2fdc8c40d4a7d3e930af3afb23fa4c706514e40e45b889305024',
    intl: '29c8d9cad991746f5f5025a15aff6af324013974be7e8d51c4bc621bc548a943',
  },
  '8.5': {
    php: '6bad1d933c0d01330c60a0681dbd9b8c110a23bde397840f3bcaadf4b1503483',
    intl: '70529df4befcd1ca39239f73e81a74a096f19b6dc50e2dd9be5247986fd71aef',
  },
} as const satisfies Record<PhpVersion, Record<string, string>>

const icuDigest = 'dc778b9ffe18ed319ad3fb70754f80e51cf7b6dbfff38fc0c0a5f27bb5463dad'

/** All binaries that a network of this release runs, as a text: the same whichever of them are installed. */
export const pinnedBuilds: string = JSON.stringify([digests, icuDigest])

/** PHP's binary, as its package has it. @throws {PhpRuntimeError} VERSION_MISSING, BUILD_UNKNOWN */
export async function readPhp(version: PhpVersion): Promise<Uint8Array> {
  const jspi = join(folderOf(version), 'jspi')
  // the folder has the patch version's name: jspi/8_2_33/php_8_2.wasm
  const stem = version.replace('.', '_')
  const names = await readdir(jspi).catch(() => [])
  const folder = names.find((name) => new RegExp(`^${stem}_\\d+$`).test(name)) ?? stem
  return readPinned(version, packageOf(version), join(jspi, folder, `php_${stem}.wasm`), digests[version].php)
}

/** A side module of a version, as its package has it. @throws {PhpRuntimeError} VERSION_MISSING, BUILD_UNKNOWN */
export async function readSideModule(version: PhpVersion, name: ExtensionName): Promise<Uint8Array> {
  const path = join(folderOf(version), 'jspi', 'extensions', name, `${name}.so`)
  return readPinned(version, packageOf(version), path, digests[version][name])
}

/** The data of ICU 74, which this package brings (tsup.config.ts), the same for every version. @throws {PhpRuntimeError} BUILD_UNKNOWN */
export async function readIcuData(version: PhpVersion): Promise<Uint8Array> {
  const manifest = createRequire(import.meta.url).resolve(`${OWN_NAME}/package.json`)
  return readPinned(version, OWN_NAME, join(dirname(manifest), 'dist', ICU_DATA), icuDigest)
}
const OWN_NAME = '@interpeer/php-runtime-bridge'

async function readPinned(php: PhpVersion, install: string, path: string, digest: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch(() => undefined)
  if (bytes === undefined || createHash('sha256').update(bytes).digest('hex') !== digest)
    throw new PhpRuntimeError({ code: 'BUILD_UNKNOWN', php, install })
  return bytes
}

function folderOf(version: PhpVersion): string {
  const install = packageOf(version)
  try {
    return dirname(createRequire(import.meta.url).resolve(`${install.slice(0, install.lastIndexOf('@'))}/package.json`))
  } catch (cause) {
    throw new PhpRuntimeError({ code: 'VERSION_MISSING', php: version, install }, { cause })
  }
}

/** What brings a version, as a package manager takes it: '@php-wasm/node-8-2@3.1.56'. */
export function packageOf(version: PhpVersion): string {
  return `@php-wasm/node-${version.replace('.', '-')}@${RELEASE}`
}
