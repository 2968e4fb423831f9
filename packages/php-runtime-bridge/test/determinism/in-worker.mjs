import { startPhpRuntime } from '@interpeer/php-runtime-bridge/node'

export const startPhp = () => startPhpRuntime({ guardMs: 60_000, ...(process.env.PHP_CACHE ? { cacheFolder: process.env.PHP_CACHE } : {}) })
