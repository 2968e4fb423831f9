/**
 * Every message number in use, in one list so that no two can be alike. Ranges by layer: overlay 16–31, content 32–47,
 * peer-group 48–79, vote-chain 80–111, job-scheduler 112–127, intercoin-ledger 128–143, name-service 144–159.
 * Numbers are never reused.
 */
export const MESSAGE_NUMBERS = {
  // overlay 16–31

  // content-store 32–47

  // peer-group 48–79
  'site-request': 70,
  'site-reply': 71,

  // vote-chain 80–111

  // job-scheduler 112–127

  // intercoin-ledger 128–143

  // tests and examples: never used between peers
  example: 255,
} as const satisfies Record<string, number>

export type MessageName = keyof typeof MESSAGE_NUMBERS
