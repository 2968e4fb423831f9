import { BlockList, isIP, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'

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

/**
 * What a cloud answers its machines on at an address that looks public: it hands out what they may know and others may not. Those at link-local, carrier-grade and unique
 * local addresses (169.254.169.254, 100.100.100.200, fd00:ec2::254) are no public ones anyway. Azure: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
 */
const METADATA = ['168.63.129.16']

/** Whether an address is a public one of another host: none of this host's interfaces has it, as they are now, nor is it one of `own`. */
export function isElsewhere(address: string, own: readonly string[], interfaces: readonly string[] = interfaceAddresses()): boolean {
  if (!isPublicAddress(address)) return false
  const refused = new BlockList()
  for (const one of [...METADATA, ...own, ...interfaces]) {
    const version = isIP(one.replace(/%.*$/, ''))
    if (version !== 0) refused.addAddress(one.replace(/%.*$/, ''), version === 6 ? 'ipv6' : 'ipv4')
  }
  return !refused.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

const interfaceAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address))
