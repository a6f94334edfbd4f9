import type { MemberConnectionResolvers, MessageConnectionResolvers, SessionConnectionResolvers } from '../generated.ts';
import { connectionFields } from '../paging.ts';

// One record holds all sessions: no backend is asked for rows, so that none can fail to give its own.
export const SessionConnection: SessionConnectionResolvers = { ...connectionFields, problems: () => [] };
export const MemberConnection: MemberConnectionResolvers = connectionFields;
export const MessageConnection: MessageConnectionResolvers = connectionFields;
