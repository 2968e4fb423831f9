import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Places } from './corpus.js'

const FILE_SECRET = 'a secret in a file of the host 0815'
const ENVIRONMENT_SECRET = 'a secret in the environment of the host 4711'

/** Things of this machine that no script may reach: a file in a folder, a variable, a port, this process and its children. */
export class HostUnderAttack {
  readonly secrets = [FILE_SECRET, ENVIRONMENT_SECRET]
  readonly places: Places
  readonly #folder: string
  readonly #file: string
  readonly #server: Server
  readonly #children: string
  #connections = 0

  static async start(): Promise<HostUnderAttack> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new HostUnderAttack(server)
  }

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => {
      this.#connections++
      socket.destroy()
    })
    this.#folder = mkdtempSync(join(tmpdir(), 'hostile-'))
    this.#file = join(this.#folder, 'secret.txt')
    writeFileSync(this.#file, FILE_SECRET)
    process.env.INTERPEER_HOSTILE_SECRET = ENVIRONMENT_SECRET
    this.#children = this.#childrenNow()
    const port = (server.address() as { port: number }).port
    this.places = {
      HOST_FILE: this.#file,
      HOST_FOLDER: this.#folder,
      HOST_FILE_LENGTH: String(this.#file.length),
      PORT: String(port),
      PID: String(process.pid),
    }
  }

  /** What a script touched: nothing. */
  touched(): string[] {
    const touched: string[] = []
    if (this.#connections > 0) touched.push(`${this.#connections} connections`)
    if (readdirSync(this.#folder).join() !== 'secret.txt') touched.push(`the folder: ${readdirSync(this.#folder)}`)
    else if (readFileSync(this.#file, 'utf8') !== FILE_SECRET) touched.push('the file')
    if (this.#childrenNow() !== this.#children) touched.push(`children: ${this.#childrenNow()}`)
    return touched
  }

  stop(): void {
    this.#server.close()
    rmSync(this.#folder, { recursive: true, force: true })
    delete process.env.INTERPEER_HOSTILE_SECRET
  }

  /** Process ids of this process's children, but that of ps itself. */
  #childrenNow(): string {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,comm='], { encoding: 'utf8' }).split('\n')
    const own = lines
      .map((line) => line.trim().split(/\s+/))
      .filter(([, parent, command]) => parent === String(process.pid) && command !== 'ps')
    return own.map(([pid]) => pid).join()
  }
}
