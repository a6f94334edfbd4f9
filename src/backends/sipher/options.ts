import type { ServiceOptions } from '../shared/service-options.ts';

/** How a Sipher service is reached and used. */
export interface SipherOptions extends ServiceOptions {
  /** `https://sipher.sip-protocol.org`, or where else it runs. */
  readonly url: string;
  /**
   * The gateway's own key at the service: of the tier `pro` or `enterprise`, since others have no sessions. Sessions belong to the key that
   * made them: with another one, all that there are look as if they had expired.
   */
  readonly apiKey: string;
  /**
   * Sessions' requests in any 60 seconds. The service counts them by address, and all users of the gateway share one. At least 1.
   *
   * @default 100 // what the service allows unless it is configured otherwise (RATE_LIMIT_MAX)
   */
  readonly requestsPerMinute?: number;
  /** How long a request may wait for its turn among those; one that would wait longer is RATE_LIMITED at once. @default 2_000 // 2 seconds */
  readonly queueMs?: number;
}
