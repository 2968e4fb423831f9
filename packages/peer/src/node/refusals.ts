import type { PeerId } from '@interpeer/crypto-ids'
import { quorumOf, type SiteReply } from '@interpeer/peer-group'
import type { SiteAnswer } from './site-answer.js'

const CODE_MAX_BYTES = 64
const CODE = /^[A-Z][A-Z0-9_]{2,63}$/

/** "Not me, not now": whoever says so is asked again after the others, since groups move. GROUP_SLOW: it handed a write to its group, which did not decide in time. */
const NOT_NOW = new Set(['SITE_STARTING', 'MEMBER_BEHIND', 'NOT_A_MEMBER', 'GROUP_CLOSED', 'GROUP_SLOW', 'REQUEST_BODY_MISSING'])
/** What a request is for ever: honest members all say the same of it. */
const OF_THE_REQUEST = ['REQUEST_MALFORMED', 'REQUEST_TOO_LARGE']
/** Of a read most members say the same of these too, and each may have worked long before it says so. */
const OF_A_READ = ['REQUEST_MISMATCH', 'REQUEST_TOO_OLD', 'REQUEST_TOO_NEW', 'JOB_TOO_SLOW', 'HOST_FAILED']

/**
 * What the members that were asked for one request refused. A refusal is one member's word, of its own clock, its own queue and its own count of failures: it says
 * nothing of what others do, least of all with a write that they have by now. It settles a request only where more say it than may lie, of what honest ones say alike.
 */
export class Refusals {
  readonly #settling: ReadonlySet<string>
  /** The last word of each. */
  readonly #words = new Map<PeerId, SiteAnswer>()
  #handedOn: SiteAnswer | undefined

  constructor(isRead: boolean) {
    this.#settling = new Set(isRead ? [...OF_THE_REQUEST, ...OF_A_READ] : OF_THE_REQUEST)
  }

  /** @param members how many there are in the group. Whether it settles the request. */
  take(refusal: SiteAnswer, members: number): boolean {
    this.#words.delete(refusal.peer)
    this.#words.set(refusal.peer, refusal)
    if (refusal.code === 'GROUP_SLOW') this.#handedOn = refusal
    return this.#settling.has(refusal.code) && this.#saying(refusal.code) > liarsMax(members)
  }

  /** Who is not asked again: those who said no, and where more did than may lie, all who were asked. */
  notAgain(asked: readonly PeerId[], members: number): readonly PeerId[] {
    const declined = [...this.#words.values()].filter(({ code }) => !NOT_NOW.has(code)).map(({ peer }) => peer)
    return declined.length > liarsMax(members) ? asked : declined
  }

  get by(): readonly PeerId[] {
    return [...this.#words.keys()]
  }

  /** Whether so many, all that were asked, had no room for it. */
  areBusy(asked: number): boolean {
    return this.#saying('GROUP_BUSY') === asked
  }

  /** The one that says most: that a write is with its group; else what most say, and of those the last. */
  get told(): SiteAnswer | undefined {
    const saying = ({ code }: SiteAnswer) => this.#saying(code)
    const most = [...this.#words.values()].reduce<SiteAnswer | undefined>(
      (best, one) => (best === undefined || saying(one) >= saying(best) ? one : best),
      undefined,
    )
    return this.#handedOn ?? most
  }

  #saying(code: string): number {
    return [...this.#words.values()].filter((one) => one.code === code).length
  }
}

/** Why it was refused: a refusal's code is its body. Undefined: it is none, and no page can be made of it. */
export function codeOfRefusal({ status, body }: Pick<SiteReply, 'status' | 'body'>): string | undefined {
  const code = Buffer.from(body.subarray(0, CODE_MAX_BYTES + 1)).toString('latin1')
  return status >= 400 && status <= 599 && CODE.test(code) ? code : undefined
}

/** Where members decide at all, no more than these lie. */
const liarsMax = (members: number): number => members - quorumOf(members)
