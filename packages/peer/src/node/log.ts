/** What `peer` says, as pino takes it: facts first, then a sentence. */
export interface PeerLog {
  debug(facts: object, sentence: string): void
  info(facts: object, sentence: string): void
  warn(facts: object, sentence: string): void
  error(facts: object, sentence: string): void
}
