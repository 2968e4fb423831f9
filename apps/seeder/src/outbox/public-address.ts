import { BlockList, isIP, isIPv6 } from 'node:net'

/** What is nobody's server on the open internet (IANA's special-purpose registries): a host's own network must not be reached through it. */
const special = new BlockList()
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  special.addSubnet(net, prefix, 'ipv4')
/** Of IPv6 only what is given out as global unicast is public, but for what stands for IPv4 or is not routed. */
const global = new BlockList()
global.addSubnet('2000::', 3, 'ipv6')
const unrouted = new BlockList()
for (const [net, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  unrouted.addSubnet(net, prefix, 'ipv6')

/** Whether an IPv4 or IPv6 address in text is one of a public server. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false
  if (isIPv6(address)) return global.check(address, 'ipv6') && !unrouted.check(address, 'ipv6')
  return !special.check(address, 'ipv4')
}
