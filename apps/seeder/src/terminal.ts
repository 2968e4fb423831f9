import { clearScreenDown, cursorTo, moveCursor } from 'node:readline'
import { createInterface, type Interface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { harmless } from './print.js'

/** Whether someone sits there who can be asked. Questions go to stderr: stdout belongs to the answer. */
export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true

/** Asks for something secret, as often as there are questions: what is typed is not shown. */
export function askHidden(...questions: readonly string[]): Promise<string[]> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  return withTerminal(nowhere, async (terminal) => {
    const answers: string[] = []
    for (const question of questions) {
      process.stderr.write(harmless(question)) // only now: before, the terminal itself would have shown what is typed
      answers.push(await terminal.question(''))
      process.stderr.write('\n')
    }
    return answers
  })
}

const TYPED_MAX_BYTES = 4096

/** A short text from stdin, where nobody can be asked. */
export async function readStdin(): Promise<string> {
  let bytes = Buffer.alloc(0)
  for await (const chunk of process.stdin) {
    bytes = Buffer.concat([bytes, chunk as Buffer])
    if (bytes.length > TYPED_MAX_BYTES) throw new Error('stdin holds too much for a recovery phrase')
  }
  return bytes.toString('utf8')
}

/** Asks for something that must be seen while it is typed, and takes it off the screen after that. */
export async function askSeen(question: string): Promise<string> {
  const answer = await withTerminal(process.stderr, (terminal) => terminal.question(question))
  const rows = Math.ceil((question.length + answer.length + 1) / (process.stderr.columns || 80))
  moveCursor(process.stderr, 0, -rows)
  cursorTo(process.stderr, 0)
  clearScreenDown(process.stderr)
  process.stderr.write(`${question}…\n`)
  return answer
}

async function withTerminal<T>(output: NodeJS.WritableStream, use: (terminal: Interface) => Promise<T>): Promise<T> {
  const terminal = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 })
  const gone = new Promise<never>((_, reject) => {
    terminal.once('close', () => reject(new Error('nothing was typed, so nothing was done'))) // Ctrl-C or Ctrl-D
  })
  try {
    return await Promise.race([use(terminal), gone])
  } finally {
    terminal.close()
  }
}
