import { addBar } from '../../../apps/gateway/src/pages/bar.js'
import { Broken, bytesOfText, type Target, textOf } from '../src/target.ts'

const info = { peer: 'z6Mk', step: 1, epoch: 1, stale: false, networkPage: 'http://localhost/' }

export const gateway: readonly Target[] = [
  {
    name: 'gateway/bar',
    file: 'apps/gateway/src/pages/bar.ts',
    errors: [],
    run: (input) => {
      const whole = addBar(input, info)
      const added = whole.length - input.length
      const kept = Buffer.from(whole)
        .toString('latin1')
        .replace(/<script src="\/\.interpeer\/bar\.js"[^>]*><\/script>/, '')
      if (added > 0 && kept !== Buffer.from(input).toString('latin1') && !textOf(input).includes('/.interpeer/bar.js')) {
        throw new Broken('something beside the bar is changed')
      }
      addBar(textOf(input), info)
    },
    seeds: () => ['<!doctype html><html><body>a</body></html>', '<p>', ' ', '</body >\n</HTML>\n', '</body></body>'].map(bytesOfText),
  },
]
