import { type ListedSession, type Seen, type Truth, type Write, outcomeOf } from '../history.ts';
import type { Rule, Violation } from './violation.ts';

type Found = readonly { readonly id: string; readonly cursor: string | null }[];

/** Where on the timeline what a request was for shows. */
const effects: Readonly<Record<'join' | 'kick' | 'leave' | 'send', (event: Seen) => string | undefined>> = {
  send: ({ message }) => message?.content,
  join: ({ __typename: type, member }) => (type === 'MemberJoined' ? member?.name : undefined),
  leave: ({ __typename: type, member }) => (type === 'MemberLeft' ? member?.id : undefined),
  kick: ({ __typename: type, member }) => (type === 'MemberKicked' ? member?.id : undefined),
};

/** What was acknowledged is there once, what was refused is not, and what is not known is there once at most. */
export function checkWrites(truth: Truth, writes: readonly Write[]): readonly Violation[] {
  const found: Violation[] = [];
  for (const operation of ['send', 'join', 'leave', 'kick'] as const) {
    const there = Map.groupBy(truth.events, effects[operation]);
    for (const write of writes.filter((each) => each.operation === operation)) {
      const events = there.get(write.subject) ?? [];
      found.push(
        ...checkWrite(
          write,
          events.map((event) => ({ id: (event.message ?? event.member)?.id ?? '', cursor: event.cursor })),
        ),
      );
    }
  }
  const updates = writes.filter(({ operation }) => operation === 'update');
  return [
    ...found,
    ...checkCount(truth, updates),
    ...checkOrder(
      truth,
      writes.filter(({ operation }) => operation === 'send'),
    ),
  ];
}

export const checkCreations = (listed: readonly ListedSession[], writes: readonly Write[]): readonly Violation[] => {
  const byTitle = Map.groupBy(listed, ({ title }) => title);
  return writes.flatMap((write) =>
    checkWrite(
      write,
      (byTitle.get(write.subject) ?? []).map(({ id }) => ({ id, cursor: null })),
    ),
  );
};

function checkWrite(write: Write, found: Found): readonly Violation[] {
  const { session, client, operation, subject, attempts } = write;
  const what = `${operation} of ${subject}`;
  const violation = (rule: Rule, cursor: string | null, expected: string, got: string): Violation => ({
    rule,
    session,
    cursor,
    client,
    expected,
    got,
  });
  const answers = [...new Set(attempts.flatMap(({ outcome, answer }) => (outcome === 'done' ? [answer] : [])))];
  const outcome = outcomeOf(write);
  if (found.length > 1) return [violation('write-doubled', found[1]?.cursor ?? null, `one ${what}`, `${found.length} of them`)];
  if (answers.length > 1) return [violation('answers-differ', null, `one answer to ${what}`, answers.join(' and '))];
  if (outcome === 'refused' && found.length > 0) {
    return [
      violation('write-refused-yet-done', found[0]?.cursor ?? null, `no ${what}: ${attempts.map(({ answer }) => answer).join()}`, 'one'),
    ];
  }
  if (outcome === 'done' && found[0]?.id !== answers[0]) {
    return [violation('write-lost', null, `${what} with the acknowledged id ${answers[0]}`, found[0]?.id ?? 'nothing')];
  }
  return [];
}

/** Changes of the description leave events that do not say which one they are. */
function checkCount({ session, events }: Truth, updates: readonly Write[]): readonly Violation[] {
  const there = events.filter(({ __typename: type }) => type === 'SessionUpdated').length;
  const done = updates.filter((write) => outcomeOf(write) === 'done').length;
  const possible = done + updates.filter((write) => outcomeOf(write) === 'unknown').length;
  const violation = (rule: Rule): Violation => ({
    rule,
    session,
    cursor: null,
    client: updates[0]?.client ?? null,
    expected: `${done} to ${possible} SessionUpdated`,
    got: `${there}`,
  });
  return there < done ? [violation('write-lost')] : there > possible ? [violation('write-doubled')] : [];
}

/** Whoever was acknowledged before another one began stands before it. */
function checkOrder({ session, events }: Truth, sends: readonly Write[]): readonly Violation[] {
  const byContent = new Map(sends.map((write) => [write.subject, write]));
  const found: Violation[] = [];
  // The earliest acknowledgement among those that stand further behind.
  let earliest: { readonly at: number; readonly subject: string } | null = null;
  for (const { cursor, message } of events.toReversed()) {
    const write = message && byContent.get(message.content);
    if (write === undefined) continue;
    const { attempts, client, subject } = write;
    const began = attempts[0]?.sentAt ?? Infinity;
    if (earliest !== null && earliest.at < began) {
      found.push({
        rule: 'writes-out-of-order',
        session,
        cursor,
        client,
        expected: `${subject} after ${earliest.subject}`,
        got: 'it before that',
      });
    }
    const acknowledged = attempts.find(({ outcome }) => outcome === 'done')?.answeredAt ?? Infinity;
    if (earliest === null || acknowledged < earliest.at) earliest = { at: acknowledged, subject };
  }
  return found;
}
