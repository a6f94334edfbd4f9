import type { RulesResolvers } from '../generated.ts';

export const Rules: RulesResolvers = {
  passwordProtected: ({ passwordHash }) => passwordHash !== null,
};
