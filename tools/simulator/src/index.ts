export { Random } from './random.js'
export { seeds } from './seeds.js'
export { World, type WorldSettings } from './world.js'
