import type { Socket } from 'node:net';

const held: Socket[] = [];

function release(): void {
  for (const stream of held.splice(0)) stream.uncork();
}

/**
 * Holds back what is written to the stream until the end of this turn of the event loop, so that events that come together cost one system
 * call for each socket, not one for each event.
 */
export function corkForThisTurn(stream: Socket): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  if (held.push(stream) === 1) setImmediate(release);
}
