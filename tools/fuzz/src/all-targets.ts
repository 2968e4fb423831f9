import { targets } from '../targets/index.ts'
import { main } from './child.ts'

void main(targets, process.argv[2] as string)
