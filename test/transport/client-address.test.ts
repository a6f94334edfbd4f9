import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createClientAddress } from '../../src/transport/client-address.ts';

async function addressSeen(trustProxy: boolean | readonly string[], forwardedFor: string | undefined, host = '127.0.0.1'): Promise<string> {
  const clientAddress = createClientAddress(trustProxy);
  const server = createServer((asked, answer) => answer.end(clientAddress(asked))).listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const asked = request({ host: '127.0.0.1', port, headers: forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor } });
  asked.end();
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  server.close();
  return text;
}

describe('the address of a client', () => {
  test.each<readonly [boolean | readonly string[], string | undefined, string]>([
    [false, undefined, '127.0.0.1'],
    [false, '203.0.113.9', '127.0.0.1'],
    [true, undefined, '127.0.0.1'],
    [true, '203.0.113.9, 10.0.0.1', '203.0.113.9'],
    [['loopback'], '198.51.100.1, 203.0.113.9', '203.0.113.9'],
    [['loopback', '10.0.0.0/8'], '198.51.100.1, 203.0.113.9, 10.1.2.3', '203.0.113.9'],
    [['10.0.0.0/8'], '203.0.113.9', '127.0.0.1'],
    [['127.0.0.1'], '2001:db8::7', '2001:db8::7'],
    [['loopback', '2001:db8::/32'], '203.0.113.9, 2001:db8::7', '203.0.113.9'],
    [['loopback'], '203.0.113.9, <script>', '127.0.0.1'],
    [['loopback'], '::ffff:203.0.113.9', '203.0.113.9'],
  ])('trusting %j, told %j, is %s', async (trustProxy, forwardedFor, expected) => {
    expect(await addressSeen(trustProxy, forwardedFor)).toBe(expected);
  });

  test('is plain IPv4 where the socket speaks IPv6', async () => {
    expect(await addressSeen(['loopback'], '203.0.113.9', '::')).toBe('203.0.113.9');
    expect(await addressSeen(false, undefined, '::')).toBe('127.0.0.1');
  });
});
