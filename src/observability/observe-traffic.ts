import type { Instruments } from './instruments.ts';

/** Answers over HTTP, by route. What is at no route is one label, whatever was asked for. */
export function observeHttp({ httpRequests }: Instruments): (route: string | undefined, status: number) => void {
  const counters = new Map<string | undefined, Map<number, { inc(): void }>>();
  return (route, status) => {
    let ofRoute = counters.get(route);
    if (ofRoute === undefined) counters.set(route, (ofRoute = new Map()));
    let counter = ofRoute.get(status);
    if (counter === undefined) ofRoute.set(status, (counter = httpRequests.labels({ route: route ?? 'none', status: String(status) })));
    counter.inc();
  };
}

/** One attempt at a request to a service, when it is over. */
export interface ObservedCall {
  readonly backend: string;
  readonly method: string;
  /** With placeholders for ids. */
  readonly path: string;
  /** Null where no reply came. */
  readonly status: number | null;
  readonly ms: number;
}

/** `4xx` of 404: services choose their statuses, and each is a series. */
const classOf = (status: number | null): string => (status === null ? 'none' : `${Math.floor(status / 100)}xx`);

/** Requests to services. */
export const observeUpstream =
  ({ upstreamRequests, upstreamSeconds }: Instruments): ((call: ObservedCall) => void) =>
  ({ backend, method, path, status, ms }) => {
    upstreamRequests.inc({ backend, method, route: path, status: classOf(status) });
    upstreamSeconds.observe({ backend }, ms / 1_000);
  };
