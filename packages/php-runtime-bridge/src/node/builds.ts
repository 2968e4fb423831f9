import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PhpRuntimeError } from '../errors.js'
import type { PhpVersion } from '../php-version.js'

/** Every build is of this release of @php-wasm. Its binaries are the protocol: another release is another network's. */
const RELEASE = '3.1.56'

/** SHA-256 of what is taken from a version's package. */
const digests = {
  '8.2': {
    php: '09adb48f9686c5677338a08535211b8636bfb4ea0031978aad1cdebfcd9bdf15',
  },
  '8.3': {
    php: '7a99d38c7b816498f427533947a9164b2e2e9fefff81f6cf44bdecaae52d26fb',
  },
  '8.4': {
    php: 'f1961781b90f2fdc8c40d4a7d3e930af3afb23fa4c706514e40e45b889305024',
  },
  '8.5': {
    php: '6bad1d933c0d01330c60a0681dbd9b8c110a23bde397840f3bcaadf4b1503483',
  },
} as const satisfies Record<PhpVersion, Record<string, string>>

interface CheckedBytes {
  readonly bytes: Uint8Array
  /** SHA-256 of the bytes, hexadecimal: always the pinned one. */
  readonly digest: string
}

/** PHP's binary, as its package has it. @throws {PhpRuntimeError} VERSION_MISSING, BUILD_UNKNOWN */
export async function readPhp(version: PhpVersion): Promise<CheckedBytes> {
  const jspi = join(folderOf(version), 'jspi')
  // the folder has the patch version's name: jspi/8_2_33/php_8_2.wasm
  const stem = version.replace('.', '_')
  const names = await readdir(jspi).catch(() => [])
  const folder = names.find((name) => new RegExp(`^${stem}_\\d+$`).test(name)) ?? stem
  return readChecked(version, join(jspi, folder, `php_${stem}.wasm`), digests[version].php)
}

async function readChecked(php: PhpVersion, path: string, digest: string): Promise<CheckedBytes> {
  const bytes = await readFile(path).catch(() => undefined)
  if (bytes === undefined || createHash('sha256').update(bytes).digest('hex') !== digest)
    throw new PhpRuntimeError({ code: 'BUILD_UNKNOWN', php, install: packageOf(php) })
  return { bytes, digest }
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
