import type { Fetched } from '../../../devnet/network.mjs'
import type { Visitor } from '../../src/visitor.ts'

/** The site as its group serves it, asked without a browser. */
export interface Group {
  fetch(path: string): Promise<Fetched>
  /** Fails unless each member that lives shows this text. */
  expectAtAllMembers(path: string, text: string): Promise<void>
}
export interface Step {
  readonly what: string
  readonly run: (visitor: Visitor, group: Group) => Promise<void>
}
/** What somebody does with an application. After each step the browser has met no answer of 400 or above, and no error of a script. */
export interface Session {
  /** Of the recipe, and of the site. */
  readonly name: string
  /** An error that the application's own scripts make wherever it runs. */
  readonly ownError?: RegExp
  readonly steps: readonly Step[]
  /** After a hand-over, and with a member killed. */
  readonly later: readonly Step[]
}
