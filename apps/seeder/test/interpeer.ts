import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const INTERPEER = fileURLToPath(new URL('../dist/main.js', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}
export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
}

/** Runs the built program to its end, away from any terminal and from this process's own settings. */
export function interpeer(args: readonly string[], { env = {}, stdin = '' }: Surroundings = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [INTERPEER, ...args], { env: { PATH: process.env.PATH, ...env } })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.stdin.on('error', () => {}) // it may end without having read it
    child.stdin.end(stdin)
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }))
  })
}
