import { errorPage, PAGE_CSP } from './pages/index.js'

export interface Refusal {
  readonly status: number
  readonly code: string
  readonly site: string
  readonly networkPage: string
  /** The visitor wanted to change something, and a member may have it: what is sent again is known by the asker's name. */
  readonly mayBeSaved?: boolean
  /** What a member said, of whatever version it is. */
  readonly isMembers?: boolean
}

/** A failed request's page: what failed, and what to do. */
export function refusal({ status, code, site, networkPage, mayBeSaved = false, isMembers = false }: Refusal): Response {
  const { title, what, whatToDo: first } = WORDS[code] ?? (isMembers ? UNKNOWN_REFUSAL : UNKNOWN)
  const whatToDo = mayBeSaved && !NOT_SENT.has(code) ? `${first} ${MAY_BE_SAVED}` : first
  const headers: Record<string, string> = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': PAGE_CSP,
    'cache-control': 'no-store',
    'interpeer-error': code,
  }
  if (status === 503 || status === 504) headers['retry-after'] = '5'
  return new Response(errorPage({ status, code, title, what, whatToDo, site, networkPage }), { status, headers })
}

interface Words {
  readonly title: string
  readonly what: string
  readonly whatToDo: string
}
const UNKNOWN: Words = {
  title: 'The gateway could not answer',
  what: 'Something went wrong inside the gateway, not on the site.',
  whatToDo: 'Try again. If it happens again, use another gateway: the site does not depend on this one.',
}
const UNKNOWN_REFUSAL: Words = {
  title: 'The site’s peers refused',
  what: 'They gave a reason that this gateway does not know.',
  whatToDo: 'Wait a few seconds and try again. If it happens again, use a gateway of a newer version.',
}
/** With these no member has it, or none will ever take it. */
const NOT_SENT = new Set([
  ...[
    'SITE_UNKNOWN',
    'MEMBER_UNKNOWN',
    'PEER_ID_SYNTAX',
    'UPLOADS_BUSY',
    'ANSWERS_BUSY',
    'REQUEST_TOO_SLOW',
    'REQUEST_TOO_LARGE',
    'REQUEST_MALFORMED',
  ],
  'CLOSED', // and what it knew of those who asked ends with it
])
const MAY_BE_SAVED =
  'What you sent may still be saved. If you send it again within five minutes (your browser asks when you reload), it is the same change, and it is saved once.'
