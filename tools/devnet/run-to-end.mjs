import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Runs a program to its end and returns what it printed on stdout; lines on stderr are progress. Rejects with its last lines where it fails. */
export function runToEnd(program, words, onProgress) {
  return new Promise((done, failed) => {
    const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] })
    let output = ''
    const lines = []
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
    })
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line)
      onProgress(line)
    })
    child.on('error', failed)
    child.on('close', (code) => (code === 0 ? done(output) : failed(new Error(lines.slice(-5).join('\n') || `it ended with code ${code}`))))
  })
}
