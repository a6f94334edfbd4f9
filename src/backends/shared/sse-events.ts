import { type EventSourceMessage, createParser } from 'eventsource-parser';
import { ProblemError, problem } from '../../core/problem.ts';

/** An event of a `text/event-stream`. */
export interface SseEvent {
  /** `message` where the service names none. */
  readonly event: string;
  readonly data: string;
  readonly id: string | null;
}

export interface SseOptions {
  /** Named by the problem of an event that is too large. */
  readonly backend: string;
  /** Of one event. A larger one ends the stream with a `ProblemError` of UPSTREAM_FAILED. @default 1_048_576 */
  readonly maxEventChars?: number;
}

/** The events of a body as they come. One that is cut off by the body's end is left out. */
export async function* sseEvents(
  body: AsyncIterable<Uint8Array>,
  { backend, maxEventChars = 1_048_576 }: SseOptions,
): AsyncGenerator<SseEvent, void, undefined> {
  const decoder = new TextDecoder();
  let ready: EventSourceMessage[] = [];
  let tooLarge = false;
  const parser = createParser({
    maxBufferSize: maxEventChars,
    onEvent: (event) => ready.push(event),
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded') tooLarge = true;
    },
  });
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    const events = ready;
    ready = [];
    for (const { event, data, id } of events) yield { event: event ?? 'message', data, id: id ?? null };
    if (tooLarge) {
      const detail = `Backend ${backend} sent an event of more than ${maxEventChars} characters: the stream is given up.`;
      throw new ProblemError(problem('UPSTREAM_FAILED', detail, { backend }));
    }
  }
}
