import { idOf, messageIdFrom } from '../../core/ids.ts';
import type { SuggestionResolvers } from '../generated.ts';

export const Suggestion: SuggestionResolvers = {
  id: ({ session, suggestion }) => idOf('Suggestion', `${session.id} ${suggestion.id}`),
  target: ({ suggestion }) => suggestion.target,
  content: ({ suggestion }) => suggestion.content,
  createdAt: ({ suggestion }) => suggestion.createdAt,
  message: ({ session, suggestion: { messageId } }, _, { loaders }) =>
    messageId === null ? null : loaders.messages.load(messageIdFrom(session.id, messageId)),
};
