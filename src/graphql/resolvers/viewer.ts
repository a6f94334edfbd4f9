import { andThen } from '../../core/eventually.ts';
import type { Viewer as CoreViewer } from '../../core/viewer.ts';
import type { ViewerResolvers } from '../generated.ts';

function nameOf(viewer: CoreViewer): string | null {
  switch (viewer.kind) {
    case 'API_KEY':
    case 'USER':
      return viewer.name;
    case 'MEMBER':
      return viewer.member.name;
    case 'WALLET':
    case 'ANONYMOUS':
      return null;
  }
}

function addressOf(viewer: CoreViewer): string | null {
  switch (viewer.kind) {
    case 'WALLET':
      return viewer.address;
    case 'MEMBER':
      return viewer.member.address;
    case 'API_KEY':
    case 'USER':
    case 'ANONYMOUS':
      return null;
  }
}

export const Viewer: ViewerResolvers = {
  kind: ({ viewer }) => viewer.kind,
  name: ({ viewer }) => nameOf(viewer),
  address: ({ viewer }) => addressOf(viewer),
  tier: ({ viewer }) => (viewer.kind === 'API_KEY' ? viewer.tier : null),
  session: ({ currentSessionId }, _, context) =>
    currentSessionId === null ? null : andThen(context.loaders.sessions.find(currentSessionId), (session) => context.current(session)),
  member: async ({ currentSessionId }, _, context) => {
    const session = currentSessionId === null ? null : await context.loaders.sessions.find(currentSessionId);
    return session === null ? null : (await context.standing(session)).member;
  },
};
