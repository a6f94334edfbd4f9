import type { BackendKind } from '../../core/backend.ts';
import { type Problem, ProblemError, isProblem, problem } from '../../core/problem.ts';
import type { Admission } from '../../core/use-cases.ts';
import type { RequestContext } from '../context.ts';
import type { BackendOptionsInput, CreateSessionInput, MutationResolvers } from '../generated.ts';
import { agentIdIn, backendName, unknownBackend } from './ids.ts';

const kindOfOptions = { machani: 'MACHANI', eliza: 'ELIZA', julep: 'JULEP' } as const satisfies Record<
  keyof BackendOptionsInput,
  BackendKind
>;

/** Options are for the kind of backend that they are named after. */
function optionsFault({ options, backend }: CreateSessionInput, context: RequestContext): Problem | null {
  const [given] = Object.keys(options ?? {}) as (keyof BackendOptionsInput)[];
  const name = backend ? backendName(backend, context) : context.services.defaultBackend;
  const target = name === null ? undefined : context.services.backends.get(name);
  // A backend that is not configured is refused as such by the use case.
  if (given === undefined || target === undefined || target.kind === kindOfOptions[given]) return null;
  return problem(
    'BAD_INPUT',
    `Expected \`options.${given}\` only for a backend of kind ${kindOfOptions[given]}; ${target.name} is ${target.kind}.`,
    { path: ['options', given] },
  );
}

/** A refusal that a part of the gateway could only throw. */
function problemIn(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  throw error;
}

/** What a command came to. What was read before it is read anew, and a membership that it gave counts from here on. */
async function done<T extends object>(context: RequestContext, outcome: Promise<T | Problem>): Promise<T | Problem> {
  const result = await outcome.catch(problemIn);
  context.reset();
  return result;
}

async function admission(context: RequestContext, outcome: Promise<Admission | Problem>): Promise<Admission | Problem> {
  const result = await done(context, outcome);
  if (!isProblem(result)) context.loaders.admit(result.sessionId, result.memberId);
  return result;
}

export const Mutation: MutationResolvers = {
  createSession: (_, { input }, context) => {
    const { options, agentId, ...rest } = input;
    const [own] = Object.values(options ?? {});
    const create = (): Promise<Admission | Problem> =>
      admission(
        context,
        context.services.useCases.create(context.caller, {
          ...rest,
          ...(agentId && { agentId: agentIdIn(agentId) }),
          ...(own && { options: own }),
        }),
      );
    return optionsFault(input, context) ?? create();
  },
  joinSession: (_, { input }, context) => admission(context, context.services.useCases.join(context.caller, input)),
  leaveSession: (_, { input }, context) => done(context, context.services.useCases.leave(context.caller, input)),
  kickMember: (_, { input }, context) => done(context, context.services.useCases.kick(context.caller, input)),
  endSession: (_, { input }, context) => done(context, context.services.useCases.end(context.caller, input)),
  updateSession: (_, { input }, context) => done(context, context.services.useCases.update(context.caller, input)),
  replaceSession: (_, { input }, context) => done(context, context.services.useCases.replace(context.caller, input)),
  renewSession: (_, { input }, context) => done(context, context.services.useCases.renew(context.caller, input)),
  heartbeatSession: (_, { input }, context) => done(context, context.services.useCases.heartbeat(context.caller, input)),
  setTimeoutPolicy: (_, { input }, context) => done(context, context.services.useCases.setTimeoutPolicy(context.caller, input)),
  sendMessage: (_, { input }, context) => done(context, context.services.useCases.send(context.caller, input)),
  clearMessages: (_, { input }, context) => done(context, context.services.useCases.clear(context.caller, input)),
  requestWalletChallenge: (_, { input: { address, chain, backend } }, context) => {
    const { walletAuth } = context.services;
    const name = backend ? backendName(backend, context) : null;
    return backend && name === null
      ? unknownBackend('backend', backend, context)
      : walletAuth
          .challenge({ address, chain: chain ?? 'ethereum', backend: name, remoteAddress: context.caller.remoteAddress })
          .catch(problemIn);
  },
  verifyWallet: (_, { input }, { services }) => services.walletAuth.verify(input).catch(problemIn),
};
