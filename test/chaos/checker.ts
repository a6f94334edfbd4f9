import { checkStreams } from './checks/streams.ts';
import { checkTimeline } from './checks/timeline.ts';
import type { Violation } from './checks/violation.ts';
import { checkCreations, checkWrites } from './checks/writes.ts';
import type { History } from './history.ts';

/** All that is wrong with a history. It is read only, and neither the servers nor a clock are asked. */
export function check({ sessions, writes, streams, truths, listed }: History): readonly Violation[] {
  const writesOf = Map.groupBy(writes, ({ session }) => session);
  const streamsOf = Map.groupBy(streams, ({ session }) => session);
  const truthOf = new Map(truths.map((truth) => [truth.session, truth]));
  return [
    ...checkCreations(listed, writesOf.get(null) ?? []),
    ...sessions.flatMap((session) => {
      const truth = truthOf.get(session.id);
      if (truth === undefined) throw new Error(`The truth about session ${session.id} was not read.`);
      return [
        ...checkTimeline(session, truth),
        ...checkWrites(truth, writesOf.get(session.id) ?? []),
        ...checkStreams(truth, session.cursor, streamsOf.get(session.id) ?? []),
      ];
    }),
  ];
}
