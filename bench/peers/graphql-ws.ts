import { makeExecutableSchema } from '@graphql-tools/schema';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { answer } from '../harness/remote.ts';
import { createPublishEndpoint, listenAnywhere, type FanOutPeerMethods } from './publish-endpoint.ts';
import type { SampleEvent } from './sample.ts';
import { typeDefs } from './schema.ts';
import { createTopic } from './topic.ts';

const topic = createTopic<{ readonly sessionEvents: SampleEvent }>();

const schema = makeExecutableSchema({
  typeDefs,
  resolvers: {
    Subscription: {
      sessionEvents: { subscribe: () => topic.subscribe() },
    },
  },
});

answer({
  /** `useServer` of graphql-ws as its documentation sets it up with ws. */
  async listen({ event }) {
    const server = createPublishEndpoint(event, (sessionEvents) => topic.publish({ sessionEvents }));
    useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }));
    return await listenAnywhere(server);
  },
} satisfies FanOutPeerMethods);
