// npm run sim: see README.md. The sources that it runs are loaded after the hooks that let Node read them.
import './hooks.mjs'

await import('./src/command/main.ts')
