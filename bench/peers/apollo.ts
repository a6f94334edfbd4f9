import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { answer } from '../harness/remote.ts';
import type { SampleSession } from './sample.ts';
import { typeDefs } from './schema.ts';

export type ApolloMethods = { listen(input: { readonly sessions: readonly SampleSession[] }): Promise<{ readonly url: string }> };

/** Apollo Server as the first page of its documentation sets it up, over records in memory. */
async function listen({ sessions }: { readonly sessions: readonly SampleSession[] }): Promise<{ readonly url: string }> {
  const records = new Map(sessions.map((session) => [session.id, { ...session, members: session.members.nodes }]));
  const resolvers = {
    Query: {
      session: (_: unknown, { id }: { readonly id: string }) => records.get(id) ?? null,
    },
    Session: {
      members: ({ members }: { readonly members: readonly unknown[] }, { first }: { readonly first?: number | null }) => ({
        nodes: members.slice(0, first ?? members.length),
        pageInfo: { hasNextPage: members.length > (first ?? members.length) },
      }),
    },
  };
  const server = new ApolloServer({ typeDefs, resolvers });
  const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } });
  return { url };
}

answer({ listen } satisfies ApolloMethods);
