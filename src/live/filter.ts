import type { EventType, LiveEvent } from '../core/event.ts';
import type { SubscriptionPlan } from '../graphql/engine.ts';

const typeOfField: Readonly<Record<Exclude<SubscriptionPlan['field'], 'sessionEvents'>, EventType>> = {
  messageAdded: 'MESSAGE_ADDED',
  memberKicked: 'MEMBER_KICKED',
  sessionExpired: 'SESSION_EXPIRED',
};

/** Whether a subscription by this plan is given the event. A message that was cleared since is given to nobody. */
export function wants(plan: Pick<SubscriptionPlan, 'field' | 'types' | 'channel'>, event: LiveEvent): boolean {
  const { type } = event.body;
  if (plan.field !== 'sessionEvents' && typeOfField[plan.field] !== type) return false;
  if (plan.types !== null && !plan.types.has(type)) return false;
  if (type !== 'MESSAGE_ADDED') return true;
  return event.message !== null && (plan.channel === null || event.message.channel === plan.channel);
}
