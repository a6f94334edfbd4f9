/** A line of newline-delimited JSON. A `fault` says what is wrong with it, and quotes nothing of it. */
export type NdjsonLine =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'fault'; readonly fault: 'not JSON' | 'too long' };

export interface NdjsonOptions {
  /** Of one line; a longer one is passed over. @default 1_048_576 // 1 MiB */
  readonly maxLineBytes?: number;
}

const newline = 0x0a;

/** The lines of a body as they come; empty ones are left out. Faulty lines do not end it, failures of the body do. */
export async function* ndjsonLines(
  body: AsyncIterable<Uint8Array>,
  { maxLineBytes = 1_048_576 }: NdjsonOptions = {},
): AsyncGenerator<NdjsonLine, void, undefined> {
  // Bytes, not text: a chunk may end within a character.
  let parts: Uint8Array[] = [];
  let bytes = 0;
  const add = (part: Uint8Array): void => {
    bytes += part.length;
    if (bytes > maxLineBytes) parts = [];
    else parts.push(part);
  };
  const take = (): NdjsonLine | null => {
    const line = bytes > maxLineBytes ? null : new TextDecoder().decode(Buffer.concat(parts)).trim();
    parts = [];
    bytes = 0;
    if (line === null) return { kind: 'fault', fault: 'too long' };
    if (line === '') return null;
    try {
      return { kind: 'value', value: JSON.parse(line) as unknown };
    } catch {
      return { kind: 'fault', fault: 'not JSON' };
    }
  };

  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      add(chunk.subarray(start, end));
      start = end + 1;
      const line = take();
      if (line !== null) yield line;
    }
    add(chunk.subarray(start));
  }
  const line = take();
  if (line !== null) yield line;
}
