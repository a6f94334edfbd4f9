import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

const named: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/** IPv4 as it is written, also where it came in through an IPv6 socket. */
const plain = (address: string): string => (/^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address);

function trustOf(trustProxy: boolean | readonly string[]): (address: string) => boolean {
  if (typeof trustProxy === 'boolean') return () => trustProxy;
  const networks = new BlockList();
  for (const entry of trustProxy.flatMap((name) => named[name] ?? [name])) {
    const [address = '', bits] = entry.split('/');
    const type = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    networks.addSubnet(address, bits === undefined ? (type === 'ipv6' ? 128 : 32) : Number(bits), type);
  }
  return (address) => isIP(address) !== 0 && networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * The client's IP address: the peer of the connection, or, as long as that is a proxy to be believed, the one it says it got the request from.
 *
 * @param trustProxy - Whose `X-Forwarded-For` is believed: nobody's, everybody's, or that of these addresses and networks
 * (`10.0.0.0/8`, `loopback`, `linklocal`, `uniquelocal`).
 */
export function createClientAddress(trustProxy: boolean | readonly string[]): (request: IncomingMessage) => string {
  const trusted = trustOf(trustProxy);
  return ({ socket, headers }) => {
    const forwarded = headers['x-forwarded-for'];
    const hops = forwarded === undefined ? [] : [forwarded].flat().join(',').split(',');
    let address = plain(socket.remoteAddress ?? '');
    for (let hop = hops.pop(); hop !== undefined && trusted(address); hop = hops.pop()) {
      const next = plain(hop.trim());
      // Whatever stands before something that is no address is no more to be believed.
      if (isIP(next) === 0) break;
      address = next;
    }
    return address;
  };
}
