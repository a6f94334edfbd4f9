import type { SessionVisibility } from '../../core/session.ts';
import type { ServiceOptions } from '../shared/service-options.ts';

/** The numbers of the enum `sessionType`. */
export type SessionTypes = Readonly<Record<SessionVisibility, number>>;

/** Where the service is, and what its documentation leaves open. */
export interface MachaniOptions extends ServiceOptions {
  /** Without `/v1`: `https://machani.example.com`. The service's documentation names no host. */
  readonly url: string;
  /** The value of the header `Authorization`, as it is sent. A secret. Null = none is sent: the documentation asks for none. @default null */
  readonly authorization?: string | null | undefined;
  /** What a session belongs to where its creator names nothing: the service requires one. @default 'default' */
  readonly profile?: string | undefined;
  /** What a session opens with where its creator names nothing: the service requires some. At least one. @default [1] */
  readonly defaultChannels?: readonly number[] | undefined;
  /** The documentation has the names without the numbers: these count as the vendor's public protos do. @default { PUBLIC: 1, PRIVATE: 2, TEMPORARY: 3 } */
  readonly sessionTypes?: SessionTypes | undefined;
  /** The most sessions that are asked for at a time. The service's own bound is not documented. At least 1. @default 100 */
  readonly pageSize?: number | undefined;
  /** A stream that is silent for so long is opened anew: its connection may be dead. At least 1. @default 300_000 // 5 minutes */
  readonly idleMs?: number | undefined;
  /** Before a broken stream is opened anew; doubled each time up to 30 seconds, and shortened by chance to no less than half. @default 500 */
  readonly reconnectMs?: number | undefined;
  /** A stream that is not refused for so long counts as open: its head may come with its first event only. @default 500 */
  readonly graceMs?: number | undefined;
  /**
   * How long after it is heard of it is told that a gateway's member came or left: the gateway that had it done writes that down itself,
   * and is to be first. 0 = at once. @default 1_000 // 1 second
   */
  readonly settleMs?: number | undefined;
}

/** What a connector goes by when it writes and reads sessions. */
export type SessionDefaults = Readonly<Required<{ profile: string; defaultChannels: readonly number[]; sessionTypes: SessionTypes }>>;

export const sessionDefaults = ({ profile, defaultChannels, sessionTypes }: MachaniOptions): SessionDefaults => ({
  profile: profile ?? 'default',
  defaultChannels: defaultChannels ?? [1],
  sessionTypes: sessionTypes ?? { PUBLIC: 1, PRIVATE: 2, TEMPORARY: 3 },
});
