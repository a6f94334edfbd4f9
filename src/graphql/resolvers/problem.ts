import type { ProblemResolvers } from '../generated.ts';

export const Problem: ProblemResolvers = {
  backend: ({ backend }, _, { services }) => (backend === null ? null : (services.backends.get(backend) ?? null)),
};
