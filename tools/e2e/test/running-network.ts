import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'
import type { NetworkStatus } from '../../../apps/gateway/src/pages/index.js'
import { type Fetched, type FetchOptions, LocalNetwork, type LocalNetworkOptions } from '../../devnet/network.mjs'

const WIKI = fileURLToPath(new URL('../../../examples/wiki', import.meta.url))

/** Fast tenures: a block a second, and one of five seats changes every two seconds. */
export const FAST = { seeders: 7, group: 5, cycleMs: 1_000, tenureMs: 10_000 }

/** Why a write was not answered yet: it may be done nevertheless, and whoever sends it again under its key gets that answer. */
const LATE = ['SITE_STARTING', 'SITE_UNREACHABLE', 'MEMBER_BEHIND', 'NOT_A_MEMBER', 'GROUP_CLOSED', 'GROUP_BUSY', 'GROUP_SLOW']

export interface Running {
  readonly network: LocalNetwork
  readonly status: () => Promise<NetworkStatus>
  /** A POST that its group has answered, however often it had to be sent: it is done once. */
  readonly write: (path: string, options?: Omit<FetchOptions, 'method'>) => Promise<Fetched>
  /** Saves a new page; resolves once the gateway acknowledged it. */
  readonly savePage: (page: string, text: string) => Promise<{ status: number; peer: string; certificate: string }>
  readonly readPage: (page: string, member?: string) => Promise<{ status: number; text: string; peer: string }>
  /** Exit codes. */
  readonly stop: () => Promise<readonly (number | string)[]>
}

/** A local network on a fresh folder, serving the example wiki. */
export async function startNetwork(options: Partial<LocalNetworkOptions> = {}): Promise<Running> {
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'interpeer-e2e-'))
  const lines: string[] = []
  const usual = { ...FAST, port: 0, site: WIKI, name: 'wiki', cache: inject('phpCache'), servedMs: 240_000 }
  const network = new LocalNetwork({ ...usual, ...options, data }, (line) => lines.push(line))
  const stop = async () => {
    const codes = await network.stop()
    if (options.data === undefined) rmSync(data, { recursive: true, force: true })
    return codes
  }
  try {
    await network.start()
  } catch (error) {
    await network.stop()
    throw new Error(`the network did not start:\n${lines.join('\n')}`, { cause: error })
  }
  return {
    network,
    stop,
    status: () => statusOf(network),
    write: (path, given) => write(network, path, given),
    savePage: (page, text) => savePage(network, page, text),
    readPage: (page, member) => readPage(network, page, member),
  }
}

async function statusOf(network: LocalNetwork): Promise<NetworkStatus> {
  return JSON.parse((await network.fetch('/status.json', { host: 'localhost' })).body.toString()) as NetworkStatus
}

async function write(network: LocalNetwork, path: string, options: FetchOptions = {}): Promise<Fetched> {
  const headers = { ...options.headers, 'idempotency-key': randomUUID() }
  let answer: Fetched | undefined
  await until(`a write to ${path} is answered`, async () => {
    answer = await network.fetch(path, { ...options, method: 'POST', headers })
    return !LATE.includes(String(answer.headers['interpeer-error']))
  })
  return answer as Fetched
}

async function savePage(network: LocalNetwork, page: string, text: string): Promise<{ status: number; peer: string; certificate: string }> {
  const body = new URLSearchParams({ page, base: '0', text, note: '', author: 'Tester', do: 'save' }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const { status, headers: got } = await write(network, '/', { headers, body })
  return { status, peer: String(got['interpeer-peer']), certificate: String(got['interpeer-certificate']) }
}

async function readPage(network: LocalNetwork, page: string, member?: string): Promise<{ status: number; text: string; peer: string }> {
  const headers: Record<string, string> = member === undefined ? {} : { 'interpeer-peer': member }
  const { status, headers: got, body } = await network.fetch(`/?page=${encodeURIComponent(page)}`, { headers })
  return { status, text: body.toString(), peer: String(got['interpeer-peer']) }
}

/** Waits until `isTrue` says so; fails with `what` after `deadlineMs`. */
export async function until(what: string, isTrue: () => Promise<boolean>, deadlineMs = 120_000): Promise<void> {
  const deadline = performance.now() + deadlineMs
  let cause: unknown
  const isSo = () =>
    isTrue().catch((error: unknown) => {
      cause = error
      return false
    })
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMs / 1000} s: ${what}`, { cause })
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** Whether all coins are accounted for: balances + escrows + burned = minted. */
export function isConserved({ supply }: NetworkStatus): boolean {
  return BigInt(supply.balances) + BigInt(supply.escrows) + BigInt(supply.burned) === BigInt(supply.minted)
}
