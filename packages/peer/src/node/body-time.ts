/** What a slow line carries: a body that takes longer than this would is not waited for. */
const BYTES_PER_MS = 512

/** How much longer than others a request may take for its body to get from one peer to another, in ms: 32 s for the longest. */
export const bodyMs = (bytes: number): number => Math.ceil(bytes / BYTES_PER_MS)
