import type { MemberId } from '../../core/ids.ts';
import type { Member } from '../../core/member.ts';
import { isProblem } from '../../core/problem.ts';
import type { RequestContext } from '../context.ts';
import type { MemberRemovalResolvers, Resolvers, SessionAdmissionResolvers, SessionChangeResolvers } from '../generated.ts';
import { sessionOf } from './message.ts';

async function memberOf(id: MemberId, { loaders }: RequestContext): Promise<Member> {
  const member = await loaders.members.load(id);
  if (member === null) throw new Error(`Expected member ${id} to be in the store, found none.`);
  return member;
}

export const SessionAdmission: SessionAdmissionResolvers = {
  session: ({ sessionId }, _, context) => sessionOf(sessionId, context),
  member: ({ memberId }, _, context) => memberOf(memberId, context),
};

export const SessionChange: SessionChangeResolvers = {
  session: ({ sessionId }, _, context) => sessionOf(sessionId, context),
};

export const MemberRemoval: MemberRemovalResolvers = {
  session: ({ sessionId }, _, context) => sessionOf(sessionId, context),
  member: ({ memberId }, _, context) => memberOf(memberId, context),
};

/** A result is its success, or a problem. Runs inside compiled operations, where it must not throw. */
const outcome = <T extends string>(success: T): { readonly __resolveType: (value: unknown, context: RequestContext) => T | 'Problem' } => ({
  __resolveType(value, context) {
    if (!isProblem(value)) return success;
    context.refusals = [...context.refusals, value];
    return 'Problem';
  },
});

export const mutationResults: Pick<Resolvers, Extract<keyof Resolvers, `${string}Result`>> = {
  CreateSessionResult: outcome('SessionAdmission'),
  JoinSessionResult: outcome('SessionAdmission'),
  LeaveSessionResult: outcome('SessionChange'),
  KickMemberResult: outcome('MemberRemoval'),
  EndSessionResult: outcome('SessionChange'),
  UpdateSessionResult: outcome('SessionChange'),
  ReplaceSessionResult: outcome('SessionChange'),
  RenewSessionResult: outcome('SessionChange'),
  HeartbeatSessionResult: outcome('SessionChange'),
  SetTimeoutPolicyResult: outcome('SessionChange'),
  SendMessageResult: outcome('MessageDelivery'),
  ClearMessagesResult: outcome('SessionChange'),
  RequestWalletChallengeResult: outcome('WalletChallenge'),
  VerifyWalletResult: outcome('Credentials'),
};
