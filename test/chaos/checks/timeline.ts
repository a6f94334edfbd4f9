import type { Seen, SessionRecord, Truth } from '../history.ts';
import type { Rule, Violation } from './violation.ts';

type Report = (rule: Rule, cursor: string | null, expected: string, got: string) => void;

/** Whether a timeline hangs together, and says the same as the rows, the pages of messages and the list of members. */
export function checkTimeline(session: SessionRecord, truth: Truth): readonly Violation[] {
  const found: Violation[] = [];
  const report: Report = (rule, cursor, expected, got) =>
    void found.push({ rule, session: session.id, cursor, client: null, expected, got });
  checkNumbers(truth, report);
  checkMessages(truth, report);
  checkMembers(session, truth, report);
  checkEnd(session, truth, report);
  return found;
}

function checkNumbers({ events, stored }: Truth, report: Report): void {
  const numbers = stored.events.map(({ seq }) => seq);
  const wrong = numbers.findIndex((seq, index) => seq !== index + 1);
  if (wrong >= 0) report('timeline-gap', null, `number ${wrong + 1}`, `number ${numbers[wrong]}`);
  if (numbers.length !== stored.seq) report('timeline-gap', null, `${stored.seq} events, as the session says`, `${numbers.length}`);

  const cursors = new Set<string>();
  for (const { cursor } of events) {
    if (cursors.has(cursor)) report('timeline-gap', cursor, 'each cursor once in the replay', 'it twice');
    cursors.add(cursor);
  }
  const kept = stored.events.slice(-events.length || stored.events.length).map(({ type }) => type);
  const told = events.map(({ __typename }) => __typename.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase());
  // Both end at the head.
  const other = told.findLastIndex((type, index) => type !== kept[index]);
  if (other >= 0) report('replay-differs', events[other]?.cursor ?? null, String(kept[other]), String(told[other]));
  // The event that the first cursor stands behind is there too.
  if (told.length >= stored.events.length) report('replay-differs', null, `less than ${stored.events.length} events`, `${told.length}`);
}

function checkMessages({ events, messages }: Truth, report: Report): void {
  const told = events.flatMap(({ cursor, message }) => (message === undefined ? [] : [{ cursor, message }]));
  for (let index = 0; index < Math.max(told.length, messages.length); index += 1) {
    const [event, message] = [told[index], messages[index]];
    if (event?.message.id === message?.id && event?.message.content === message?.content) continue;
    report('history-differs', event?.cursor ?? null, event?.message.content ?? 'no more messages', message?.content ?? 'no more messages');
    return;
  }
}

/** Replays who came and went: the capacity holds at every instant. */
function checkMembers({ members, maxMembers }: SessionRecord, { events, members: listed, stored }: Truth, report: Report): void {
  const present = new Set(members);
  const known = new Set(members);
  for (const { __typename: type, cursor, member } of events) {
    if (member === undefined) continue;
    if (type === 'MemberJoined') {
      if (known.has(member.id)) report('members-differ', cursor, 'each membership to begin once', `${member.id} again`);
      known.add(member.id);
      present.add(member.id);
      if (maxMembers !== null && present.size > maxMembers) report('over-full', cursor, `at most ${maxMembers} members`, `${present.size}`);
    } else if (!present.delete(member.id)) {
      report('members-differ', cursor, `${type} of somebody who is there`, `${member.id}, who is not`);
    }
  }
  const [expected, got] = [[...present].sort().join(), [...listed].sort().join()];
  if (expected !== got) report('members-differ', null, expected, got);
  if (stored.activeMembers !== present.size) report('members-differ', null, `a count of ${present.size}`, `${stored.activeMembers}`);
}

function checkEnd({ expiresAt, timeoutMs }: SessionRecord, { events, status, stored }: Truth, report: Report): void {
  const expiries = stored.events.filter(({ type }) => type === 'SESSION_EXPIRED').length;
  const replayed = events.filter(({ __typename: type }) => type === 'SessionExpired').length;
  if (Math.max(expiries, replayed) > 1) {
    const second = events.filter(({ __typename: type }) => type === 'SessionExpired')[1];
    report('expired-twice', second?.cursor ?? null, 'one SessionExpired', `${Math.max(expiries, replayed)}`);
  }
  const isDue = expiresAt !== null;
  if (isDue && (expiries === 0 || status !== 'EXPIRED'))
    report('not-expired', null, 'SessionExpired, and the status EXPIRED', `${expiries}, ${status}`);
  if (!isDue && (expiries > 0 || status !== 'ACTIVE'))
    report('expired-early', null, 'a session without an end', `${expiries} ends, ${status}`);

  let end = expiresAt ?? Infinity;
  let warned = false;
  let over: Seen | null = null;
  for (const event of events) {
    const { __typename: type, cursor, occurredAt } = event;
    const at = Date.parse(occurredAt);
    if (over !== null) report('after-the-end', cursor, `nothing after ${over.__typename}`, type);
    if (type === 'SessionRenewed' || (type === 'MessageAdded' && timeoutMs !== null)) {
      warned = false;
      end = Math.max(end, type === 'SessionRenewed' ? Date.parse(event.expiresAt ?? '') : at + (timeoutMs ?? 0));
    }
    if (type === 'SessionExpiring') {
      if (warned) report('warned-twice', cursor, 'one warning of one expiry', 'another one');
      warned = true;
    }
    if (type === 'SessionExpired') {
      if (at < end) report('expired-early', cursor, `not before ${new Date(end).toISOString()}`, occurredAt);
      over = event;
    }
  }
}
