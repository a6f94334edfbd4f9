import { type Problem, isProblem } from '../core/problem.ts';
import type {
  Effects,
  Facts,
  Found,
  Joined,
  ListPage,
  Opened,
  Sent,
  Service,
  ServiceMessage,
  ServiceSuggestion,
  Sink,
} from '../core/service.ts';
import type { Rules, TimeoutPolicy } from '../core/session.ts';
import { isTooDeep } from './shared/depth.ts';

// The last instant that ISO 8601 writes with four digits of a year.
const maxInstant = 253_402_300_799_999;
// GraphQL's largest Int.
const maxCount = 2_147_483_647;

const between = (value: number, max: number): number => Math.min(Math.max(Math.round(value) || 0, 0), max);
/** Epoch milliseconds as a record can hold them. */
const instant = (value: number): number => between(value, maxInstant);
const count = (value: number): number => between(value, maxCount);

const boundedTimeout = (timeout: TimeoutPolicy): TimeoutPolicy => ({
  ...timeout,
  ...withEach(timeout, ['timeoutSeconds', 'warningSeconds', 'maxDurationSeconds'], count),
});

/** The named members that are there, each put through the function; null stays null. */
function withEach<T extends object>(from: T, names: readonly (keyof T)[], change: (value: number) => number): Partial<T> {
  const changed = names.flatMap((name) => {
    const value = from[name];
    return typeof value === 'number' ? [[name, change(value)]] : [];
  });
  return Object.fromEntries(changed) as Partial<T>;
}

const boundedRules = (rules: Partial<Rules>): Partial<Rules> => ({
  ...rules,
  ...withEach(rules, ['maxMembers', 'lifetimeSeconds', 'maxFiles', 'maxTotalMegabytes'], count),
  ...(rules.timeout && { timeout: boundedTimeout(rules.timeout) }),
});

/** JSON that is too deep is no word of it. */
const boundedFacts = ({ metadata, defaults, ...facts }: Facts): Facts => ({
  ...facts,
  ...withEach(facts, ['createdAt', 'lastActivityAt', 'expiresAt', 'endsAt'], instant),
  ...withEach(facts, ['renewalCount'], count),
  ...(facts.rules && { rules: boundedRules(facts.rules) }),
  ...(metadata && !isTooDeep(metadata) && { metadata }),
  ...(defaults && !isTooDeep(defaults) && { defaults }),
});

const boundedMessage = ({ metadata, ...message }: ServiceMessage): ServiceMessage => ({
  ...message,
  // Ours are made of it, and half a surrogate pair cannot be.
  id: message.id.toWellFormed(),
  createdAt: instant(message.createdAt),
  ...(metadata && !isTooDeep(metadata) && { metadata }),
});

const boundedSuggestion = (suggestion: ServiceSuggestion): ServiceSuggestion => ({
  ...suggestion,
  ...withEach(suggestion, ['createdAt'], instant),
});

const boundedJoined = (joined: Joined): Joined => ({ ...joined, ...(joined.facts && { facts: boundedFacts(joined.facts) }) });

const boundedOpened = (opened: Opened): Opened => ({
  ...opened,
  facts: boundedFacts(opened.facts),
  ...(opened.member && { member: boundedJoined(opened.member) }),
});

const boundedFound = (found: Found): Found => ({ ...found, facts: boundedFacts(found.facts) });
const boundedPage = (page: ListPage): ListPage => ({ ...page, sessions: page.sessions.map(boundedFound) });
const boundedSent = (sent: Sent): Sent => ({
  ...sent,
  facts: boundedFacts(sent.facts),
  reply: sent.reply && sent.reply.then((reply) => (isProblem(reply) ? reply : boundedMessage(reply))),
});

type Asking<G extends readonly unknown[], T> = (...given: G) => Promise<T | Problem>;

/** The same method, whose answers are put through the function unless they are problems. */
const answering =
  <G extends readonly unknown[], T>(ask: Asking<G, T>, bound: (answer: T) => T): Asking<G, T> =>
  async (...given) => {
    const answer = await ask(...given);
    return isProblem(answer) ? answer : bound(answer);
  };

const boundedEffects = ({ join, ...others }: Effects): Effects => ({
  ...(join && { join: answering(join, boundedJoined) }),
  ...Object.fromEntries(
    Object.entries(others as Readonly<Record<string, Asking<never[], Facts>>>).map(([name, ask]) => [name, answering(ask, boundedFacts)]),
  ),
});

const boundedSink = (sink: Sink): Sink => ({
  opened: () => sink.opened(),
  message: (message) => sink.message(boundedMessage(message)),
  delta: (delta) => sink.delta(delta),
  joined: (member) => sink.joined(member),
  left: (id) => sink.left(id),
  facts: (facts) => sink.facts(boundedFacts(facts)),
  changed: () => sink.changed(),
  failed: (cause) => sink.failed(cause),
});

/**
 * The service, with what it says brought within the bounds of a record: instants from 1970 to 9999, counts that a GraphQL Int holds, JSON that
 * can be gone through. A connector reads what its service documents, and none documents how large its numbers may become.
 */
export function boundedService(service: Service): Service {
  const watch = service.watch?.bind(service);
  return {
    ...service,
    open: answering(service.open.bind(service), boundedOpened),
    read: answering(service.read.bind(service), boundedFacts),
    effects: boundedEffects(service.effects),
    ...(service.list && { list: answering(service.list.bind(service), boundedPage) }),
    ...(service.find && { find: answering(service.find.bind(service), (found) => found && boundedFound(found)) }),
    ...(service.send && { send: answering(service.send.bind(service), boundedSent) }),
    ...(service.history && { history: answering(service.history.bind(service), (messages) => messages.map(boundedMessage)) }),
    ...(service.suggestions && { suggestions: answering(service.suggestions.bind(service), (all) => all.map(boundedSuggestion)) }),
    ...(watch && { watch: (at, sink) => watch(at, boundedSink(sink)) }),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}
