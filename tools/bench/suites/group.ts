import { type Figure, latencyFigures } from '../figures.ts'
import { latencies, withGroup, writes } from '../group/crowd.ts'

const SIZES = [5, 13] as const
const DELAY_MS = 40

/**
 * What agreeing costs where the script does almost nothing: whole peers in processes of their own, signed requests and replies, real sockets and disks
 * that are synced, the chain beside it. `writes`: certified and answered per second while a crowd of visitors writes as fast as it is answered, the
 * visitors' own side on the same cores. `latency`: from request to verified answer of one visitor, where each way between any two takes 40 ms. `cpu`:
 * of a member's process for each write, of the run of five. Nothing is compared. `BENCH_GROUP=5/writes,13/latency`: only these parts.
 */
export async function measure(say: (line: string) => void, signal: AbortSignal): Promise<Figure[]> {
  const figures: Figure[] = []
  const isWanted = (part: string) => (process.env.BENCH_GROUP ?? part).split(',').includes(part)
  for (const size of SIZES) {
    if (!isWanted(`${size}/writes`)) continue
    const { perSecond, memberUs } = await withGroup(size, 0, (group) => writes(group, { say, signal }))
    figures.push(alone(`group/${size}/writes`, perSecond, '/s'))
    if (size === 5) figures.push(alone('group/cpu', memberUs, 'us'))
  }
  for (const size of SIZES) {
    if (!isWanted(`${size}/latency`)) continue
    const ms = await withGroup(size, DELAY_MS, (group) => latencies(group, { say, signal }))
    figures.push(...latencyFigures(`group/${size}/latency`, ms, null, null))
  }
  return figures
}

const alone = (id: string, ours: number, unit: Figure['unit']): Figure => ({ id, ours, peer: null, peerName: null, unit })
