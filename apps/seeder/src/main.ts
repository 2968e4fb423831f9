#!/usr/bin/env node
import { CommanderError } from 'commander'
import { program } from './commands.js'
import { explain } from './explain.js'

try {
  await program().parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode
  else {
    process.stderr.write(`${explain(error)}\n`)
    process.exit(1) // whatever a failure left open would keep the process alive, and look like a peer
  }
}
