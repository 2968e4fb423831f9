import { createSocket, type Socket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { Waiting } from './waiting.ts'
import { type LinkWeather, Weather } from './weather.ts'

export interface Address {
  readonly host: string
  readonly port: number
}
/** What happened to the datagrams of one direction of a link. */
export interface LinkTally {
  readonly from: string
  readonly to: string
  received: number
  forwarded: number
  cut: number
  lost: number
  /** Too many for the link's bandwidth, or for the relay. */
  overflowed: number
  /** The other side has not been heard of yet. */
  nowhere: number
}

/** The name of all who are no named peer: a gateway, an uploader. */
export const OTHERS = 'others'
const HOST = '127.0.0.1'
const PEERS_MAX = 256
const OTHERS_MAX = 256
const WAITING_MAX = 65_536
const WAITING_BYTES_MAX = 128 * 1024 * 1024
const BUFFER_BYTES = 4 * 1024 * 1024

/** Someone who sends through the relay: all others see them at the address of their socket here. */
interface Party {
  readonly name: string
  readonly socket: Socket
  /** Where they really are. */
  target: Address | undefined
  /** Where they were before: what is read late from there does not say where they are. */
  readonly left: Set<number>
}
interface Held {
  readonly from: Party
  readonly to: Party
  readonly bytes: Uint8Array
}

/**
 * Stands between peers on one machine, as a router with one address for each of them: what peer A sends to the address that is B's here
 * goes to B from the address that is A's here. Both see the other at an address that stays, also over restarts, and everything
 * passes, datagrams of sessions and of bulk streams alike. A peer is known by the address of the loopback network that it is bound to
 * (each by another: 127.0.1.1, 127.0.1.2, …), whatever its port. Whoever else sends is given a socket when it first does.
 */
export class Relay {
  readonly weather: Weather
  readonly #peers = new Map<string, Party>() // by name
  readonly #hosts = new Map<string, Party>() // by real host
  readonly #reserved = new Set<string>([OTHERS, 'all', HOST]) // names and hosts
  readonly #others = new Map<string, Promise<Party>>() // by real host and port
  readonly #sockets: Socket[] = []
  readonly #waiting = new Waiting<Held>()
  readonly #tallies = new Map<string, LinkTally>()
  /** From others when there were too many of them. */
  #refused = 0
  #waitingBytes = 0
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = Number.POSITIVE_INFINITY
  #isClosed = false

  /** @param dice gives 0 ≤ x < 1 */
  constructor(dice: () => number = Math.random) {
    this.weather = new Weather(dice)
  }

  /** Makes a socket for a peer that is, or will be, bound to an address of its own. Where all others reach it. */
  async addPeer(name: string, host: string): Promise<Address> {
    const isFree = !this.#reserved.has(name) && !this.#reserved.has(host)
    if (!/^[\w-]+$/.test(name) || !isIPv4(host) || !isFree) throw new RangeError(`no other peer can be ${name} at ${host}`)
    if (this.#reserved.size >= 2 * PEERS_MAX) throw new RangeError(`at most ${PEERS_MAX} peers`)
    this.#reserved.add(name).add(host)
    const party = await this.#newParty(name)
    this.#peers.set(name, party)
    this.#hosts.set(host, party)
    return { host: HOST, port: party.socket.address().port }
  }

  /** Says where a peer is bound, before it has sent anything. Afterwards it is where it last sent from. */
  place(name: string, target: Address): void {
    const party = this.#peers.get(name)
    if (party === undefined) throw new RangeError(`no peer ${name}`)
    move(party, target)
  }

  get names(): readonly string[] {
    return [...this.#peers.keys(), OTHERS]
  }

  /** How every link from one of `from` to one of `to` behaves from now on. */
  shape(from: readonly string[], to: readonly string[], change: Partial<LinkWeather>): void {
    for (const [a, b] of this.#pairs(from, to)) this.weather.shape(a, b, change)
  }

  /** Nothing gets from one of `from` to one of `to`, not even what is under way. The other direction stays. */
  cut(from: readonly string[], to: readonly string[]): void {
    for (const [a, b] of this.#pairs(from, to)) this.weather.cut(a, b)
  }

  /** Nothing gets from one side to another. Who is on no side hears and is heard by all. */
  partition(sides: readonly (readonly string[])[]): void {
    for (const [i, side] of sides.entries()) for (const other of sides.slice(i + 1)) this.#both((a, b) => this.cut(a, b), side, other)
  }

  /** Whatever goes from one of `from` to one of `to` waits so long. */
  clog(from: readonly string[], to: readonly string[], ms: number): void {
    const untilMs = performance.now() + ms
    for (const [a, b] of this.#pairs(from, to)) this.weather.clog(a, b, untilMs)
  }

  /** Ends every cut; delays, loss and bandwidth stay. A clog ends when its time is over. */
  heal(): void {
    this.weather.heal()
  }

  /** From now on everything passes at once. */
  calm(): void {
    this.weather.calm()
  }

  /** By link, since the start. */
  tallies(): readonly LinkTally[] {
    return [...this.#tallies.values()].map((tally) => ({ ...tally }))
  }

  /** Datagrams of others when there were too many others: those were dropped. */
  get refused(): number {
    return this.#refused
  }

  /** What the kernel dropped because the relay was too slow to read it: 0, or the relay did more than it was told. Linux only. */
  droppedByKernel(): number {
    const ports = new Set(this.#sockets.map((socket) => socket.address().port))
    let dropped = 0
    for (const line of readFileSync('/proc/net/udp', 'utf8').split('\n').slice(1)) {
      const words = line.trim().split(/\s+/)
      if (ports.has(Number.parseInt(words[1]?.split(':')[1] ?? '', 16))) dropped += Number(words.at(-1))
    }
    return dropped
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await Promise.allSettled(this.#others.values())
    await Promise.all(this.#sockets.splice(0).map((socket) => new Promise<void>((closed) => socket.close(() => closed()))))
  }

  async #newParty(name: string): Promise<Party> {
    // the addresses are literal: no resolver is asked for each datagram
    const socket = createSocket({ type: 'udp4', lookup: (host, _, found) => found(null, host, 4) })
    this.#sockets.push(socket)
    await new Promise<void>((bound, failed) => socket.once('error', failed).bind(0, HOST, () => bound()))
    socket.setRecvBufferSize(BUFFER_BYTES)
    socket.setSendBufferSize(BUFFER_BYTES)
    const party: Party = { name, socket, target: undefined, left: new Set() }
    socket.on('error', () => {}) // what could not be sent is lost
    socket.on('message', (bytes, { address, port }) => this.#onDatagram(party, bytes, address, port))
    return party
  }

  #onDatagram(to: Party, bytes: Uint8Array, host: string, port: number): void {
    const peer = this.#hosts.get(host)
    if (peer === undefined) return void this.#fromOther(to, bytes, { host, port })
    if (peer.target?.port !== port && !peer.left.has(port)) move(peer, { host, port })
    this.#take(peer, to, bytes)
  }

  #fromOther(to: Party, bytes: Uint8Array, target: Address): void {
    const key = `${target.host} ${target.port}`
    let other = this.#others.get(key)
    if (other === undefined) {
      if (this.#others.size >= OTHERS_MAX || this.#isClosed) return void this.#refused++
      other = this.#newParty(OTHERS).then((party) => Object.assign(party, { target }))
      other.catch(() => this.#others.delete(key))
      this.#others.set(key, other)
    }
    other.then(
      (party) => this.#take(party, to, bytes),
      () => {},
    )
  }

  #take(from: Party, to: Party, bytes: Uint8Array): void {
    const nowMs = performance.now()
    const tally = this.#tally(from, to)
    tally.received++
    const fate = this.weather.fate(from.name, to.name, bytes.length, nowMs)
    if (typeof fate === 'string') tally[fate]++
    else if (fate.atMs > nowMs) this.#hold({ from, to, bytes }, fate.atMs)
    else this.#arrive({ from, to, bytes }, nowMs)
  }

  #hold(held: Held, atMs: number): void {
    const isFull = this.#waiting.size >= WAITING_MAX || this.#waitingBytes + held.bytes.length > WAITING_BYTES_MAX
    if (isFull) this.#tally(held.from, held.to).overflowed++
    else {
      this.#waiting.put(atMs, held)
      this.#waitingBytes += held.bytes.length
      this.#arm()
    }
  }

  #arrive(held: Held, nowMs: number): void {
    const { from, to, bytes } = held
    const arrival = this.weather.onArrival(from.name, to.name, nowMs)
    const tally = this.#tally(from, to)
    if (arrival === 'cut') tally.cut++
    else if (arrival.atMs > nowMs) this.#hold(held, arrival.atMs)
    else if (to.target === undefined) tally.nowhere++
    else {
      tally.forwarded++
      from.socket.send(bytes, to.target.port, to.target.host)
    }
  }

  #arm(): void {
    const atMs = this.#waiting.nextMs
    if (atMs >= this.#timerAtMs || this.#isClosed) return
    clearTimeout(this.#timer)
    this.#timerAtMs = atMs
    this.#timer = setTimeout(() => this.#onTime(), Math.max(0, atMs - performance.now()))
  }

  #onTime(): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY
    const nowMs = performance.now()
    for (let held = this.#waiting.take(nowMs); held !== undefined; held = this.#waiting.take(nowMs)) {
      this.#waitingBytes -= held.bytes.length
      this.#arrive(held, nowMs)
    }
    this.#arm()
  }

  #tally(from: Party, to: Party): LinkTally {
    const key = `${from.name} ${to.name}`
    const known = this.#tallies.get(key)
    if (known !== undefined) return known
    const tally = { from: from.name, to: to.name, received: 0, forwarded: 0, cut: 0, lost: 0, overflowed: 0, nowhere: 0 }
    this.#tallies.set(key, tally)
    return tally
  }

  #both(act: (a: readonly string[], b: readonly string[]) => void, a: readonly string[], b: readonly string[]): void {
    act(a, b)
    act(b, a)
  }

  #pairs(from: readonly string[], to: readonly string[]): [string, string][] {
    const unknown = [...from, ...to].filter((name) => name !== OTHERS && !this.#peers.has(name))
    if (unknown.length > 0) throw new RangeError(`no peer ${unknown[0]}`)
    return from.flatMap((a) => to.filter((b) => b !== a || a === OTHERS).map((b): [string, string] => [a, b]))
  }
}

function move(party: Party, target: Address): void {
  if (party.target !== undefined) party.left.add(party.target.port)
  party.left.delete(target.port)
  party.target = target
}
