/**
 * Every message number in use, in one list so that no two can be alike. Ranges by layer: overlay 16–31, content 32–47,
 * peer-group 48–79, vote-chain 80–111, job-scheduler 112–127, intercoin-ledger 128–143, name-service 144–159,
 * peer-group again 160–175. Numbers are never reused.
 */
export const MESSAGE_NUMBERS = {
  // overlay 16–31
  'overlay-hello': 16,
  'overlay-welcome': 17,
  'cell-part': 18,
  'cell-ping': 19,
  'cell-pong': 20,
  'bulk-open': 21,
  'bulk-opened': 22,
  'bulk-wanted': 23,
  'bulk-frame': 24,
  'session-end': 25,
  'address-record': 28,
  'address-exchange': 29,

  // content-store 32–47
  'want-blocks': 32,
  blocks: 33,
  'content-busy': 34,
  'audit-blocks': 35,
  'content-claim': 36,
  'audit-digests': 37,

  // peer-group 48–79
  'group-offer': 48,
  'group-proposal': 49,
  'group-seal': 50,
  'group-commit-set': 51,
  'group-reveal': 52,
  'group-timeout': 53,
  'group-certificate': 54,
  'group-final': 55,
  'group-ask': 56,
  'group-show': 57,
  'group-tally': 58,
  'group-batch': 59,
  'group-dissent': 60,
  'group-withheld': 61,
  'group-dissent-held': 62,
  'group-late': 63,
  'group-dispute': 64,
  'group-verdict': 65,
  'outbox-report': 66,
  'request-tree': 67,
  'request-leaf': 68,
  'group-accusation': 69,
  'site-request': 70,
  'site-reply': 71,
  'read-check': 72,
  'read-checked': 73,
  'read-contradiction': 74,
  'job-logs': 75,
  'job-log-page': 76,
  'accusation-verdict': 77,
  'group-challenge': 78,
  'group-challenge-reply': 79,

  // vote-chain 80–111
  genesis: 80,
  'block-header': 81,
  'chain-proposal': 82,
  'chain-vote': 83,
  'chain-bundle': 84,
  'chain-want-blocks': 85,
  'chain-blocks': 86,
  'chain-want-candidate': 87,
  'chain-transaction': 88,
  'peer-present': 89,
  'chain-want-tip': 90,
  'chain-tip': 91,
  'chain-want-checkpoint': 92,
  'chain-checkpoint-reply': 93,
  'chain-want-headers': 94,
  'chain-link': 95,
  'chain-gossip': 96,
  'chain-have': 97,
  'chain-offer': 98,
  'chain-want': 99,
  'peer-join': 100,
  'peer-terms': 101,
  'peer-recovery': 102,
  'peer-rotate': 103,
  'peer-revoke': 104,
  'peer-evidence': 105,
  'change-request': 106,
  'change-vote': 107,
  'chain-headers': 108,
  'chain-want-proofs': 109,
  'chain-proofs': 110,

  // job-scheduler 112–127
  manifest: 112,
  'publish-job': 113,
  'epoch-close': 114,
  'show-part': 115,
  'dispute-part': 116,
  'want-seat': 117,
  'seat-shown': 118,

  // intercoin-ledger 128–143
  transfer: 128,

  // peer-group again 160–175
  'write-reply': 160,
  'certificate-ask': 161,

  // tests and examples: never used between peers
  example: 255,
} as const satisfies Record<string, number>

export type MessageName = keyof typeof MESSAGE_NUMBERS
export type NumberOf<N extends MessageName> = (typeof MESSAGE_NUMBERS)[N]
