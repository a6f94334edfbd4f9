import type { Readable } from 'node:stream';

/** The whole body as UTF-8; null where it is larger than allowed. Rejects where the connection breaks. */
export async function readText(body: Readable, maxBytes: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop destroys the body, which it reports as an error once more.
  body.on('error', () => {});
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) return null;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
