import type { MemberResolvers } from '../generated.ts';

export const Member: MemberResolvers = {
  online: ({ id, status }, _, { loaders }) => status === 'ACTIVE' && loaders.presences.load(id),
};
