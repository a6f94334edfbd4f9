import { defineConfig } from '@graphql-mesh/compose-cli';
import { loadOpenAPISubgraph } from '@omnigraph/openapi';

// JavaScript, so that the types of the project can be checked where this folder is not installed.
export const composeConfig = defineConfig({
  subgraphs: [
    {
      sourceHandler: loadOpenAPISubgraph('julep', {
        source: process.env.BENCH_SERVICE_DOCUMENT,
        endpoint: process.env.BENCH_SERVICE_URL,
        operationHeaders: { Authorization: `Bearer ${process.env.BENCH_SERVICE_KEY}` },
      }),
    },
  ],
});
