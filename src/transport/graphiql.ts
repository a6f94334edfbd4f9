import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

export interface GraphiqlOptions {
  /** The path at which the gateway answers GraphQL, on HTTP and WebSocket: `/graphql`. */
  readonly endpoint: string;
  /**
   * The built page: `index.html` and `assets/`.
   *
   * @default `dist/graphiql` of the package
   */
  readonly directory?: string;
}

interface Asset {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
  /** null where the format is compressed already. */
  readonly gzipped: Buffer | null;
}

interface Page {
  readonly index: Asset;
  /** By file name: a request can name only what is in here, so no path leads out of the directory. */
  readonly assets: ReadonlyMap<string, Asset>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.ttf': 'font/ttf',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
};
const compressed = new Set(['.woff', '.woff2']);

/**
 * Everything comes from the gateway itself, and nothing may frame the page. Two allowances, both for Monaco: it writes `<style>` elements and
 * `style` attributes for each line and cursor, and its style sheet has small pictures as `data:` URLs.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "img-src 'self' data:",
  // In today's browsers 'self' covers ws: and wss: of the same host.
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const notBuilt = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><title>Parley</title></head>
  <body>
    <h1>The GraphiQL page is not built</h1>
    <p>The gateway runs, but its page is missing from <code>dist/graphiql</code>: the package was installed without its install scripts.
    Run <code>npm run prepare</code> in the package's folder and load this page again.</p>
  </body>
</html>
`;

const compress = promisify(gzip);

async function createAsset(name: string, body: Buffer): Promise<Asset> {
  const extension = extname(name);
  return {
    body,
    type: types[extension] ?? 'application/octet-stream',
    // Weak: the same for the plain and the compressed bytes.
    etag: `W/"${createHash('sha256').update(body).digest('base64url')}"`,
    gzipped: compressed.has(extension) ? null : await compress(body),
  };
}

const escapeAttribute = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

async function load(directory: string, endpoint: string): Promise<Page> {
  const template = await readFile(join(directory, 'index.html'), 'utf8');
  const index = await createAsset('index.html', Buffer.from(template.replaceAll('{{endpoint}}', escapeAttribute(endpoint))));
  const folder = join(directory, 'assets');
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name);
  const assets = await Promise.all(names.map(async (name) => [name, await createAsset(name, await readFile(join(folder, name)))] as const));
  return { index, assets: new Map(assets) };
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

function send(request: FastifyRequest, reply: FastifyReply, asset: Asset, cacheControl: string): FastifyReply {
  void reply
    .headers({
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': cacheControl,
      vary: 'accept-encoding',
    })
    .header('etag', asset.etag)
    .type(asset.type);
  const known = request.headers['if-none-match'];
  if (known?.split(',').some((tag) => tag.trim() === asset.etag) === true) return reply.code(304).send();
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(request.headers['accept-encoding'] ?? '');
  if (asset.gzipped === null || !takesGzip) return reply.send(asset.body);
  return reply.header('content-encoding', 'gzip').send(asset.gzipped);
}

/**
 * Serves GraphiQL at `/` and its files at `/graphiql/:file`, from memory. The files are read at the first request, so that starting does not
 * wait for them; where they are missing, `/` answers 503 with a page that says how to build them, and looks again at the next request.
 */
export async function registerGraphiql(app: FastifyInstance, options: GraphiqlOptions): Promise<void> {
  const directory = options.directory ?? fileURLToPath(new URL('../../dist/graphiql/', import.meta.url));
  let loading: Promise<Page> | null = null;
  const page = async (): Promise<Page | null> => {
    loading ??= load(directory, options.endpoint);
    try {
      return await loading;
    } catch (error) {
      loading = null;
      if (isMissing(error)) return null;
      throw error;
    }
  };

  app.get('/', async (request, reply) => {
    const built = await page();
    const asset = built?.index ?? (await createAsset('index.html', Buffer.from(notBuilt)));
    if (built === null) void reply.code(503);
    return send(request, reply, asset, built === null ? 'no-store' : 'no-cache');
  });

  app.get<{ Params: { file: string } }>('/graphiql/:file', async (request, reply) => {
    const asset = (await page())?.assets.get(request.params.file);
    if (asset === undefined) return reply.callNotFound();
    // The names carry a hash of the content.
    return send(request, reply, asset, 'public, max-age=31536000, immutable');
  });
}
