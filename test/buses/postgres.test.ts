import { Client } from 'pg';
import { createPostgresBus } from '../../src/buses/postgres.ts';
import { busSuite } from '../conformance/bus-suite.ts';
import { launchPostgres, postgresMissing } from '../support/postgres-server.ts';

busSuite({
  name: 'postgres',
  server: {
    missing: postgresMissing,
    launch: () => launchPostgres(),
    open: createPostgresBus,
    async say(url, channel, text) {
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query('SELECT pg_notify($1, $2)', [channel, text]);
      await client.end();
    },
  },
});
