import { readFileSync, readdirSync } from 'node:fs';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import type { Resolvers } from './generated.ts';
import { enforce } from './policy.ts';
import { Agent, Backend, BackendHealth } from './resolvers/backend.ts';
import { MemberConnection, MessageConnection, SessionConnection, SuggestionConnection } from './resolvers/connection.ts';
import { Member } from './resolvers/member.ts';
import { Message } from './resolvers/message.ts';
import { Mutation } from './resolvers/mutation.ts';
import { MemberRemoval, SessionAdmission, SessionChange, mutationResults } from './resolvers/mutation-result.ts';
import { Problem } from './resolvers/problem.ts';
import { Node, Query } from './resolvers/query.ts';
import { Rules } from './resolvers/rules.ts';
import { Session } from './resolvers/session.ts';
import { Suggestion } from './resolvers/suggestion.ts';
import { SessionEvent, events } from './resolvers/subscription.ts';
import { Viewer } from './resolvers/viewer.ts';
import { dateTime, jsonObject } from './scalars.ts';

const folder = new URL('../../schema/', import.meta.url);

/** The public contract as text: one file per noun, in the order of their names. */
export const readSchemaText = (): string =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.graphql'))
    .toSorted()
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .join('\n');

const resolvers: Resolvers = {
  DateTime: dateTime,
  JSONObject: jsonObject,
  Node,
  Query,
  Mutation,
  Backend,
  Agent,
  BackendHealth,
  Session,
  Rules,
  Member,
  Message,
  SessionConnection,
  MemberConnection,
  MessageConnection,
  SuggestionConnection,
  Suggestion,
  Viewer,
  Problem,
  SessionAdmission,
  SessionChange,
  MemberRemoval,
  ...mutationResults,
  SessionEvent,
  ...events,
};

/**
 * The contract with its resolvers, and the policy around them.
 *
 * @throws Error where a resolver has no field, or a field no rule.
 */
export const buildSchema = (): GraphQLSchema =>
  enforce(
    makeExecutableSchema({
      typeDefs: readSchemaText(),
      resolvers,
      // That the text is a valid schema is a test's business, not of every start.
      assumeValidSDL: true,
      noLocation: true,
      // A resolver of a field that the contract does not have is a mistake; interfaces are resolved by their object types.
      resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
    }),
  );
