import type { HttpRequest } from '../load/http-connection.ts';
import type { PublishDoor } from '../load/publisher.ts';
import type { SubscriptionRequest } from '../load/subscription.ts';
import type { GatewayAddress } from './gateway.ts';
import { bearer, type GuestSession } from './guests.ts';
import { sendMessage, sessionEvents } from './operations.ts';

/** What the answer to a message that was sent contains. */
export const delivered = '"__typename":"MessageDelivery"';

/** A message to the session of the token. */
export const sendRequest = ({ url }: GatewayAddress, token: string, content: string): HttpRequest & { readonly body: string } => ({
  url,
  headers: bearer(token),
  body: JSON.stringify({ query: sendMessage, variables: { content } }),
});

/** Where messages to the session of the token are published. */
export const doorOf = (gateway: GatewayAddress, token: string): PublishDoor => ({
  ...sendRequest(gateway, token, '%CONTENT%'),
  expect: delivered,
});

/** Every member follows its session: the same operation, each with a token of its own. */
export const subscriptionsTo = ({ id, tokens }: GuestSession): readonly SubscriptionRequest[] =>
  tokens.map((token) => ({ init: { Authorization: `Bearer ${token}` }, query: sessionEvents, variables: { id } }));
