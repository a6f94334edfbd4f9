import { type Seen, type Stream, type Truth, eventsOf } from '../history.ts';
import type { Rule, Violation } from './violation.ts';

const ends: ReadonlySet<string> = new Set(['SessionExpired', 'SessionEnded']);

/** What every subscriber saw must be one piece of the timeline: from where it began to its end, or to where it was when it was cut off. */
export function checkStreams(truth: Truth, start: string, streams: readonly Stream[]): readonly Violation[] {
  const places = new Map(truth.events.map(({ cursor }, index) => [cursor, index]));
  places.set(start, -1);
  return streams.flatMap((stream) => checkStream(truth, places, stream));
}

function checkStream({ events: timeline, status }: Truth, places: ReadonlyMap<string, number>, stream: Stream): readonly Violation[] {
  const { client, session, member, stretches } = stream;
  const found: Violation[] = [];
  const report = (rule: Rule, cursor: string | null, expected: string, got: string): void =>
    void found.push({ rule, session, cursor, client, expected, got });

  for (const { gateway, after, opened } of stretches) {
    if (opened === null || (opened.recovered && opened.cursor === after)) continue;
    report('not-recovered', after, 'StreamOpened with `recovered: true` and that cursor', `${JSON.stringify(opened)} from ${gateway}`);
  }

  const first = stretches[0]?.after;
  const begin = first === undefined ? undefined : places.get(first);
  if (begin === undefined) {
    report('event-unknown', first ?? null, 'a cursor of the timeline to begin after', 'one that is not on it');
    return found;
  }
  const seen = new Set<number>();
  let furthest = begin;
  for (const event of eventsOf(stream)) {
    const { cursor } = event;
    const place = places.get(cursor);
    if (place === undefined) {
      report('event-unknown', cursor, `what follows ${nameOf(timeline[furthest])}`, nameOf(event));
    } else if (place <= begin || seen.has(place)) {
      report('event-doubled', cursor, `what follows ${nameOf(timeline[furthest])}`, nameOf(event));
    } else {
      seen.add(place);
      const original = timeline[place];
      if (JSON.stringify(event) !== JSON.stringify(original))
        report('event-differs', cursor, JSON.stringify(original), JSON.stringify(event));
      if (place < furthest) report('event-swapped', cursor, `it before ${nameOf(timeline[furthest])}`, 'it after that');
      furthest = Math.max(furthest, place);
    }
  }
  const last = member === null ? timeline.length - 1 : furthest;
  for (let place = begin + 1; place <= last; place += 1) {
    if (!seen.has(place))
      report('event-lost', timeline[place]?.cursor ?? null, nameOf(timeline[place]), `nothing between ${around(timeline, seen, place)}`);
  }

  if (stretches.at(-1)?.end === 'complete') {
    const event = timeline[furthest];
    const isOwnEnd = event !== undefined && /^Member(?:Left|Kicked)$/.test(event.__typename) && event.member?.id === member;
    // Whoever comes when all is over is given nothing more.
    const isOver = event === undefined ? status !== 'ACTIVE' : ends.has(event.__typename);
    if (!isOwnEnd && !isOver) {
      report('ended-early', event?.cursor ?? null, 'the end of the session or of the membership as the last event', nameOf(event));
    }
  }
  return found;
}

const nameOf = (event: Seen | undefined): string => {
  if (event === undefined) return 'the beginning';
  const about = event.message?.content ?? event.member?.id;
  return about === undefined ? event.__typename : `${event.__typename} (${about})`;
};

function around(timeline: readonly Seen[], seen: ReadonlySet<number>, place: number): string {
  const before = timeline.findLast((_, index) => index < place && seen.has(index));
  const after = timeline.find((_, index) => index > place && seen.has(index));
  return `${nameOf(before)} and ${after === undefined ? 'the end' : nameOf(after)}`;
}
