/** Something that must not be, where it is, and what should be there instead. */
export interface Violation {
  readonly rule: Rule;
  readonly session: string | null;
  /** The place on the timeline. */
  readonly cursor: string | null;
  readonly client: string | null;
  readonly expected: string;
  readonly got: string;
}

/** The promises, each with what breaking it means. */
export const rules = {
  'write-lost': 'What was acknowledged is not there.',
  'write-doubled': 'One request, or one idempotency key, was carried out more than once.',
  'write-refused-yet-done': 'A client was told that nothing was written, and it was.',
  'answers-differ': 'One idempotency key was given two answers.',
  'writes-out-of-order': 'A message that was sent after another one was acknowledged stands before it.',
  'event-lost': 'A subscriber was not given an event.',
  'event-doubled': 'A subscriber was given an event twice, or one from before its cursor.',
  'event-swapped': 'A subscriber was given events in another order than that of the timeline.',
  'event-differs': 'A subscriber was given another content under the cursor.',
  'event-unknown': 'A subscriber was given an event that is not on the timeline.',
  'not-recovered': 'A subscriber that came back by a cursor was told that it missed something.',
  'ended-early': 'A subscription was completed before its end.',
  'timeline-gap': 'The numbers of a timeline have a gap or a double.',
  'replay-differs': 'The replay through the API is not what is stored.',
  'history-differs': 'The messages are not those of the timeline.',
  'over-full': 'There were more members than the rules let in.',
  'members-differ': 'The members are not what the timeline makes of them.',
  'expired-twice': 'A session expired more than once.',
  'expired-early': 'A session expired before its time.',
  'not-expired': 'The time of a session has run out, and nobody was told.',
  'warned-twice': 'The same expiry was warned of twice.',
  'after-the-end': 'Something happened in a session that was over.',
} as const;

export type Rule = keyof typeof rules;

/** One line for people. */
export const describeViolation = ({ rule, session, cursor, client, expected, got }: Violation): string =>
  [
    `${rule}: ${rules[rule]}`,
    ...(session === null ? [] : [`session ${session}`]),
    ...(cursor === null ? [] : [`cursor ${cursor}`]),
    ...(client === null ? [] : [`client ${client}`]),
    `expected ${expected}`,
    `got ${got}`,
  ].join(' | ');
