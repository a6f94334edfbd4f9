import { connect } from '@nats-io/transport-node';
import { createNatsBus } from '../../src/buses/nats.ts';
import { busSuite } from '../conformance/bus-suite.ts';
import { launchNats, natsMissing } from '../support/nats-server.ts';

busSuite({
  name: 'nats',
  server: {
    missing: natsMissing,
    launch: launchNats,
    open: createNatsBus,
    async say(url, channel, text) {
      const connection = await connect({ servers: url });
      connection.publish(channel, text);
      await connection.drain();
    },
  },
});
