#!/usr/bin/env node
import { CommanderError, InvalidArgumentError } from 'commander'
import { program } from './commands.js'
import { explain } from './explain.js'
import { tell } from './print.js'

try {
  await program().parseAsync()
} catch (error) {
  // what commander finds itself it has said already; what a command finds in its arguments nobody has
  if (error instanceof CommanderError && !(error instanceof InvalidArgumentError)) process.exitCode = error.exitCode
  else {
    tell(...explain(error).split('\n'))
    process.exit(1) // whatever a failure left open would keep the process alive, and look like a peer
  }
}
