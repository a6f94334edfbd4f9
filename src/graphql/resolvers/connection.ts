import type {
  MemberConnectionResolvers,
  MessageConnectionResolvers,
  SessionConnectionResolvers,
  SuggestionConnectionResolvers,
} from '../generated.ts';
import { connectionFields } from '../paging.ts';

export const SessionConnection: SessionConnectionResolvers = connectionFields;
export const SuggestionConnection: SuggestionConnectionResolvers = connectionFields;
export const MemberConnection: MemberConnectionResolvers = connectionFields;
export const MessageConnection: MessageConnectionResolvers = connectionFields;