const WORDS: Readonly<Record<string, Words>> = {
  SITE_UNKNOWN: {
    title: 'No such site',
    what: 'No site with this name is on the network.',
    whatToDo: 'Check the spelling. The network page lists every site.',
  },
  SITE_UNREACHABLE: {
    title: 'The site did not answer',
    what: 'None of the peers that run this site answered in time. They may be moving it to other peers.',
    whatToDo: 'Wait a few seconds and reload. Nothing that was saved is lost.',
  },
  SITE_STARTING: {
    title: 'The site is starting',
    what: 'The peers drawn to run this site are still fetching it.',
    whatToDo: 'Wait a few seconds and reload.',
  },
  REPLY_FALSE: {
    title: 'A peer answered falsely',
    what: 'The answer did not carry the signatures it needs, so the gateway did not pass it on.',
    whatToDo: 'Reload: another peer of the group will be asked.',
  },
  MEMBER_UNKNOWN: {
    title: 'That peer does not run this site',
    what: 'The request named a peer that is not a member of the site’s group now.',
    whatToDo: 'Leave out the Interpeer-Peer header, or name a peer that the network page lists.',
  },
  NOT_A_MEMBER: {
    title: 'That peer has left the group',
    what: 'The peer that was asked has handed its seat to another one.',
    whatToDo: 'Leave out the Interpeer-Peer header, or name a peer that the network page lists now.',
  },
  MEMBER_BEHIND: {
    title: 'That peer is behind',
    what: 'The peer that was asked has not caught up with the last change of the site yet.',
    whatToDo: 'Reload in a moment, or leave out the Interpeer-Peer header: another member answers then.',
  },
  PEER_ID_SYNTAX: {
    title: 'That is not a PeerId',
    what: 'The Interpeer-Peer header must hold one PeerId.',
    whatToDo: 'Copy a PeerId from the network page.',
  },
  REQUEST_TOO_LARGE: {
    title: 'That is too much at once',
    what: 'A request may carry at most 16 MiB.',
    whatToDo:
      'Send a smaller file, or several that are smaller each. Longer files only the site’s author can add, by publishing them with the site.',
  },
  REQUEST_BODY_MISSING: {
    title: 'What you sent did not arrive',
    what: 'The peers that run this site could not get all of it from the gateway in time.',
    whatToDo: 'Send it again. If it happens again, use another gateway.',
  },
  UPLOADS_BUSY: {
    title: 'Too much is being sent',
    what: 'The gateway holds as much of what visitors send as it can.',
    whatToDo: 'Wait until what you sent before has been saved, and send it again.',
  },
  REQUEST_TOO_SLOW: {
    title: 'That came too slowly',
    what: 'Of what your browser sends 128 KiB must arrive each minute, or all of it if it is less. It stopped coming.',
    whatToDo: 'Look whether your connection works, and send it again. Nothing of it was saved.',
  },
  ANSWERS_BUSY: {
    title: 'Too much waits to be read',
    what: 'The gateway holds as much as it can of what visitors asked for and have not taken yet.',
    whatToDo:
      'Wait until what you asked for before has arrived, and open the page anew. A change that you sent with this is saved: do not send it again.',
  },
  REQUEST_MALFORMED: {
    title: 'The request could not be understood',
    what: 'The request does not fit what the network can carry: an address, a header or a method is too long.',
    whatToDo: 'Shorten the address or the headers and try again.',
  },
  SCRIPT_FAILED: {
    title: 'The site’s script failed',
    what: 'The site’s own program ended with an error and wrote no page. Every peer that runs it gets the same.',
    whatToDo: 'Go back and try something else, or tell the site’s author.',
  },
  JOB_TOO_SLOW: {
    title: 'The site took too long',
    what: 'The site’s script did not finish within the time that a peer gives it.',
    whatToDo: 'Try again later, or tell the site’s author.',
  },
  REQUEST_TOO_OLD: {
    title: 'The request is too old',
    what: 'It was signed too long ago for the group to take it up.',
    whatToDo: 'Send it again. If it happens again, check this machine’s clock.',
  },
  REQUEST_TOO_NEW: {
    title: 'The request comes from the future',
    what: 'The gateway’s clock is ahead of the group’s.',
    whatToDo: 'Check the gateway’s clock.',
  },
  REQUEST_MISMATCH: {
    title: 'Two requests under one id',
    what: 'The group knows another request with this one’s id, and answers only that one.',
    whatToDo: 'Try again in five minutes: it gets a new id then.',
  },
  GROUP_BUSY: {
    title: 'The site is busy',
    what: 'Too many requests wait already at the peers that run this site.',
    whatToDo: 'Wait a few seconds and try again.',
  },
  GROUP_SLOW: {
    title: 'The group has not agreed yet',
    what: 'Your change was handed to the group, but it was not agreed in time.',
    whatToDo: 'Wait a few seconds, and look whether it was saved.',
  },
  GROUP_CLOSED: {
    title: 'The group has handed over',
    what: 'The peers that were asked have just handed this site to others.',
    whatToDo: 'Wait a few seconds and try again.',
  },
  GROUP_FROZEN: {
    title: 'The site’s peers disagree',
    what: 'They came to different results of what was saved last. Until the network has decided, pages can be read and nothing is saved.',
    whatToDo: 'Try again in a few minutes.',
  },
  HOST_FAILED: {
    title: 'The peers’ machines failed',
    what: 'The peers that were asked had trouble of their own: too little memory, a broken disk, or a file that they have lost.',
    whatToDo: 'Wait a few seconds and reload: others may be asked then.',
  },
  CLOSED: {
    title: 'The gateway is stopping',
    what: 'Whoever runs this gateway is stopping it.',
    whatToDo: 'Use another gateway, or wait until it is back. What you sent last may have been saved: look before you send it again.',
  },
}
