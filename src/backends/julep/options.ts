import type { ServiceOptions } from '../shared/service-options.ts';

/** Which of Julep's APIs is spoken: the agents API 0.3 of the vendor's page (suggestions), or its successor (streamed replies). */
export type JulepContract = 'v0.3' | 'v1';

export interface JulepOptions extends ServiceOptions {
  /** With the base path: `https://api-alpha.julep.ai/api`, `https://api.julep.ai/api`. */
  readonly url: string;
  readonly contract: JulepContract;
  /** A secret. */
  readonly apiKey: string;
  /** Where the key is sent: hosted services want it as a bearer in `Authorization`, self-hosted ones as it is in `X-Auth-Key`. */
  readonly authHeader: 'Authorization' | 'X-Auth-Key';
  /** A UUID, sent as `X-Developer-Id`: self-hosted services that serve several developers want it. Null = not sent. */
  readonly developerId: string | null;
  /** The agent, a UUID, of sessions that name none. Null = each has to name one. */
  readonly agentId: string | null;
  /** How long a message may take with the agent's whole reply, streamed or not. Milliseconds. @default 60_000 */
  readonly replyMs?: number | undefined;
  /** How often a session is looked at while somebody follows it: the service tells nothing by itself. Milliseconds. */
  readonly pollMs: number;
}
