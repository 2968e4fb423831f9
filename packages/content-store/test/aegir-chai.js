// What interface-blockstore-tests imports as `aegir/chai` (vitest.config.ts): aegir itself is a whole build system.
import chai from 'chai'
import promised from 'chai-as-promised'
import parentheses from 'chai-parentheses'

chai.use(promised)
chai.use(parentheses)
export const { expect, assert } = chai
