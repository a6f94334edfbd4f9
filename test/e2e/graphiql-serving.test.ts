import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { registerGraphiql } from '../../src/transport/graphiql.ts';

let app: FastifyInstance;
let directory: string;
let url: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-graphiql-'));
  app = fastify();
  await registerGraphiql(app, { endpoint: '/graphql', directory });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await app.close();
  await rm(directory, { recursive: true, force: true });
});

const script = 'console.log("hello");\n'.repeat(100);

async function writePage(): Promise<void> {
  await mkdir(join(directory, 'assets/deeper'), { recursive: true });
  await Promise.all([
    writeFile(join(directory, 'index.html'), '<meta name="parley-endpoint" content="{{endpoint}}"><p>page</p>'),
    writeFile(join(directory, 'secret.txt'), 'not for the browser'),
    writeFile(join(directory, 'assets/main-ABC.js'), script),
    writeFile(join(directory, 'assets/font-ABC.woff2'), Buffer.from([1, 2, 3])),
    writeFile(join(directory, 'assets/deeper/secret.txt'), 'not for the browser'),
  ]);
}

/** A request whose path reaches the server as written: `fetch` resolves dots by itself. */
async function statusOf(path: string): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('the page', () => {
  test('is HTML that knows the endpoint and is asked for again each time', async () => {
    await writePage();
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(await response.text()).toBe('<meta name="parley-endpoint" content="/graphql"><p>page</p>');
  });

  test('allows nothing but what the gateway itself serves, and no frame around it', async () => {
    await writePage();
    const { headers } = await fetch(url);
    const policy = new Map(
      (headers.get('content-security-policy') ?? '').split('; ').map((directive) => {
        const [name = '', ...sources] = directive.split(' ');
        return [name, sources.join(' ')];
      }),
    );
    expect(policy.get('default-src')).toBe("'none'");
    expect(policy.get('script-src')).toBe("'self'");
    expect(policy.get('connect-src')).toBe("'self'");
    expect(policy.get('worker-src')).toBe("'self'");
    expect(policy.get('frame-ancestors')).toBe("'none'");
    expect([...policy.values()].join(' ')).not.toMatch(/http|\*|unsafe-eval/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });

  test('says how to build it where it is missing, and is there once it is built', async () => {
    const missing = await fetch(url);
    expect(missing.status).toBe(503);
    expect(missing.headers.get('cache-control')).toBe('no-store');
    expect(await missing.text()).toContain('npm run prepare');
    expect(await statusOf('/graphiql/main-ABC.js')).toBe(404);
    await writePage();
    expect((await fetch(url)).status).toBe(200);
  });
});

describe('its files', () => {
  test('have their type and may be kept for good', async () => {
    await writePage();
    const response = await fetch(`${url}/graphiql/main-ABC.js`);
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).toBe(script);
    expect((await fetch(`${url}/graphiql/font-ABC.woff2`)).headers.get('content-type')).toBe('font/woff2');
  });

  test('are compressed for whom takes gzip, and for nobody else', async () => {
    await writePage();
    const { hostname, port } = new URL(url);
    const ask = async (encoding: string, file = 'main-ABC.js'): Promise<{ encoding: string | undefined; body: Buffer }> =>
      new Promise((resolve, reject) => {
        request({ hostname, port, path: `/graphiql/${file}`, headers: { 'accept-encoding': encoding } }, (response) => {
          const chunks: Buffer[] = [];
          response
            .on('data', (chunk: Buffer) => chunks.push(chunk))
            .on('end', () => resolve({ encoding: response.headers['content-encoding'], body: Buffer.concat(chunks) }));
        })
          .on('error', reject)
          .end();
      });
    const zipped = await ask('br, gzip;q=0.8');
    expect(zipped.encoding).toBe('gzip');
    expect(gunzipSync(zipped.body).toString()).toBe(script);
    for (const refused of ['identity', 'gzip;q=0', 'br, gzip; q=0.0']) {
      const plain = await ask(refused);
      expect(plain.encoding).toBeUndefined();
      expect(plain.body.toString()).toBe(script);
    }
    expect((await ask('gzip', 'font-ABC.woff2')).encoding).toBeUndefined();
  });

  test('are not sent twice to whom has them', async () => {
    await writePage();
    for (const path of ['/', '/graphiql/main-ABC.js']) {
      const etag = (await fetch(url + path)).headers.get('etag') ?? '';
      const again = await fetch(url + path, { headers: { 'if-none-match': `"other", ${etag}` } });
      expect(again.status).toBe(304);
      expect(await again.text()).toBe('');
      expect((await fetch(url + path, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    }
  });

  test('are the only ones: no path leads out of their folder', async () => {
    await writePage();
    expect(await statusOf('/graphiql/main-ABC.js')).toBe(200);
    const paths = [
      '../secret.txt',
      '..%2fsecret.txt',
      '%2e%2e%2fsecret.txt',
      '..%5csecret.txt',
      'deeper/secret.txt',
      'deeper%2fsecret.txt',
    ];
    const odd = ['', '.', '..', '%00', 'deeper', '__proto__', 'constructor', '%2fetc%2fpasswd', 'nope.js'];
    for (const path of [...paths, ...odd]) expect([path, await statusOf(`/graphiql/${path}`)]).toEqual([path, 404]);
  });
});
