/** A recipe's packages cannot be had on this machine: its test is skipped, with a notice, or fails where CI is set. */
export class SourcesMissing extends Error {
  override readonly name = 'SourcesMissing'
}
