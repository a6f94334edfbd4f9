import { Agent, request } from 'node:http';
import { inTurn } from './in-turn.ts';
import { contentOf, type Tally } from './tally.ts';

/** Where and how a server takes a message: what anybody would send it. */
export interface PublishDoor {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body, with `%CONTENT%` where the content goes inside a JSON string. */
  readonly body: string;
  /** What the answer must contain. */
  readonly expect: string;
}

/** Messages on their way at once, where as much as possible is to get through. */
export const publishers = 8;

/** How long everybody may take to get the last message, milliseconds. */
export const patienceMs = 30_000;

/** Publishes one message. Rejects where the answer is not what it should be. */
export function publish({ url, headers, body, expect }: PublishDoor, agent: Agent, content: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const bytes = Buffer.from(body.replace('%CONTENT%', content));
  const asking = request(url, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', 'content-length': bytes.length, ...headers },
  });
  asking.on('error', reject);
  asking.on('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('error', reject);
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      if (response.statusCode === 200 && text.includes(expect)) resolve();
      else reject(new Error(`Publishing got ${response.statusCode}, expected 200 and ${expect}: ${text.slice(0, 1_000)}`));
    });
  });
  asking.end(bytes);
  return promise;
}

/**
 * Publishes until then, and resolves with how many messages once everybody has got every one. `publishers` work at once, each with the next
 * message when its last one has reached everybody: the server always has work, and nothing piles up. The doors are given out in turn.
 */
export async function publishUntil(until: number, publishers: number, doors: readonly PublishDoor[], tally: Tally): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  let count = 0;
  const publisher = async (door: PublishDoor): Promise<void> => {
    while (performance.now() < until) {
      const number = tally.next();
      count += 1;
      await publish(door, agent, contentOf(number));
      await tally.reached(number);
    }
  };
  const late = setTimeout(
    () =>
      tally.fail(
        new Error(`Not everybody got everything within ${patienceMs} ms: ${JSON.stringify(tally.snapshot())}, ${count} published`),
      ),
    until - performance.now() + patienceMs,
  );
  try {
    await Promise.all(Array.from({ length: publishers }, (_, index) => publisher(inTurn(doors, index))));
  } finally {
    clearTimeout(late);
    agent.destroy();
  }
  return count;
}
