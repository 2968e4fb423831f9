// Runs the tests that it is told, one at a time. A thread, not a process: the one that started it ends it when a test hangs.
import '../typescript-sources.mjs'
import { parentPort, workerData } from 'node:worker_threads'

const { CaseRunner } = await import('./src/case.ts')
const { PhpUnderTest } = await import('./src/php-under-test.ts')
const runner = new CaseRunner(new PhpUnderTest(workerData.php), workerData.sources)
parentPort.on('message', (path) => parentPort.postMessage(runner.run(path)))
parentPort.postMessage('ready')
