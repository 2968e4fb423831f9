import { createServer, type Socket } from 'node:net'

export interface SunkMail {
  readonly from: string
  readonly to: readonly string[]
  /** Header and body as they came, without the dots that SMTP puts before dots. */
  readonly text: string
}
export interface SmtpSink {
  readonly port: number
  readonly mails: readonly SunkMail[]
  close(): Promise<void>
}

/** What it says instead of what it should: by the command, `greeting`, or `end` of a mail's data. An empty text hangs up; a function says nothing. */
export type SmtpFaults = Readonly<Record<string, string | (() => void)>>

/** A mail server that keeps what it is given: as much of RFC 5321 as a client needs. Receivers that begin with `no` it refuses. */
export async function openSmtpSink(faults: SmtpFaults = {}): Promise<SmtpSink> {
  const mails: SunkMail[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    serve(socket, faults, (mail) => mails.push(mail))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const close = () => {
    for (const socket of sockets) socket.destroy()
    return new Promise<void>((resolve) => void server.close(() => resolve()))
  }
  return { port: address.port, mails, close }
}

function serve(socket: Socket, faults: SmtpFaults, take: (mail: SunkMail) => void): void {
  let [from, to, lines, isData, rest] = ['', [] as string[], [] as string[], false, '']
  const say = (line: string) => socket.write(`${line}\r\n`)
  const isAtFault = (at: string): boolean => {
    const fault = faults[at]
    if (typeof fault === 'function') fault()
    else if (fault === '') socket.destroy()
    else if (fault !== undefined) say(fault)
    return fault !== undefined
  }
  const onLine = (line: string) => {
    if (isData) {
      if (line !== '.') return void lines.push(line.startsWith('.') ? line.slice(1) : line)
      if (isAtFault('end')) {
        isData = false
        return
      }
      take({ from, to, text: lines.join('\r\n') })
      ;[to, lines, isData] = [[], [], false]
      return say('250 kept')
    }
    const verb = line.slice(0, 4).toUpperCase()
    if (isAtFault(verb)) return
    if (verb === 'EHLO' || verb === 'HELO') return say('250 sink')
    if (verb === 'MAIL') from = /<([^>]*)>/.exec(line)?.[1] ?? ''
    if (verb === 'RCPT') {
      const receiver = /<([^>]*)>/.exec(line)?.[1] ?? ''
      if (receiver.startsWith('no')) return say('550 nobody here')
      to = [...to, receiver]
    }
    if (verb === 'DATA') isData = true
    if (verb === 'QUIT') return void socket.end('221 bye\r\n')
    say(verb === 'DATA' ? '354 go on' : '250 ok')
  }
  if (!isAtFault('greeting')) say('220 sink')
  socket.setEncoding('latin1').on('data', (chunk) => {
    const parts = (rest + chunk).split('\r\n')
    rest = parts.pop() ?? ''
    for (const line of parts) onLine(line)
  })
}
